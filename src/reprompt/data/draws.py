"""Few-shot draws: which images of each class a seed gives.

A seed orders the training images of every class once; n shots are the first n of that order, so draws are nested over
shots, and imbalanced sets (NPT) are prefixes of the balanced ones. Validation images follow the largest shot count, so
no draw's validation set meets its training set. Every class of every task has its own stream. MVLPT instead takes a
validation fifth out of the few-shot set itself.

Images of several classes (VOC 2007) are ordered all together and taken, ELEVATER's way, until every class has n.
"""

import math

import numpy as np

from reprompt.foundation.streams import numpy_stream

VALIDATION_AT_MOST = 4  # CoOp: min(shots, 4) validation images per class
FIFTH = 5  # MVLPT: a fifth of every class's few-shot images is for validation


def draw(labels: np.ndarray, classes: int, task: str, seed: int, most_shots: int) -> list[list[int]]:
    """Per class, the indices of its first `most_shots` + 4 images in the order of `seed`; fewer if it has fewer.

    Of labels (N, K), images of several classes: one list, the order of all images.
    """
    if labels.ndim == 2:
        return [numpy_stream(seed, "few-shot draw", task).permutation(len(labels)).tolist()]
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


def until_each_class_has(count: int, labels: np.ndarray) -> np.ndarray:
    """Which images (N,), in order, are taken until each class has `count`: those with a class that still lacks one.

    `labels` are class indices (N,) or, for images of several classes, 0 and 1 of shape (N, K).
    """
    shown = labels if labels.ndim == 2 else labels[:, None] == np.arange(labels.max() + 1)
    taken, have = np.zeros(len(labels), bool), np.zeros(shown.shape[1], int)
    for n, classes in enumerate(shown.astype(bool)):
        if (have[classes] < count).any():
            taken[n] = True
            have += classes
    return taken


def validation_fifth(labels: np.ndarray, shots: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices into a few-shot set for training and for validation, the first fifth of each class, rounded up.

    At one shot both are the whole set. `labels` as in `until_each_class_has`. MVLPT section 4, training details.
    """
    indices = np.arange(len(labels))
    if shots == 1:
        return indices, indices
    held_out = until_each_class_has(math.ceil(shots / FIFTH), labels)
    return indices[~held_out], indices[held_out]


def validation(
    drawn: list[list[int]], classes: list[int], shots: int, most_shots: int
) -> tuple[np.ndarray, np.ndarray]:
    """Validation images of a few-shot set, min(shots, 4) per class, and their labels."""
    chosen = [drawn[k][most_shots : most_shots + min(shots, VALIDATION_AT_MOST)] for k in classes]
    return np.concatenate(chosen).astype(int), np.repeat(np.arange(len(classes)), [len(c) for c in chosen])
