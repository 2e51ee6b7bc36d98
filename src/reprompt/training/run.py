"""A run: what one cell is trained on, from where, how long, and in which batches.

N images of a run's few-shot set, K classes, b images of a batch, S steps
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import pad

from reprompt.cells.cell import Cell
from reprompt.cells.tuning import batches_of
from reprompt.clip.params import Params
from reprompt.foundation.streams import torch_stream
from reprompt.learners.learner import Learner
from reprompt.training.axes import member
from reprompt.training.given import NOTHING, Given
from reprompt.training.schedule import Schedule, schedule_of
from reprompt.training.training_set import FewShotSet

NO_IMAGE = -1  # in a batch that is not full


@dataclass(frozen=True)
class Sampling:
    """How a run's batches are drawn: the streams of `batches` and of augmented `views`, and what they are drawn by.

    `by` "image" takes whole permutations of the few-shot set, "task" a task by chance and then one of its images (so
    that every task has the same weight), "in_order" the images as they are laid, the same in every epoch. By task,
    `task_of` (N,) is the index of each image's task. An image is seen in any of its views by chance or, where they are
    `fresh`, at its first visit in its first view, at its second in its second, and so on.
    """

    batches: torch.Generator
    views: torch.Generator
    by: str = "image"
    task_of: Tensor | None = None
    fresh: bool = False

    def indices(self, images: int, steps: int, schedule: Schedule) -> Tensor:
        """The batches of a schedule's steps among so many images, as indices (S, b) into the few-shot set.

        Where an epoch's last batch is kept, -1 stands for the images that it lacks.
        """
        size = min(schedule.batch, images)
        if self.by == "task":
            return self._task_by_task(steps, size)
        per_epoch = batches_of(images, size, schedule.last_batch)
        epochs = [self._order(images) for _ in range(-(-steps // per_epoch))]
        if per_epoch * size > images:
            epochs = [pad(order, (0, per_epoch * size - images), value=NO_IMAGE) for order in epochs]
        return torch.cat([order[: per_epoch * size] for order in epochs]).view(-1, size)[:steps]

    def in_views(self, indices: Tensor, count: int) -> Tensor:
        """Of so many views those that the images of the batches (S, b) are seen in, (S, b).

        Raises ValueError where a fresh view is wanted and all have been seen.
        """
        if not self.fresh:
            return torch.randint(count, indices.shape, generator=self.views)
        views = visits(indices)
        if (needed := int(views.max()) + 1) > count:
            raise ValueError(
                f"augmentation: fresh takes {needed} views of an image, one for each visit, and there are {count}: set "
                f"views.count to {needed}, or augmentation to views"
            )
        return views

    def _order(self, images: int) -> Tensor:
        """The images of an epoch, (N,)."""
        return torch.arange(images) if self.by == "in_order" else torch.randperm(images, generator=self.batches)

    def _task_by_task(self, steps: int, size: int) -> Tensor:
        sizes = torch.bincount(self.task_of)
        tasks = torch.randint(len(sizes), (steps, size), generator=self.batches)
        within = (torch.rand(steps, size, generator=self.batches) * sizes[tasks]).long()
        return (sizes.cumsum(0) - sizes)[tasks] + within


def visits(indices: Tensor) -> Tensor:
    """How often the image of every place in the batches (S, b) was there before, (S, b); 0 where there is no image."""
    in_order, places = indices.flatten().sort(stable=True)
    before = torch.empty_like(places)
    before[places] = torch.arange(len(places)) - torch.searchsorted(in_order, in_order)
    return before.view_as(indices).where(indices != NO_IMAGE, 0)


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
        """Indices into the few-shot set, -1 for no image, and, of so many, views: (S, b) each."""
        count = len(self.images)
        indices = self.sampling.indices(count, len(self.schedule.rates(count)), self.schedule)
        return indices, self.sampling.in_views(indices, views)


def run_of(cell: Cell, few_shot: FewShotSet, learner: Learner, given: Given = NOTHING) -> Run:
    """The run of a cell: its few-shot set, start, schedule and streams, all from the cell alone."""
    purpose = cell.random_purpose
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
            cell.tuned.augmentation == "fresh",
        ),
        few_shot.allowed if several and several.class_mask != "none" else None,
    )
