"""Few-shot draws: which images of each class a seed gives.

A seed orders the training images of every class once; n shots are the first n of that order, so draws are nested over
shots, and imbalanced sets (NPT) are prefixes of the balanced ones. Validation images follow the largest shot count, so
no draw's validation set meets its training set. Every class of every task has its own stream.
"""

import numpy as np

from reprompt.streams import numpy_stream

VALIDATION_AT_MOST = 4  # CoOp: min(shots, 4) validation images per class


def draw(labels: np.ndarray, classes: int, task: str, seed: int, most_shots: int) -> list[list[int]]:
    """Per class, the indices of its first `most_shots` + 4 images in the order of `seed`; fewer if it has fewer."""
    return [
        numpy_stream(seed, "few-shot draw", task, k)
        .permutation(np.flatnonzero(labels == k))[: most_shots + VALIDATION_AT_MOST]
        .tolist()
        for k in range(classes)
    ]


def few_shot(drawn: list[list[int]], classes: list[int], shots: int) -> tuple[np.ndarray, np.ndarray]:
    """Images (N,) of `classes` at `shots` and their labels (N,), renumbered 0 ... len(classes) - 1."""
    chosen = [drawn[k][:shots] for k in classes]
    return np.concatenate(chosen).astype(int), np.repeat(np.arange(len(classes)), [len(c) for c in chosen])


def validation(
    drawn: list[list[int]], classes: list[int], shots: int, most_shots: int
) -> tuple[np.ndarray, np.ndarray]:
    """Validation images of a few-shot set, min(shots, 4) per class, and their labels."""
    chosen = [drawn[k][most_shots : most_shots + min(shots, VALIDATION_AT_MOST)] for k in classes]
    return np.concatenate(chosen).astype(int), np.repeat(np.arange(len(classes)), [len(c) for c in chosen])
