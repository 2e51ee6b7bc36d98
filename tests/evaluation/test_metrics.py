"""The numbers of a record: worked by hand, and equal to the equations over features themselves."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.metrics import balanced_accuracy_score, precision_recall_curve, roc_auc_score

from reprompt.evaluation.images import EvaluationBatch
from reprompt.evaluation.measures.collapse import Cosines
from reprompt.evaluation.metrics import (
    accuracy_percent,
    average_precision_at_11,
    delta_lcd,
    delta_mid,
    metrics,
    ranked,
    score,
)
from reprompt.learners.output import LearnerOutput
from reprompt.objectives.npt import deviations_between_classes, deviations_from_own_class

HALF_PRECISION = 6e-4  # cosines are stored in half precision


def test_accuracy_by_hand():
    assert accuracy_percent(np.array([1, 2, 3, 4]), np.array([1, 2, 0, 4])) == 75


def test_deltas_by_hand():
    """Three classes at 0, 90 and 180 degrees; own cosines of classes with one, two and no image."""
    assert delta_lcd(np.array([0.0, -1, 0])) == pytest.approx(-1 / 3 + 1 / 2)
    assert delta_mid(np.array([1.0, 0.25, np.nan]), np.array([0, 1, 1])) == pytest.approx((1 + 0.25 + 0.25) / 3 - 1)


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


def output_of(counts, by_image: bool, runs=2, width=12) -> tuple[LearnerOutput, torch.Tensor]:
    """Random features of images of unequal classes, shuffled, and their labels (N,)."""
    stream = torch.Generator().manual_seed(len(counts))
    labels = torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))
    labels = labels[torch.randperm(len(labels), generator=stream)]
    shape = (runs, len(labels), len(counts), width) if by_image else (runs, len(counts), width)
    classes = F.normalize(torch.randn(shape, generator=stream, dtype=torch.float64) + 0.5, dim=-1)
    images = F.normalize(torch.randn(1, len(labels), width, generator=stream, dtype=torch.float64), dim=-1)
    return LearnerOutput(images, classes, torch.tensor(100.0, dtype=torch.float64)), labels


def batches(output: LearnerOutput, labels: torch.Tensor, size: int):
    """The same in batches of images: what a hook sees."""
    for start in range(0, len(labels), size):
        part = slice(start, start + size)
        images, indices = output.images[:, part], torch.arange(len(labels))[part]
        classes = output.classes[:, part] if output.classes.ndim == 4 else output.classes
        yield LearnerOutput(images, classes, output.scale), EvaluationBatch(images, indices, labels[part])


@pytest.mark.parametrize("size", [5, 100], ids=["batches", "at once"])
@pytest.mark.parametrize("by_image", [False, True], ids=["shared classes", "classes by image"])
@pytest.mark.parametrize("counts", [(4, 4, 4), (1, 9, 2, 5), (3, 8)])
def test_deltas_are_those_of_the_equations(counts, by_image, size):
    """Of one set of class features, and (CoCoOp) of a set per image: the mean over images of their degrees."""
    output, labels = output_of(counts, by_image)
    hook = Cosines(2, len(counts))
    for batch in batches(output, labels, size):
        hook.after_batch(*batch)
    lcd = deviations_between_classes(output.classes).mean(dim=-1)
    lcd = lcd.mean(dim=1) if by_image else lcd
    mid = deviations_from_own_class(output, labels.expand(2, -1)).mean(dim=1)
    for run, measured in enumerate(hook.arrays()):
        values = metrics(labels.numpy(), labels.numpy(), measured)
        assert values["delta_lcd"] == pytest.approx(lcd[run].item(), abs=HALF_PRECISION)
        assert values["delta_mid"] == pytest.approx(mid[run].item(), abs=HALF_PRECISION)
        assert abs(values["delta_lcd"]) > 10 * HALF_PRECISION, "too close to zero to show anything"


# Each task's own metric


def shown(images=60, classes=5, seed=0):
    """Probabilities (N, K) and several classes per image (N, K)."""
    stream = np.random.default_rng(seed)
    targets = (stream.random((images, classes)) < 0.3).astype(int)
    scores = stream.normal(size=(images, classes)) + targets
    return np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True), targets


def test_mean_per_class_is_scikit_learns_balanced_accuracy():
    stream = np.random.default_rng(1)
    targets, predictions = stream.choice(4, 50, p=[0.7, 0.1, 0.1, 0.1]), stream.integers(0, 4, 50)
    expected = 100 * balanced_accuracy_score(targets, predictions)
    assert score("mean_per_class", {"predictions": predictions, "targets": targets}) == pytest.approx(expected)


def test_a_class_without_images_does_not_count():
    arrays = {"predictions": np.array([0, 2, 2]), "targets": np.array([0, 2, 0])}
    assert score("mean_per_class", arrays) == pytest.approx(75)


def test_average_precision_by_hand():
    """Right images in places 1 and 4: precision 1 up to a recall of a half, then a half."""
    assert average_precision_at_11(np.array([1, 4])) == pytest.approx((6 * 1 + 5 * 0.5) / 11)


def test_mean_average_precision_is_the_naive_one_over_recall_levels():
    probabilities, targets = shown()
    naive = []
    for k in range(targets.shape[1]):
        precision, recall, _ = precision_recall_curve(targets[:, k], probabilities[:, k])
        precision, recall = precision[:-1], recall[:-1]  # the last point is scikit-learn's own, not the data's
        naive.append(np.mean([precision[recall >= level - 1e-12].max() for level in np.arange(11) / 10]))
    percent = score("mean_average_precision", ranked(probabilities, targets))
    assert percent == pytest.approx(100 * np.mean(naive))


def test_area_under_roc_is_scikit_learns():
    stream = np.random.default_rng(2)
    targets = stream.integers(0, 2, 80)
    right = 1 / (1 + np.exp(-(stream.normal(size=80) + targets)))
    percent = score("area_under_roc", ranked(np.stack([1 - right, right], axis=1), targets))
    assert percent == pytest.approx(100 * roc_auc_score(targets, right))


def test_ranks_are_small_and_say_how_many_right_images_each_class_has():
    probabilities, targets = shown()
    arrays = ranked(probabilities, targets)
    assert arrays["counts"].tolist() == [60, *targets.sum(axis=0)]
    assert len(arrays["ranks"]) == targets.sum() and arrays["ranks"].min() >= 1


def test_a_record_has_its_own_metric_on_test_and_on_validation_images():
    predictions, targets = np.array([0, 0, 0, 1]), np.array([0, 0, 0, 0])
    held_out = {"validation_predictions": np.array([0, 1]), "validation_targets": np.array([0, 0])}
    assert metrics(predictions, targets, held_out, "mean_per_class") == {"accuracy": 75, "score": 75, "validation": 50}
    probabilities, several = shown()
    measured = {**ranked(probabilities, several), **{f"validation_{n}": a for n, a in ranked(several, several).items()}}
    values = metrics(probabilities.argmax(axis=1), several, measured, "mean_average_precision")
    assert values["validation"] == 100 and 0 < values["score"] < 100
    assert values["accuracy"] == pytest.approx(100 * np.mean(several[np.arange(60), probabilities.argmax(axis=1)]))


def test_an_unknown_metric_is_named():
    with pytest.raises(ValueError, match="no metric 'f1'"):
        score("f1", {"ranks": np.array([1]), "counts": np.array([1, 1])})
