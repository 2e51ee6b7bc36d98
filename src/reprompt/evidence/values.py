"""What a term is worth in every single run, so that both sides of a comparison can be paired run by run."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from reprompt.evidence.statistics import DETERMINISTIC

POOLED = ""  # the task of a value that is one number for several tasks


class Origin(NamedTuple):
    """The run that a value is from. `shots` is 0 where the term itself names them, or where nothing was tuned."""

    source: str
    task: str
    shots: int
    seed: int

    @property
    def undrawn(self) -> "Origin":
        """The origin of a deterministic value for the same task."""
        return Origin("", self.task, 0, DETERMINISTIC)


@dataclass(frozen=True)
class Values:
    """Values by origin. `pooled_tasks` says over how many tasks a pooled value was taken."""

    by_origin: Mapping[Origin, float]
    pooled_tasks: int = 0

    @property
    def tasks(self) -> int:
        """The number of tasks behind the values."""
        return self.pooled_tasks or len({origin.task for origin in self.by_origin})

    @property
    def is_pooled(self) -> bool:
        """Whether the values are one number for several tasks."""
        return any(origin.task == POOLED for origin in self.by_origin)

    @property
    def is_drawn(self) -> bool:
        """Whether anything in the values depends on a few-shot draw."""
        return any(origin.seed != DETERMINISTIC for origin in self.by_origin)

    def map(self, function: Callable[[float], float]) -> "Values":
        """The same origins with each value transformed."""
        return Values({origin: function(value) for origin, value in self.by_origin.items()}, self.pooled_tasks)

    def over_tasks(self) -> "Values":
        """One value per draw: the mean over shots of each task, then over the tasks that every draw has."""
        if self.is_pooled:
            return self
        by_seed: dict[int, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        for origin, value in self.by_origin.items():
            by_seed[origin.seed][origin.task].append(value)
        common = set.intersection(*(set(tasks) for tasks in by_seed.values())) if by_seed else set()
        pooled = {
            Origin("", POOLED, 0, seed): mean(mean(tasks[task]) for task in sorted(common))
            for seed, tasks in sorted(by_seed.items())
            if common
        }
        return Values(pooled, len(common))


Side = Values | float


def mean(numbers: Iterable[float]) -> float:
    """The plain mean."""
    numbers = list(numbers)
    return sum(numbers) / len(numbers)


def combine(left: Side, right: Side, function: Callable[[float, float], float]) -> Side:
    """function(left, right) run by run: the same source, task, shots and seed, so that the luck of a draw cancels.

    A number or a deterministic side meets every value of the other. Where one side is pooled over tasks, so is the
    other first. Values without a partner are left out.
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
        return combine(right, left, lambda drawn, fixed: function(fixed, drawn))
    pairs = {}
    for origin, value in left.by_origin.items():
        partner = right.by_origin.get(origin, right.by_origin.get(origin.undrawn))
        if partner is not None:
            pairs[origin] = function(value, partner)
    return Values(pairs, min(left.pooled_tasks, right.pooled_tasks))


def difference(left: Side, right: Side) -> Side:
    """left - right, run by run."""
    return combine(left, right, lambda value, partner: value - partner)


def seedwise(sides: list[Side], function: Callable[[list[float]], float]) -> Values:
    """function of the averages of several sides, draw by draw: one pooled value per seed that all of them have.

    The averages are over the tasks that all of them have. A deterministic side takes part in every draw.
    """
    sides = _on_common_tasks(sides)
    pooled = [side.over_tasks() for side in sides if isinstance(side, Values)]
    drawn = [{origin.seed for origin in side.by_origin} for side in pooled if side.is_drawn]
    seeds = sorted(set.intersection(*drawn)) if drawn else [DETERMINISTIC]

    def at(side: Side, seed: int) -> float:
        if isinstance(side, float):
            return side
        averages = side.over_tasks().by_origin
        fixed = averages.get(Origin("", POOLED, 0, DETERMINISTIC), float("nan"))
        return averages.get(Origin("", POOLED, 0, seed), fixed)

    if not all(side.by_origin for side in pooled):
        return Values({})
    by_origin = {Origin("", POOLED, 0, seed): function([at(side, seed) for side in sides]) for seed in seeds}
    return Values(by_origin, max((side.tasks for side in pooled), default=0))


def _on_common_tasks(sides: list[Side]) -> list[Side]:
    """The sides on the tasks that all of them have; a number and what is pooled already stay as they are."""
    by_task = [isinstance(side, Values) and not side.is_pooled for side in sides]
    tasks = [{origin.task for origin in side.by_origin} for side, has in zip(sides, by_task, strict=True) if has]
    common = set.intersection(*tasks) if tasks else set()
    return [
        Values({origin: value for origin, value in side.by_origin.items() if origin.task in common}) if has else side
        for side, has in zip(sides, by_task, strict=True)
    ]
