"""Training runs of two lengths with several learned tensors, to be watched."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from reprompt.clip.params import Params
from reprompt.data.pictures import Pictures
from reprompt.evaluation.images import Images
from reprompt.gradients import plain
from reprompt.learners.ivlp import Learner, Settings
from reprompt.objectives import cross_entropy
from reprompt.training.loop import FrozenClasses, train
from reprompt.training.run import Run, Sampling
from reprompt.training.schedule import Schedule
from reprompt.training.step import TrainingMethod

NAMES = ["cat", "a dog of some kind", "old car"]
BOTH = Settings(context_length=2, text_depth=1, visual_depth=1, visual_length=2)
EPOCHS, SIZES = (2, 4), (4, 8)


@pytest.fixture(scope="session")
def learner(tiny) -> Learner:
    return Learner(tiny, NAMES, BOTH)


@pytest.fixture(scope="session")
def images(tiny) -> Images:
    """Eight images in two views."""
    pixels = torch.randint(256, (2, 8, 40, 40, 3), generator=torch.Generator().manual_seed(5), dtype=torch.uint8)
    features = tiny.model.visual(tiny.normalise(pixels).flatten(0, 1)).unflatten(0, (2, 8))
    return Images(F.normalize(features, dim=-1), Pictures.of(pixels), tiny.normalise)


@pytest.fixture(scope="session")
def teacher() -> Tensor:
    return F.normalize(torch.randn(3, 24, generator=torch.Generator().manual_seed(9)), dim=-1)


@pytest.fixture
def fit(learner, images, teacher) -> Callable[..., Params]:
    """Train the runs of these indices (0: two epochs of one step, 1: four epochs of two)."""

    def run(index: int) -> Run:
        stream = torch.Generator().manual_seed(index)
        schedule = Schedule(0.05, 1e-3, EPOCHS[index], None, batch=4, momentum=0.9, weight_decay=5e-4)
        count = SIZES[index]
        chosen, labels = torch.randperm(8, generator=stream)[:count], torch.arange(count) % 3
        start = learner.start("random", stream)
        streams = (torch.Generator().manual_seed(s + index) for s in (10, 20))
        return Run(chosen, labels, start, schedule, Sampling(*streams))

    def of(indices=(0, 1), objective=cross_entropy.loss, rule=plain.gradients, hooks=()) -> Params:
        method = TrainingMethod(learner, objective, rule)
        return train([run(index) for index in indices], images, method, FrozenClasses(teacher), hooks)

    return of
