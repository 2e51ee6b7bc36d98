"""A run: what one cell is trained on, from where, how long, and in which batches.

N images of a run's few-shot set, K classes, b images of a batch, S steps
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from reprompt.cells.cell import Cell
from reprompt.clip.params import Params
from reprompt.foundation.streams import torch_stream
from reprompt.learners.learner import Learner
from reprompt.training.axes import member
from reprompt.training.given import NOTHING, Given
from reprompt.training.schedule import Schedule, schedule_of
from reprompt.training.training_set import FewShotSet


@dataclass(frozen=True)
class Sampling:
    """How a run's batches are drawn: the streams of `batches` and of augmented `views`, and what they are drawn by.

    `by` "image" takes whole permutations of the few-shot set, "task" a task by chance and then one of its images (so
    that every task has the same weight), "in_order" the images as they are laid, the same in every epoch. By task,
    `task_of` (N,) is the index of each image's task.
    """

    batches: torch.Generator
    views: torch.Generator
    by: str = "image"
    task_of: Tensor | None = None

    def indices(self, images: int, steps: int, size: int) -> Tensor:
        """Batches of `size` among so many images, as indices (S, b) into the few-shot set."""
        if self.by == "task":
            return self._task_by_task(steps, size)
        whole = images // size  # batches of an epoch; the remainder is dropped
        if self.by == "in_order":
            return torch.arange(whole * size).view(-1, size).repeat(-(-steps // whole), 1)[:steps]
        epochs = [torch.randperm(images, generator=self.batches)[: whole * size] for _ in range(-(-steps // whole))]
        return torch.cat(epochs).view(-1, size)[:steps]

    def _task_by_task(self, steps: int, size: int) -> Tensor:
        sizes = torch.bincount(self.task_of)
        tasks = torch.randint(len(sizes), (steps, size), generator=self.batches)
        within = (torch.rand(steps, size, generator=self.batches) * sizes[tasks]).long()
        return (sizes.cumsum(0) - sizes)[tasks] + within


@dataclass(frozen=True)
class Run:
    """One run of a fleet: its few-shot set as indices (N,) into the task's images, labels, start and sampling.

    `labels` are class indices (N,) or, for images of several classes, non-negative (N, K). `start` are the learned
    tensors, with no run axis. Where several tasks are trained together, `allowed` (N, K) says which classes belong to
    an image's own task.
    """

    images: Tensor
    labels: Tensor
    start: Params
    schedule: Schedule
    sampling: Sampling
    allowed: Tensor | None = None

    def batch_plan(self, views: int) -> tuple[Tensor, Tensor]:
        """Indices into the few-shot set and, of so many, views: (S, b) each."""
        count = len(self.images)
        size = min(self.schedule.batch, count)
        indices = self.sampling.indices(count, len(self.schedule.rates(count)), size)
        return indices, torch.randint(views, indices.shape, generator=self.sampling.views)


def run_of(cell: Cell, few_shot: FewShotSet, learner: Learner, given: Given = NOTHING) -> Run:
    """The run of a cell: its few-shot set, start, schedule and streams, all from the cell alone."""
    purpose = (cell.protocol, cell.task, cell.shots)  # not the recipe: methods are compared on the same batches
    several = cell.settings_of("objective") if cell.method.several_tasks else None
    return Run(
        few_shot.images,
        few_shot.labels,
        member("start", cell.method).start(
            learner, cell.tuned.initialisation, torch_stream(cell.seed, "start", *purpose), given.start(cell)
        ),
        schedule_of(cell.tuned),
        Sampling(
            torch_stream(cell.seed, "batches", *purpose),
            torch_stream(cell.seed, "views", *purpose),
            several.sampling if several else "image",
            few_shot.task_of,
        ),
        few_shot.allowed if several and several.class_mask != "none" else None,
    )
