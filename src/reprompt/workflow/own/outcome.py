"""What came of trying methods on a task: accuracies with their intervals, curves, confusions, costs.

K classes
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from reprompt.evidence.statistics import interval_over_seeds

Z = float(norm.ppf(0.975))


@dataclass(frozen=True)
class Outcome:
    """A method at some shots: accuracy in percent, its mean over draws.

    `half_width` is half the 95 % Student-t interval over draws, None for one draw or where nothing is drawn. `low` to
    `high` is Wilson's 95 % interval for so many test `images`: how far off any accuracy on them may be. `seconds` are
    those that training the method took at all shots together, 0 where all was finished before.
    """

    method: str
    shots: int
    accuracy: float
    half_width: float | None
    low: float
    high: float
    images: int
    draws: int
    seconds: float

    @property
    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def wilson(accuracy: float, images: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share of right predictions, in percent.

    E. B. Wilson, JASA 1927: (p + z^2 / 2n +- z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n).
    """
    p, n = accuracy / 100, images
    centre, half = p + Z**2 / (2 * n), Z * math.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2))
    low, high = ((centre + sign * half) / (1 + Z**2 / n) for sign in (-1, 1))
    return 100 * low, 100 * high


def outcomes(records: pd.DataFrame, seconds: Mapping[str, float]) -> list[Outcome]:
    """The outcome of every method at every number of shots, best last; folds count as one test set.

    `records` is the frame of a study (records/files.py), `seconds` those of training by method.
    """
    made = []
    accuracies = records[records["metric"] == "accuracy"]
    for (method, shots), runs in accuracies.groupby(["recipe", "shots"], sort=False):
        right = (runs["value"] * runs["images"] / 100).groupby(runs["seed"]).sum()
        images = runs["images"].groupby(runs["seed"]).sum()
        interval = interval_over_seeds(100 * right / images)
        half = interval.half_width if interval.has_width else None
        count = int(images.iloc[0])
        low, high = wilson(interval.mean, count)
        of_method = seconds.get(method, 0.0)
        made.append(
            Outcome(method, int(shots), interval.mean, half, low, high, count, len(images), round(of_method, 1))
        )
    return sorted(made, key=lambda outcome: (outcome.shots, outcome.accuracy))


def curves(records: pd.DataFrame) -> dict[int, dict[str, np.ndarray]]:
    """By shots and method the accuracy in percent (epochs,) after every epoch, the mean over draws."""
    by_shots: dict[int, dict[str, np.ndarray]] = {}
    for (method, shots), runs in records[records["metric"] == "accuracy"].groupby(["recipe", "shots"], sort=False):
        curve_of = [measured.get("curve") for measured in runs["measured"]]
        if all(curve is not None for curve in curve_of):
            by_shots.setdefault(int(shots), {})[method] = 100 * np.sum(curve_of, axis=0) / runs["images"].sum()
    return dict(sorted(by_shots.items()))


def confusions(records: pd.DataFrame, classes: int) -> dict[str, np.ndarray]:
    """By method, at its largest shots, how many test pictures (K, K) of a class (row) were taken for which (column)."""
    matrices = {}
    accuracies = records[records["metric"] == "accuracy"]
    for method, runs in accuracies.groupby("recipe", sort=False):
        matrix = np.zeros((classes, classes), int)
        for row in runs[runs["shots"] == runs["shots"].max()].itertuples():
            np.add.at(matrix, (row.targets.astype(int), row.predictions.astype(int)), 1)
        matrices[method] = matrix
    return matrices


def most_confused(matrix: np.ndarray, names: list[str], at_most: int = 5) -> list[tuple[str, str, float]]:
    """The pairs of a class and what its pictures are taken for most often, with the share in percent."""
    shares = 100 * matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    np.fill_diagonal(shares, 0)
    order = np.argsort(-shares, axis=None, kind="stable")[:at_most]
    pairs = [divmod(int(place), len(names)) for place in order]
    return [(names[row], names[column], float(shares[row, column])) for row, column in pairs if shares[row, column] > 0]
