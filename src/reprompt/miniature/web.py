"""A labelled set as the web would give it: a known share of the labels is wrong. The counterpart of WebVision."""

from dataclasses import dataclass
from functools import partial
from random import Random

import numpy as np

from reprompt.miniature.canvas import SIZE
from reprompt.miniature.corpus import render_pair
from reprompt.miniature.parallel import in_order
from reprompt.miniature.tasks import TASKS

TASK = "imagenet"  # WebVision has ImageNet's classes, but none of its habits
STREAMS = 7919 * 7919  # keeps the pictures of a set apart from those of the next seed and of the corpus


@dataclass(frozen=True)
class WebSet:
    """N labelled pictures of the ImageNet counterpart's classes."""

    images: np.ndarray  # (N, 40, 40, 3), uint8
    labels: np.ndarray  # (N,), as the web says
    wrong: np.ndarray  # (N,), bool: the picture shows another class
    class_names: tuple[str, ...]


def _web_image(index: int, seed: int) -> np.ndarray:
    concepts = TASKS[TASK].concepts
    return render_pair(*concepts[index % len(concepts)], Random((seed + 1) * STREAMS + index)).image


def render_web(images: int, seed: int, wrong_share: float, workers: int = 1) -> WebSet:
    """Render pictures under the corpus's conditions; `wrong_share` of the labels, rounded down, name another class."""
    names = TASKS[TASK].class_names
    rng = Random((seed + 1) * STREAMS - 1)
    labels = np.arange(images) % len(names)
    wrong = np.zeros(images, bool)
    for index in rng.sample(range(images), int(wrong_share * images)):
        labels[index] = (labels[index] + rng.randrange(1, len(names))) % len(names)
        wrong[index] = True
    pictures = np.empty((images, SIZE, SIZE, 3), np.uint8)
    for index, image in enumerate(in_order(partial(_web_image, seed=seed), range(images), workers, at_a_time=50)):
        pictures[index] = image
    return WebSet(pictures, labels, wrong, names)
