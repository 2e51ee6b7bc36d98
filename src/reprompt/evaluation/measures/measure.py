"""The two kinds of measures.

R runs of a fleet, N images of a test set, B of them in a batch
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Protocol

from torch import Tensor

from reprompt.cells.cell import Cell, TestSet
from reprompt.clip.params import Params
from reprompt.evaluation.images import EvaluationBatch
from reprompt.foundation.arrays import Arrays
from reprompt.gradients.step import TrainingStep
from reprompt.learners.learner import Learner
from reprompt.learners.output import LearnerOutput

LearnerOf = Callable[[TestSet], Learner]  # the learner among the classes of a test set


@dataclass(frozen=True)
class TrainingState:
    """One training step of a fleet, after it was taken.

    `active` (R',) are the indices of the runs that took it and `step` is what their gradient rule saw. `ends_epoch` (R)
    says which runs have finished an epoch with it, `epoch` (R) which one, from 0. `params` are the whole fleet's.
    """

    active: Tensor
    step: TrainingStep
    ends_epoch: Tensor
    epoch: Tensor
    params: Params


class TrainingHook(Protocol):
    """A measure of training."""

    def after_step(self, state: TrainingState) -> None:
        """Called after every step."""

    def state(self) -> dict:
        """All that steps have changed: tensors, numbers, and lists and dictionaries of these."""

    def resume(self, state: dict) -> None:
        """Go on from a state."""

    def arrays(self) -> list[dict[TestSet, Arrays]]:
        """What was measured of every run; what no test set is needed for belongs to the first."""


class EvaluationHook(Protocol):
    """A measure of the result on one test set."""

    def after_batch(self, output: LearnerOutput, batch: EvaluationBatch) -> None:
        """Called for every batch, with what the learner makes of it."""

    def arrays(self) -> list[Arrays]:
        """What was measured of every run."""


def measures_with(part: str, cell: Cell) -> list[ModuleType]:
    """The measures of a cell that have a part: `training_hook`, `evaluation_hook`, or `pair` of tasks."""
    measures = (importlib.import_module(f"reprompt.evaluation.measures.{name}") for name in cell.measures)
    return [measure for measure in measures if hasattr(measure, part)]
