"""Outputs of two runs on five images and three classes, in double precision."""

import pytest
import torch
import torch.nn.functional as F

from reprompt.learners.output import LearnerOutput
from reprompt.objectives.batch import Batch


@pytest.fixture
def output() -> LearnerOutput:
    stream = torch.Generator().manual_seed(0)
    images, classes = (torch.randn(2, count, 8, generator=stream, dtype=torch.float64) for count in (5, 3))
    scale = torch.tensor(10.0, dtype=torch.float64)
    return LearnerOutput(F.normalize(images, dim=-1), F.normalize(classes, dim=-1).requires_grad_(True), scale)


@pytest.fixture
def batch() -> Batch:
    stream = torch.Generator().manual_seed(1)
    teacher = torch.randn(2, 5, 3, generator=stream, dtype=torch.float64)
    weights = torch.full((2, 5), 0.2, dtype=torch.float64)
    return Batch(torch.tensor([[0, 1, 2, 1, 0], [2, 2, 1, 0, 1]]), weights, torch.arange(2), teacher)


@pytest.fixture
def padded(batch) -> Batch:
    """The same, but only the first two images of each run are its own."""
    weights = torch.tensor([[0.5, 0.5, 0, 0, 0]] * 2, dtype=torch.float64)
    return Batch(batch.labels, weights, batch.runs, batch.teacher)


@pytest.fixture
def cut(output, padded):
    """The first two images alone: an output and a batch."""
    short = LearnerOutput(output.images[:, :2], output.classes, output.scale)
    return short, Batch(padded.labels[:, :2], padded.weights[:, :2], padded.runs, padded.teacher[:, :2])
