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
from reprompt.training.loop import train
from reprompt.training.run import Run
from reprompt.training.schedule import Schedule
from reprompt.training.step import Method

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
    """Train the runs of these places (0: two epochs of one step, 1: four epochs of two)."""

    def run(place: int) -> Run:
        stream = torch.Generator().manual_seed(place)
        schedule = Schedule(0.05, 1e-3, EPOCHS[place], None, batch=4, momentum=0.9, weight_decay=5e-4)
        count = SIZES[place]
        chosen, labels = torch.randperm(8, generator=stream)[:count], torch.arange(count) % 3
        start = learner.start("random", stream)
        return Run(chosen, labels, start, schedule, *(torch.Generator().manual_seed(s + place) for s in (10, 20)))

    def of(places=(0, 1), objective=cross_entropy.loss, rule=plain.gradients, hooks=()) -> Params:
        return train([run(place) for place in places], images, Method(learner, objective, rule), teacher, hooks)

    return of
