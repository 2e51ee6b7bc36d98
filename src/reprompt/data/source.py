"""What every family of tasks can tell of itself, and the split of a task made from that."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from reprompt.cells.parameters import Views
from reprompt.data.draws import draw
from reprompt.data.splits import Split
from reprompt.tasks.card import Card

Digests = dict[str, str]  # of a listing: `pictures` and `labels` (files/digests.py)


class TaskSource(Protocol):
    """A family of tasks that can be read image by image."""

    def splits(self, task: str) -> tuple[str, ...]:
        """The splits of a task: `train` and `test`, and `validation` where it has one."""
        return "train", "test"

    def class_names(self, task: str) -> list[str]:
        """Class names in label order."""

    def class_ids(self, task: str) -> list[str] | None:
        """What classes are known by across tasks, in label order; None where that is their names."""
        return None

    def labels(self, task: str, split: str) -> np.ndarray:
        """Labels (N,) of a split, without reading images."""

    def images(self, task: str, split: str, indices: Sequence[int]) -> np.ndarray:
        """Images (n, H, W, 3), uint8, as the image tower wants them."""

    def digests(self, task: str) -> Digests | None:
        """Digests of what lies on disk of a task; None where images are rendered: parameters say what these are."""
        return None


class SourceInViews(TaskSource, Protocol):
    """One that can also augment its training images."""

    def views(self, task: str, indices: Sequence[int], numbers: Sequence[int], settings: Views) -> np.ndarray:
        """Training images (n, H, W, 3), uint8, the i-th in its augmented view numbers[i]."""


def rows_of(source: TaskSource, task: str) -> dict[str, int]:
    """The number of images of each split of a task."""
    return {split: len(source.labels(task, split)) for split in source.splits(task)}


def split_of(source: TaskSource, card: Card, seeds: Sequence[int], most_shots: int) -> Split:
    """The split of a data set: the templates from its card, labels from the source, draws for every seed.

    Streams go by the task: its versions differ in what is drawn from alone.
    """
    name, task = card.name, card.task
    names, train = source.class_names(name), source.labels(name, "train")
    validation = source.labels(name, "validation") if "validation" in source.splits(name) else None

    def held_out(seed: int) -> list[list[int]]:
        return draw(validation, len(names), task, seed, 0, "validation draw")

    return Split(
        task=task,
        class_names=names,
        template=card.template,
        train_labels=train.tolist(),
        test_labels=source.labels(name, "test").tolist(),
        draws={str(seed): draw(train, len(names), task, seed, most_shots) for seed in seeds},
        most_shots=most_shots,
        validation_labels=None if validation is None else validation.tolist(),
        validation_draws=None if validation is None else {str(seed): held_out(seed) for seed in seeds},
        class_ids=source.class_ids(name),
        templates=list(card.templates) or None,
        listing=source.digests(name),
    )
