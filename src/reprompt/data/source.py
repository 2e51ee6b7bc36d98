"""What every family of tasks can tell of itself, and the split of a task made from that."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from reprompt.cells.parameters import Views
from reprompt.data.draws import draw
from reprompt.data.splits import Split
from reprompt.tasks.card import Card


class TaskSource(Protocol):
    """A family of tasks that can be read image by image."""

    def class_names(self, task: str) -> list[str]:
        """Class names in label order."""

    def labels(self, task: str, split: str) -> np.ndarray:
        """Labels (N,) of `train` or `test`, without reading images."""

    def images(self, task: str, split: str, indices: Sequence[int]) -> np.ndarray:
        """Images (n, H, W, 3), uint8, as the image tower wants them."""


class SourceInViews(TaskSource, Protocol):
    """One that can also augment its training images."""

    def views(self, task: str, indices: Sequence[int], numbers: Sequence[int], settings: Views) -> np.ndarray:
        """Training images (n, H, W, 3), uint8, the i-th in its augmented view numbers[i]."""


def split_of(source: TaskSource, card: Card, seeds: Sequence[int], most_shots: int) -> Split:
    """The split of a task: the template from its card, labels from the source, draws for every seed."""
    task = card.name
    names, train = source.class_names(task), source.labels(task, "train")
    return Split(
        task=task,
        class_names=names,
        template=card.template,
        train_labels=train.tolist(),
        test_labels=source.labels(task, "test").tolist(),
        draws={str(seed): draw(train, len(names), task, seed, most_shots) for seed in seeds},
        most_shots=most_shots,
    )
