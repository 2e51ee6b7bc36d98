"""Few-shot draws: which images of each class a seed gives.

A seed orders the training images of every class once; n shots are the first n of that order, so draws are nested over
shots, and imbalanced sets (NPT) are prefixes of the balanced ones. Validation images follow the largest shot count, so
no draw's validation set meets its training set. Every class of every task has its own stream.
"""

import math

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


def class_sizes(classes: int, shots: int, tau: float = 1.0) -> list[int]:
    """Training images per class, NPT's exponential decay from `shots` to about tau * shots.

    n_k = max(1, floor(shots * tau^(k / (K - 1)))) for k = 0 ... K - 1 in label order, so class 0 is the head. The paper
    gives tau and the largest class only: that sizes are rounded down, that no class is left without an image (so that
    the true ratio is 1/16 at most for 16 shots) and the order of classes are our reading.
    """
    exponents = [k / max(classes - 1, 1) for k in range(classes)]
    return [max(1, math.floor(shots * tau**exponent + 1e-9)) for exponent in exponents]


def few_shot(drawn: list[list[int]], classes: list[int], shots: int, tau: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Images (N,) of `classes` at `shots`, fewer for later classes where tau < 1, and their labels (N,) from 0 on."""
    chosen = [drawn[k][:size] for k, size in zip(classes, class_sizes(len(classes), shots, tau), strict=True)]
    return np.concatenate(chosen).astype(int), np.repeat(np.arange(len(classes)), [len(c) for c in chosen])


def validation(
    drawn: list[list[int]], classes: list[int], shots: int, most_shots: int
) -> tuple[np.ndarray, np.ndarray]:
    """Validation images of a few-shot set, min(shots, 4) per class, and their labels."""
    chosen = [drawn[k][most_shots : most_shots + min(shots, VALIDATION_AT_MOST)] for k in classes]
    return np.concatenate(chosen).astype(int), np.repeat(np.arange(len(classes)), [len(c) for c in chosen])
