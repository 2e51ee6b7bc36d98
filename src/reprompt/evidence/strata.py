"""What was drawn by itself: the strata of a comparison, each with a value for every unit of it.

A **unit** is what could have come out otherwise: a few-shot draw of a task. Draws of different tasks are independent,
so a task is a stratum of its own. One prompt that is judged on several tasks (cross-dataset transfer, domain shift) is
one draw, and these tasks are averaged first.

Where the start was trained too, its training is drawn first, and all draws that start from it share its luck, on every
task. Such values are one stratum over all tasks: they are averaged over the tasks of a draw, then over the draws of a
**source seed**, and the source seed is the unit. With a source seed for every draw the unit is the draw.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reprompt.evidence.values import DETERMINISTIC, Origin, Size, Values, mean, mean_size

TRAINED_STARTS = "trained starts"  # the stratum of values whose unit is a source seed


@dataclass(frozen=True)
class Stratum:
    """Values of independent units, `tasks` of the comparison's data sets; `name` is what its units are draws of.

    `units` are seeds of draws, or source seeds; deterministic values have the unit 0 alone.
    """

    name: str
    tasks: int
    units: tuple[int, ...]
    values: tuple[float, ...]
    size: Size

    @property
    def independent_set(self) -> tuple[str, tuple[int, ...]]:
        """What is drawn together: strata of one set share their units' luck."""
        return self.name, self.units


def strata_of(values: Values) -> tuple[Stratum, ...]:
    """The strata of some values, in the order of their names. One loses the draws in which one of its tasks lacks."""
    trained = any(origin.start for origin in values.by_origin)
    cells: dict[str, list[Origin]] = defaultdict(list)
    for origin in values.by_origin:
        cells[_drawn_from(origin, trained)].append(origin)
    strata = (_stratum(name, cells[name], values.by_origin) for name in sorted(cells))
    return tuple(stratum for stratum in strata if stratum.units)


def _stratum(name: str, origins: Iterable[Origin], values: Mapping[Origin, float]) -> Stratum:
    by_cell: dict[tuple[str, int], dict[int, float]] = defaultdict(dict)
    starts: dict[int, int] = {}
    for origin in origins:
        by_cell[origin.task, origin.shots][origin.seed] = values[origin]
        starts[origin.seed] = _unit(origin)
    tasks: dict[str, list[dict[int, float]]] = defaultdict(list)
    for (task, _), by_seed in by_cell.items():
        tasks[task].append(by_seed)
    units: dict[int, list[float]] = defaultdict(list)
    for seed in sorted(set.intersection(*map(set, by_cell.values()))):
        units[starts[seed]].append(mean(mean(shots[seed] for shots in tasks[task]) for task in sorted(tasks)))
    means = {unit: mean(units[unit]) for unit in sorted(units)}
    return Stratum(name, len(tasks), tuple(means), tuple(means.values()), mean_size(origins))


def shares_of(values: Values) -> dict[Origin, float]:
    """What every run weighs in the mean over strata: those that a stratum loses are left out."""
    strata = {stratum.name: stratum for stratum in strata_of(values)}
    tasks = sum(stratum.tasks for stratum in strata.values())
    cells: dict[str, dict[tuple[str, int], dict[int, Origin]]] = defaultdict(lambda: defaultdict(dict))
    trained = any(origin.start for origin in values.by_origin)
    for origin in values.by_origin:
        cells[_drawn_from(origin, trained)][origin.task, origin.shots][origin.seed] = origin
    shares = {}
    for name in strata:
        common = set.intersection(*map(set, cells[name].values()))
        of_unit = Counter(_unit(next(iter(cells[name].values()))[seed]) for seed in common)
        shots = Counter(task for task, _ in cells[name])
        for (task, _), by_seed in cells[name].items():
            for seed in common:
                origin = by_seed[seed]
                shares[origin] = 1 / (tasks * shots[task] * len(of_unit) * of_unit[_unit(origin)])
    return shares


def _drawn_from(origin: Origin, trained: bool) -> str:
    """The stratum of a run."""
    return TRAINED_STARTS if trained else origin.task if origin.seed == DETERMINISTIC else origin.source


def _unit(origin: Origin) -> int:
    return origin.start or origin.seed
