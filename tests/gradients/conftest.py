"""Training steps of a learner of two runs, in double precision."""

from functools import partial

import pytest
import torch
import torch.nn.functional as F

from reprompt.clip.savings import ALL_SAVINGS
from reprompt.gradients.step import TrainingStep
from reprompt.learners.maple import Learner, Settings
from reprompt.objectives import cross_entropy
from reprompt.objectives.batch import Batch


@pytest.fixture(scope="session")
def exact(tiny):
    return tiny.to("cpu", torch.float64)


@pytest.fixture
def step(exact):
    """Makes one step of MaPLe at depth 2, with a teacher that contradicts the labels of the second run."""

    def make(savings=ALL_SAVINGS) -> TrainingStep:
        stream = torch.Generator().manual_seed(1)
        learner = Learner(exact, ["cat", "dog", "old car"], Settings(context_length=2, depth=2), savings)
        starts = [learner.start("random", stream) for _ in range(2)]
        params = {name: torch.stack([s[name] for s in starts]).double().requires_grad_(True) for name in starts[0]}
        images = torch.randn(2, 4, 3, 40, 40, generator=stream, dtype=torch.float64)
        labels, weights = torch.tensor([[0, 1, 2, 1], [2, 0, 0, 1]]), torch.full((2, 4), 0.25, dtype=torch.float64)
        teacher = torch.randn(2, 4, 3, generator=stream, dtype=torch.float64)
        with torch.no_grad():
            teacher[1] += learner.forward(params, images).logits[1] - 4 * F.one_hot(labels[1], 3)
        batch = Batch(labels, weights, torch.arange(2), teacher)
        return TrainingStep(params, partial(learner.forward, params, images), cross_entropy.loss, batch)

    return make
