"""What the points of several figures are made of: the columns of what was measured, and what was measured by epoch."""

import numpy as np

from reprompt.evidence.statistics import Interval, average
from reprompt.tables.scope import Scope, Selection

MEASURED = ["regenerated", "low", "high", "seeds"]


def measured(value: Interval) -> tuple[float, float, float, int]:
    """The entries of a point's MEASURED columns."""
    return value.estimate, value.low, value.high, value.seeds


def by_epoch(scope: Scope, which: Selection, name: str, task: str = "") -> dict[int, Interval]:
    """What runs measured under `name` after each epoch, from epoch 1: the mean over tasks, or that of one task.

    Counts of right test images ("curve") become percent. Runs that were not followed are left out, as are epochs
    without a number.
    """
    runs = scope.records[(scope.records[list(scope.by)] == which.key).all(axis=1)]
    runs = runs[runs["measured"].map(lambda arrays: name in arrays).astype(bool)]  # a list of none would be of columns
    if task:
        runs = runs[runs["task"] == task]
    if runs.empty:
        return {}
    curves = [np.asarray(arrays[name], dtype=float) for arrays in runs["measured"]]
    if name == "curve":
        curves = [100 * curve / images for curve, images in zip(curves, runs["images"], strict=True)]
    epochs = zip(*curves, strict=False)  # as many as all of them have
    frames = (runs[["task", "seed"]].assign(value=values).dropna() for values in epochs)
    return {epoch: average(frame) for epoch, frame in enumerate(frames, start=1) if len(frame)}
