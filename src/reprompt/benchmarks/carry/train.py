"""The process of one variation: it trains the fleets that it is asked for and leaves their predictions."""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from reprompt.benchmarks.carry.variations import variations
from reprompt.benchmarks.conditioning.compare import results_of
from reprompt.benchmarks.conditioning.fleets import Fleet, fleets_in
from reprompt.benchmarks.conditioning.reading import read_for
from reprompt.cells.result import Result
from reprompt.evaluation.evaluate import Results
from reprompt.foundation.arrays import read_npz, write_npz
from reprompt.planning.plan import Plan


def wanted(plan: Plan, recipes: Iterable[str]) -> list[Fleet]:
    """The fleets of the benchmark of conditioning as they stand in the plan; of some recipes, or of all.

    Raises ValueError for a recipe that none of them has.
    """
    fleets = [fleet for fleet in fleets_in(plan) if not fleet.variant]
    asked, there = set(recipes), {fleet.cells[0].recipe for fleet in fleets}
    if unknown := sorted(asked - there):
        raise ValueError(f"{unknown[0]}: no recipe that the plan trains; there are {', '.join(sorted(there))}")
    return [fleet for fleet in fleets if not asked or fleet.cells[0].recipe in asked]


def train_fleets(plan: Plan, variation: str, recipes: Iterable[str], out: Path, tell: Callable[[str], None]) -> None:
    """Train and evaluate the wanted fleets in the way of a variation. Fleet n's predictions go to `out`/n.npz."""
    variations()[variation].take()
    for number, fleet in enumerate(wanted(plan, recipes)):
        tasks, backbone, given = read_for(fleet, plan)
        results = results_of(fleet.cells, tasks, backbone, given)
        write_predictions(out / f"{number}.npz", results)
        tell(fleet.job.name)


def write_predictions(path: Path, results: Iterable[Results]) -> None:
    """The predictions of every run on every test set, by `run/task/split`."""
    arrays = {
        f"{run}/{test.task}/{test.split}": result.predictions
        for run, of_run in enumerate(results)
        for test, result in of_run.items()
    }
    write_npz(path, **{name: np.asarray(array) for name, array in arrays.items()})


def read_predictions(path: Path, fleet: Fleet) -> list[Results]:
    """What `write_predictions` wrote of a fleet."""
    arrays = read_npz(path, "run `reprompt bench carry` again")
    return [
        {test: Result(arrays[f"{run}/{test.task}/{test.split}"], {}) for test in cell.tests}
        for run, cell in enumerate(fleet.cells)
    ]
