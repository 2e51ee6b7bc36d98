"""The numbers of a record, from what is stored of a cell on one test set: recomputed by whoever doubts them.

Accuracy and mean per class follow from predictions. The two ranking metrics follow from the ranks that the right
images have when a class sorts all images by its probability, so only those ranks are stored.

N images, K classes, P right images of a class
"""

from collections.abc import Iterator

import numpy as np

from reprompt.foundation.arrays import Arrays

RANKING = ("mean_average_precision", "area_under_roc")
VALIDATION = "validation_"


def metrics(predictions: np.ndarray, targets: np.ndarray, measured: Arrays, own: str | None = None) -> dict[str, float]:
    """Accuracy of predictions (N,) against targets, and what follows from measured arrays.

    `own` is the task's own metric, whose value on test images is called `score` and on validation images `validation`.
    Cosines give the two Deltas of NPT; similarities of source and target are numbers already.
    """
    values = {"accuracy": accuracy_percent(predictions, targets)}
    if own:
        values["score"] = score(own, {"predictions": predictions, "targets": targets, **measured})
    held_out = {name.removeprefix(VALIDATION): array for name, array in measured.items() if name.startswith(VALIDATION)}
    if held_out:
        values["validation"] = score(own, held_out)
    if "text_cosines" in measured:
        values["delta_lcd"] = delta_lcd(measured["text_cosines"])
        values["delta_mid"] = delta_mid(measured["own_cosines"], targets)
    values |= {name: float(measured[name][0]) for name in ("label_similarity", "image_similarity") if name in measured}
    return {name: round(value, 6) for name, value in values.items()}


def score(metric: str, arrays: Arrays) -> float:
    """A metric by its name, in percent, from `predictions` and `targets`, or for ranking from `ranks` and `counts`.

    Raises ValueError for another name.
    """
    if metric == "accuracy":
        return accuracy_percent(arrays["predictions"], arrays["targets"])
    if metric == "mean_per_class":
        return mean_per_class_percent(arrays["predictions"], arrays["targets"])
    ranks_by_class = list(_by_class(arrays["ranks"], arrays["counts"]))
    if metric == "mean_average_precision":
        return 100 * float(np.mean([average_precision_at_11(ranks) for ranks in ranks_by_class if len(ranks)]))
    if metric == "area_under_roc":
        return 100 * area_under_roc(ranks_by_class[1], int(arrays["counts"][0]))
    raise ValueError(f"no metric {metric!r}: accuracy, mean_per_class, {', '.join(RANKING)}")


def accuracy_percent(predictions: np.ndarray, targets: np.ndarray) -> float:
    """Share of right predictions (N,), in percent; by targets (N, K) any class that an image shows is right."""
    if targets.ndim == 2:
        return 100 * float(np.mean(targets[np.arange(len(targets)), predictions]))
    return 100 * float(np.mean(predictions == targets))


def mean_per_class_percent(predictions: np.ndarray, targets: np.ndarray) -> float:
    """Mean over the classes that occur of the share of their images that are right, in percent."""
    right, images = (
        np.bincount(labels, minlength=targets.max() + 1) for labels in (targets[predictions == targets], targets)
    )
    return 100 * float(np.mean(right[images > 0] / images[images > 0]))


def ranked(probabilities: np.ndarray, targets: np.ndarray) -> Arrays:
    """What ranking metrics need of probabilities (N, K) and targets, (N,) or (N, K) of 0 and 1.

    `ranks`: class by class, the ranks from 1 on that its right images have among all images, in ascending order; of
    equal probabilities the earlier image comes first. `counts` (1 + K,): N, then P of every class.
    """
    images, classes = probabilities.shape
    shown = targets.astype(bool) if targets.ndim == 2 else targets[:, None] == np.arange(classes)
    order = np.argsort(-probabilities, axis=0, kind="stable")
    right = np.take_along_axis(shown, order, axis=0)
    ranks = [np.flatnonzero(right[:, k]) + 1 for k in range(classes)]
    return {"ranks": np.concatenate(ranks), "counts": np.array([images, *map(len, ranks)])}


def _by_class(ranks: np.ndarray, counts: np.ndarray) -> Iterator[np.ndarray]:
    """The ranks (P,) of every class, from what `ranked` gives."""
    ends = np.cumsum(counts[1:], dtype=int)
    yield from np.split(ranks.astype(int), ends[:-1])


def average_precision_at_11(ranks: np.ndarray) -> float:
    """PASCAL VOC 2007: the best precision at a recall of at least 0, 0.1, ..., 1, averaged; ascending ranks (P,)."""
    hits = np.arange(1, len(ranks) + 1)  # right images up to each rank
    precision, recall = hits / ranks, hits / len(ranks)
    return float(np.mean([precision[recall >= level - 1e-9].max() for level in np.linspace(0, 1, 11)]))


def area_under_roc(ranks: np.ndarray, images: int) -> float:
    """Share of pairs of a right and a wrong image in which the right one comes first, from ascending ranks (P,)."""
    wrong = images - len(ranks)
    wrong_before = ranks - np.arange(1, len(ranks) + 1)
    return float(np.mean(wrong - wrong_before) / wrong)


def delta_lcd(text_cosines: np.ndarray) -> float:
    """NPT, equation 2, signed: mean of <g_i, g_j> + 1 / (K - 1) over the K (K - 1) / 2 pairs of classes."""
    classes = (1 + np.sqrt(1 + 8 * len(text_cosines))) / 2
    return float(np.mean(text_cosines, dtype=np.float64) + 1 / (classes - 1))


def delta_mid(own_cosines: np.ndarray, targets: np.ndarray) -> float:
    """NPT, equation 3, signed: mean over images of <z, g_y> - 1, from the means of each class (K,)."""
    counts = np.bincount(targets, minlength=len(own_cosines))
    occurs = counts > 0  # a class without an image has no cosine
    return float(np.average(own_cosines[occurs].astype(np.float64), weights=counts[occurs]) - 1)
