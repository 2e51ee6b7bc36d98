"""The numbers of a record, from what is stored of a cell on one test set: recomputed by whoever doubts them.

N images, K classes
"""

import numpy as np

Arrays = dict[str, np.ndarray]


def metrics(predictions: np.ndarray, targets: np.ndarray, measured: Arrays) -> dict[str, float]:
    """Accuracy of predictions (N,) against targets (N,) and, where cosines were measured, the two Deltas of NPT."""
    values = {"accuracy": accuracy_percent(predictions, targets)}
    if "text_cosines" in measured:
        values["delta_lcd"] = delta_lcd(measured["text_cosines"])
        values["delta_mid"] = delta_mid(measured["own_cosines"], targets)
    return {name: round(value, 6) for name, value in values.items()}


def accuracy_percent(predictions: np.ndarray, targets: np.ndarray) -> float:
    """Share of right predictions, in per cent."""
    return 100 * float(np.mean(predictions == targets))


def delta_lcd(text_cosines: np.ndarray) -> float:
    """NPT, equation 2, signed: mean of <g_i, g_j> + 1 / (K - 1) over the K (K - 1) / 2 pairs of classes."""
    classes = (1 + np.sqrt(1 + 8 * len(text_cosines))) / 2
    return float(np.mean(text_cosines, dtype=np.float64) + 1 / (classes - 1))


def delta_mid(own_cosines: np.ndarray, targets: np.ndarray) -> float:
    """NPT, equation 3, signed: mean over images of <z, g_y> - 1, from the means of each class (K,)."""
    counts = np.bincount(targets, minlength=len(own_cosines))
    return float(np.average(own_cosines.astype(np.float64), weights=counts) - 1)
