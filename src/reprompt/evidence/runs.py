"""What a term is worth in every single run, so that both sides of a comparison can be paired run by run."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from reprompt.evidence.statistics import DETERMINISTIC

POOLED = ""  # the task of a value that is one number for several tasks


class Run(NamedTuple):
    """Where a value is from. `shots` is 0 where the term itself names them, or where nothing was tuned."""

    source: str
    task: str
    shots: int
    seed: int

    @property
    def undrawn(self) -> "Run":
        """The place at which a deterministic value for the same task is kept."""
        return Run("", self.task, 0, DETERMINISTIC)


@dataclass(frozen=True)
class Runs:
    """Values by run. `pooled_tasks` says over how many tasks a pooled value was taken."""

    values: Mapping[Run, float]
    pooled_tasks: int = 0

    @property
    def tasks(self) -> int:
        """The number of tasks behind the values."""
        return self.pooled_tasks or len({run.task for run in self.values})

    @property
    def is_pooled(self) -> bool:
        """Whether the values are one number for several tasks."""
        return any(run.task == POOLED for run in self.values)

    @property
    def is_drawn(self) -> bool:
        """Whether anything in the values depends on a few-shot draw."""
        return any(run.seed != DETERMINISTIC for run in self.values)

    def map(self, function: Callable[[float], float]) -> "Runs":
        """The same runs with each value transformed."""
        return Runs({run: function(value) for run, value in self.values.items()}, self.pooled_tasks)

    def over_tasks(self) -> "Runs":
        """One value per draw: the mean over shots of each task, then over the tasks that every draw has."""
        if self.is_pooled:
            return self
        by_seed: dict[int, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        for run, value in self.values.items():
            by_seed[run.seed][run.task].append(value)
        common = set.intersection(*(set(tasks) for tasks in by_seed.values())) if by_seed else set()
        pooled = {
            Run("", POOLED, 0, seed): mean(mean(tasks[task]) for task in sorted(common))
            for seed, tasks in sorted(by_seed.items())
            if common
        }
        return Runs(pooled, len(common))


Side = Runs | float


def mean(values: Iterable[float]) -> float:
    """The plain mean."""
    values = list(values)
    return sum(values) / len(values)


def combine(left: Side, right: Side, function: Callable[[float, float], float]) -> Side:
    """function(left, right) run by run: the same source, task, shots and seed, so that the luck of a draw cancels.

    A number or a deterministic side meets every run of the other. Where one side is pooled over tasks, so is the
    other first. Runs without a partner are left out.
    """
    if isinstance(left, float) and isinstance(right, float):
        return function(left, right)
    if isinstance(right, float):
        return left.map(lambda value: function(value, right))
    if isinstance(left, float):
        return right.map(lambda value: function(left, value))
    if left.is_pooled or right.is_pooled:
        left, right = left.over_tasks(), right.over_tasks()
    if right.is_drawn and not left.is_drawn:
        return combine(right, left, lambda one, other: function(other, one))
    pairs = {}
    for run, value in left.values.items():
        partner = right.values.get(run, right.values.get(run.undrawn))
        if partner is not None:
            pairs[run] = function(value, partner)
    return Runs(pairs, min(left.pooled_tasks, right.pooled_tasks))


def difference(left: Side, right: Side) -> Side:
    """left - right, run by run."""
    return combine(left, right, lambda one, other: one - other)


def seedwise(sides: list[Side], function: Callable[[list[float]], float]) -> Runs:
    """function of the averages of several sides, draw by draw: one pooled value per seed that all of them have.

    The averages are over the tasks that all of them have. A deterministic side takes part in every draw.
    """
    sides = _on_common_tasks(sides)
    pooled = [side.over_tasks() for side in sides if isinstance(side, Runs)]
    drawn = [{run.seed for run in side.values} for side in pooled if side.is_drawn]
    seeds = sorted(set.intersection(*drawn)) if drawn else [DETERMINISTIC]

    def at(side: Side, seed: int) -> float:
        if isinstance(side, float):
            return side
        values = side.over_tasks().values
        return values.get(Run("", POOLED, 0, seed), values.get(Run("", POOLED, 0, DETERMINISTIC), float("nan")))

    if not all(side.values for side in pooled):
        return Runs({})
    values = {Run("", POOLED, 0, seed): function([at(side, seed) for side in sides]) for seed in seeds}
    return Runs(values, max((side.tasks for side in pooled), default=0))


def _on_common_tasks(sides: list[Side]) -> list[Side]:
    """The sides on the tasks that all of them have; a number and what is pooled already stay as they are."""
    apart = [isinstance(side, Runs) and not side.is_pooled for side in sides]
    tasks = [{run.task for run in side.values} for side, one in zip(sides, apart, strict=True) if one]
    common = set.intersection(*tasks) if tasks else set()
    return [
        Runs({run: value for run, value in side.values.items() if run.task in common}) if one else side
        for side, one in zip(sides, apart, strict=True)
    ]
