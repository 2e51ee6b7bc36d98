"""What was measured, by run, so that two sides can be paired run by run: the luck of a draw cancels."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

DETERMINISTIC = 0  # the seed of a result that no draw can change
POOLED = ""  # the task of a value that is one number for several tasks


class Origin(NamedTuple):
    """The run that a value is from. `shots` is 0 where who asks names them, or where nothing was tuned."""

    source: str
    task: str
    shots: int
    seed: int

    @property
    def undrawn(self) -> "Origin":
        """The origin of a deterministic value for the same task."""
        return Origin("", self.task, 0, DETERMINISTIC)


def pooled(seed: int) -> Origin:
    """The origin of a draw's one number for several tasks."""
    return Origin("", POOLED, 0, seed)


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
        return any(origin.task == POOLED for origin in self.by_origin)

    @property
    def seeds(self) -> list[int]:
        """The draws, or `DETERMINISTIC` alone."""
        return sorted({origin.seed for origin in self.by_origin})

    @property
    def is_drawn(self) -> bool:
        """Whether anything in the values depends on a few-shot draw."""
        return any(self.seeds)

    @property
    def by_seed(self) -> dict[int, float]:
        """The pooled values by draw."""
        return {origin.seed: value for origin, value in self.over_tasks().by_origin.items()}

    def over_tasks(self) -> "Values":
        """One value per draw: the mean over shots of each task, then over the tasks that every draw has."""
        if self.is_pooled:
            return self
        by_seed: dict[int, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        for origin, value in self.by_origin.items():
            by_seed[origin.seed][origin.task].append(value)
        common = sorted(set.intersection(*map(set, by_seed.values()))) if by_seed else []
        means = {seed: mean(mean(tasks[task]) for task in common) for seed, tasks in sorted(by_seed.items()) if common}
        return Values({pooled(seed): value for seed, value in means.items()}, len(common))

    def on(self, tasks: Iterable[str]) -> "Values":
        """Those on some tasks; what is pooled already stays as it is."""
        if self.is_pooled:
            return self
        return Values({origin: value for origin, value in self.by_origin.items() if origin.task in tasks})


Side = Values | float


def mean(numbers: Iterable[float]) -> float:
    """The plain mean, the same in any order and on any Python."""
    numbers = list(numbers)
    return math.fsum(numbers) / len(numbers)


def combine(left: Side, right: Side, function: Callable[[float, float], float]) -> Side:
    """function(left, right) run by run: the same source, task, shots and seed.

    A number or a deterministic side meets every value of the other. Where one side is pooled over tasks, so is the
    other first. Values without a partner are left out.
    """
    if isinstance(left, float) and isinstance(right, float):
        return function(left, right)
    if isinstance(left, float) or isinstance(right, float):
        one, number = (right, left) if isinstance(left, float) else (left, right)
        both = (lambda value: function(number, value)) if one is right else (lambda value: function(value, number))
        return Values({origin: both(value) for origin, value in one.by_origin.items()}, one.pooled_tasks)
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


def paired(left: Values, right: Values) -> tuple[Values, Values]:
    """Both sides on the runs that both have."""
    return combine(left, right, lambda value, _: value), combine(left, right, lambda _, partner: partner)


def by_draw(sides: list[Side], function: Callable[[list[float]], float]) -> Values:
    """function of the averages of several sides, draw by draw: one pooled value per seed that all of them have.

    The averages are over the tasks that all of them have. A deterministic side takes part in every draw.
    """
    measured = [side for side in sides if isinstance(side, Values)]
    if not all(side.by_origin for side in measured):
        return Values({})
    tasks = [{origin.task for origin in side.by_origin} for side in measured if not side.is_pooled]
    common = set.intersection(*tasks) if tasks else set()
    sides = [side.on(common).over_tasks() if isinstance(side, Values) else side for side in sides]
    measured = [side for side in sides if isinstance(side, Values)]
    if not all(side.by_origin for side in measured):
        return Values({})
    drawn = [set(side.seeds) for side in measured if side.is_drawn]
    seeds = sorted(set.intersection(*drawn)) if drawn else [DETERMINISTIC]

    def at(side: Side, seed: int) -> float:
        return side if isinstance(side, float) else side.by_seed.get(seed if side.is_drawn else DETERMINISTIC)

    by_origin = {pooled(seed): function([at(side, seed) for side in sides]) for seed in seeds}
    return Values(by_origin, max((side.tasks for side in measured), default=0))
