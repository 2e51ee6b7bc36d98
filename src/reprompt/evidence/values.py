"""What was measured, by run, so that two sides can be paired run by run: the luck of a draw cancels."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from reprompt.evidence.lookup import Missing

DETERMINISTIC = 0  # the seed of a result that no draw can change
POOLED = ""  # the task of a value that is one number for several tasks


class Size(NamedTuple):
    """On how much a value rests: the logarithms of shots and of test images, 0 where nothing is known of them."""

    log_shots: float = 0.0
    log_images: float = 0.0


UNKNOWN = Size()


@dataclass(frozen=True, order=True, slots=True)
class Origin:
    """The run that a value is from. `shots` is 0 where who asks names them, or where nothing was tuned.

    Runs are paired by these four. What else is known of a run goes along: `start`, the source seed of the training that
    its start comes from (0 where it has none of its own), and on how much its value rests.
    """

    source: str
    task: str
    shots: int
    seed: int
    start: int = field(default=0, compare=False)
    size: Size = field(default=UNKNOWN, compare=False)

    @property
    def undrawn(self) -> "Origin":
        """The origin of a deterministic value for the same task."""
        return Origin("", self.task, 0, DETERMINISTIC)

    def beside(self, partner: "Origin") -> "Origin":
        """Itself, knowing what its partner knows. Raises Missing where both start from trainings of other seeds."""
        if partner.start in (0, self.start):
            return self
        return replace(self, start=the_start([self, partner]))


def the_start(origins: Iterable[Origin]) -> int:
    """The source seed that runs have in common, 0 where none has one.

    Raises Missing where they start from trainings of different seeds: then it is not known what was drawn together.
    """
    seeds = sorted({origin.start for origin in origins if origin.start})
    if len(seeds) > 1:
        raise Missing(f"on one draw the sides start from trainings of source seeds {' and '.join(map(str, seeds))}")
    return seeds[0] if seeds else 0


def pooled(seed: int, origins: Iterable[Origin] = ()) -> Origin:
    """The origin of a draw's one number for several tasks, from which `origins` say."""
    return Origin("", POOLED, 0, seed, the_start(known := list(origins)), mean_size(known))


def mean_size(origins: Iterable[Origin]) -> Size:
    """On how much a mean of some runs rests, on average."""
    sizes = [origin.size for origin in origins if origin.size != UNKNOWN]
    return Size(*map(mean, zip(*sizes, strict=True))) if sizes else UNKNOWN


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
        origins: dict[int, list[Origin]] = defaultdict(list)
        for origin, value in self.by_origin.items():
            by_seed[origin.seed][origin.task].append(value)
            origins[origin.seed].append(origin)
        common = sorted(set.intersection(*map(set, by_seed.values()))) if by_seed else []
        means = {seed: mean(mean(tasks[task]) for task in common) for seed, tasks in sorted(by_seed.items()) if common}
        return Values({pooled(seed, origins[seed]): value for seed, value in means.items()}, len(common))

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
    pairs, partners = {}, {origin: origin for origin in right.by_origin}
    for origin, value in left.by_origin.items():
        partner = partners.get(origin) or partners.get(origin.undrawn)
        if partner is not None:
            pairs[origin.beside(partner)] = function(value, right.by_origin[partner])
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

    origins = {seed: [o for side in measured for o in side.by_origin if o.seed == seed] for seed in seeds}
    by_origin = {pooled(seed, origins[seed]): function([at(side, seed) for side in sides]) for seed in seeds}
    return Values(by_origin, max((side.tasks for side in measured), default=0))
