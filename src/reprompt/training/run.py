"""A run: what one cell is trained on, from where, how long, and in which batches.

N images of a run's few-shot set, K classes, b images of a batch
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
class Run:
    """One run of a fleet: its few-shot set as indices (N,) into the task's images, labels, start and streams.

    `labels` are class indices (N,) or, for images of several classes, non-negative (N, K). Where several tasks are
    trained together, `allowed` (N, K) says which classes belong to an image's own task, `task_of` (N,) which that is.

    `sampling` "image" takes whole permutations of the set, "task" a task by chance and then one of its images (so that
    every task has the same weight), "in_order" the images as they are laid, the same in every epoch.
    """

    images: Tensor
    labels: Tensor
    start: Params
    schedule: Schedule
    batches: torch.Generator
    views: torch.Generator
    allowed: Tensor | None = None
    task_of: Tensor | None = None
    sampling: str = "image"

    def batch_plan(self, views: int) -> tuple[Tensor, Tensor]:
        """Indices into the few-shot set and views, (steps, b) each."""
        count = len(self.images)
        size = min(self.schedule.batch, count)
        steps = len(self.schedule.rates(count))
        indices = {"image": self._permuted, "task": self._task_by_task, "in_order": self._in_order}[self.sampling](
            steps, size
        )
        return indices, torch.randint(views, indices.shape, generator=self.views)

    def _permuted(self, steps: int, size: int) -> Tensor:
        """Whole permutations, their remainders dropped."""
        whole = len(self.images) // size
        rounds = [
            torch.randperm(len(self.images), generator=self.batches)[: whole * size] for _ in range(-(-steps // whole))
        ]
        return torch.cat(rounds).view(-1, size)[:steps]

    def _task_by_task(self, steps: int, size: int) -> Tensor:
        sizes = torch.bincount(self.task_of)
        tasks = torch.randint(len(sizes), (steps, size), generator=self.batches)
        within = (torch.rand(steps, size, generator=self.batches) * sizes[tasks]).long()
        return (sizes.cumsum(0) - sizes)[tasks] + within

    def _in_order(self, steps: int, size: int) -> Tensor:
        whole = len(self.images) // size
        return torch.arange(whole * size).view(-1, size).repeat(-(-steps // whole), 1)[:steps]


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
        batches=torch_stream(cell.seed, "batches", *purpose),
        views=torch_stream(cell.seed, "views", *purpose),
        allowed=few_shot.allowed if several and several.class_mask != "none" else None,
        task_of=few_shot.task_of,
        sampling=several.sampling if several else "image",
    )
