"""The numbers of a record: worked by hand, and equal to the equations over features themselves."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from reprompt.learners.outcome import Outcome
from reprompt.measures.collapse import Reader
from reprompt.metrics import accuracy_percent, delta_lcd, delta_mid, metrics
from reprompt.objectives.neural_collapse import isomorphism_degree, language_collapse_degree

HALF_PRECISION = 6e-4  # cosines are stored in half precision


def test_accuracy_by_hand():
    assert accuracy_percent(np.array([1, 2, 3, 4]), np.array([1, 2, 0, 4])) == 75


def test_deltas_by_hand():
    """Three classes at 0, 90 and 180 degrees; own cosines of classes with one, two and no image."""
    assert delta_lcd(np.array([0.0, -1, 0])) == pytest.approx(-1 / 3 + 1 / 2)
    assert delta_mid(np.array([1.0, 0.25, 0.0]), np.array([0, 1, 1])) == pytest.approx((1 + 0.25 + 0.25) / 3 - 1)


def test_deltas_are_zero_at_neural_collapse():
    for classes in (2, 3, 7):
        pairs = classes * (classes - 1) // 2
        assert delta_lcd(np.full(pairs, -1 / (classes - 1))) == pytest.approx(0)
        assert delta_mid(np.ones(classes), np.arange(classes)) == 0


def test_what_was_not_measured_has_no_metric():
    predictions = np.array([0, 1])
    assert metrics(predictions, predictions, {}) == {"accuracy": 100}
    cosines = {"text_cosines": np.array([-1.0]), "own_cosines": np.ones(2)}
    assert metrics(predictions, predictions, cosines) == {"accuracy": 100, "delta_lcd": 0, "delta_mid": 0}


def outcome_of(counts, by_image: bool, runs=2, width=12) -> tuple[Outcome, torch.Tensor]:
    """Random features of images of unequal classes, shuffled, and their labels (N,)."""
    stream = torch.Generator().manual_seed(len(counts))
    labels = torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))
    labels = labels[torch.randperm(len(labels), generator=stream)]
    shape = (runs, len(labels), len(counts), width) if by_image else (runs, len(counts), width)
    classes = F.normalize(torch.randn(shape, generator=stream, dtype=torch.float64) + 0.5, dim=-1)
    images = F.normalize(torch.randn(1, len(labels), width, generator=stream, dtype=torch.float64), dim=-1)
    return Outcome(images, classes, torch.tensor(100.0, dtype=torch.float64)), labels


def batches(outcome: Outcome, labels: torch.Tensor, size: int):
    """The same in batches of images: what a reader sees."""
    for start in range(0, len(labels), size):
        of = slice(start, start + size)
        classes = outcome.classes[:, of] if outcome.classes.ndim == 4 else outcome.classes
        yield Outcome(outcome.images[:, of], classes, outcome.scale), torch.arange(len(labels))[of], labels[of]


@pytest.mark.parametrize("size", [5, 100], ids=["batches", "at once"])
@pytest.mark.parametrize("by_image", [False, True], ids=["shared classes", "classes by image"])
@pytest.mark.parametrize("counts", [(4, 4, 4), (1, 9, 2, 5), (3, 8)])
def test_deltas_are_those_of_the_equations(counts, by_image, size):
    """Of one set of class features, and (CoCoOp) of a set per image: the mean over images of their degrees."""
    outcome, labels = outcome_of(counts, by_image)
    reader = Reader(2, len(counts))
    for batch in batches(outcome, labels, size):
        reader.see(*batch)
    lcd = language_collapse_degree(outcome.classes)
    lcd = lcd.mean(dim=1) if by_image else lcd
    mid = isomorphism_degree(outcome, labels.expand(2, -1))
    for run, measured in enumerate(reader.arrays()):
        found = metrics(labels.numpy(), labels.numpy(), measured)
        assert found["delta_lcd"] == pytest.approx(lcd[run].item(), abs=HALF_PRECISION)
        assert found["delta_mid"] == pytest.approx(mid[run].item(), abs=HALF_PRECISION)
        assert abs(found["delta_lcd"]) > 10 * HALF_PRECISION, "too close to zero to show anything"
