"""What a fleet is trained on: one task, or several whose classes and images are laid end to end (MVLPT).

N images of a few-shot set, K classes of all tasks together
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from reprompt.cells.cell import Cell
from reprompt.clip.backbones import Backbone
from reprompt.data.few_shot import few_shot_of
from reprompt.evaluation.images import Images, laid_end_to_end
from reprompt.evaluation.task_data import TaskData
from reprompt.learners.learner import Shown
from reprompt.training.validation import HeldOut


@dataclass(frozen=True)
class FewShotSet:
    """A cell's few-shot set: images (N,) of the training set, labels (N,) or (N, K), and what is held out of it.

    `images` are indices among the training images of all tasks, laid end to end. `task_of` (N,) is the index of each
    image's task; `allowed` (N, K), bool, says which classes belong to that task.
    """

    images: Tensor
    labels: Tensor
    task_of: Tensor
    allowed: Tensor
    held_out: list[HeldOut]


@dataclass(frozen=True)
class TrainingSet:
    """The tasks in order, the target of a group first, and the `part` of their classes that is learned."""

    names: tuple[str, ...]
    tasks: tuple[TaskData, ...]
    part: str

    @cached_property
    def class_names(self) -> list[str]:
        """Class names (K) of all tasks; a name that two tasks have is two classes."""
        return [name for data in self.tasks for name in data.split.names(self.part)]

    @cached_property
    def templates(self) -> list[str]:
        """The template of each of these classes: its own task's."""
        return [data.split.template for data in self.tasks for _ in data.split.names(self.part)]

    def images(self, backbone: Backbone, augmentation: str) -> Images:
        """The training images of all tasks, features (V, sum of N, E): augmented views, or as they are, V = 1."""
        return laid_end_to_end([data.training_images(backbone, augmentation) for data in self.tasks])

    def few_shot_set(self, cell: Cell) -> FewShotSet:
        """The few-shot set of a cell: of every task the same number of shots.

        Raises ValueError where all images are held out.
        """
        first_image = first_class = 0
        images, labels, task_of, allowed, held_out = [], [], [], [], []
        for index, (name, data) in enumerate(zip(self.names, self.tasks, strict=True)):
            few = few_shot_of(data.split, cell, index)
            columns = slice(first_class, first_class + len(data.split.names(self.part)))
            if few.held_out is not None:
                held_images, held_labels = few.held_out
                held_out.append(HeldOut(name, cell.metric(name), held_images + first_image, held_labels, columns))
            images.append(few.images + first_image)
            labels.append(self._of_all_classes(few.labels, columns))
            task_of.append(np.full(len(few.images), index))
            own = np.zeros((len(few.images), len(self.class_names)), bool)
            own[:, columns] = True
            allowed.append(own)
            first_image += len(data.split.train_labels)
            first_class = columns.stop
        if not sum(map(len, images)):
            raise ValueError(
                f"{', '.join(self.names)}: no image is left to train on at {cell.shots} shots once some are held out: "
                "raise shots, or set checkpoint: last"
            )
        joined = (torch.from_numpy(np.concatenate(part)) for part in (images, labels, task_of, allowed))
        return FewShotSet(*joined, held_out)

    def shown(self, cell: Cell, few_shot: FewShotSet) -> Shown:
        """A cell's few-shot set as the frozen image tower sees it, on the CPU."""
        plain = torch.cat([data.features.plain for data in self.tasks])
        views = torch.cat([data.features.views for data in self.tasks], dim=1)
        of_set = few_shot.images
        return Shown(plain[of_set], views[:, of_set], few_shot.labels, len(self.class_names), cell.shots)

    def _of_all_classes(self, labels: np.ndarray, columns: slice) -> np.ndarray:
        """Labels (n,) or (n, k) within a task -> among the K classes of all tasks.

        Class indices (n,), or 0 and 1, (n, K) in single precision, where any task has images of several classes.
        """
        if not any(data.split.is_multi_label for data in self.tasks):
            return labels + columns.start
        shown = np.zeros((len(labels), len(self.class_names)), np.float32)
        shown[:, columns] = labels if labels.ndim == 2 else labels[:, None] == np.arange(columns.stop - columns.start)
        return shown
