"""Which cells train together: those that differ only in what every run of a fleet may have for itself."""

from collections.abc import Iterable

from reprompt.cells.cell import Cell
from reprompt.foundation.digests import canonical

SCHEDULE = ("rate", "warmup_rate", "momentum", "weight_decay", "batch", "epochs", "steps_per_epoch")


def fleets_of(cells: Iterable[Cell], runs_per_fleet: int) -> list[list[Cell]]:
    """Cells of one job cut into fleets of one task and structure, at most `runs_per_fleet` runs each, in order."""
    alike: dict[str, list[Cell]] = {}
    for cell in cells:
        alike.setdefault(structure(cell), []).append(cell)
    return [
        group[start : start + runs_per_fleet]
        for group in alike.values()
        for start in range(0, len(group), runs_per_fleet)
    ]


def structure(cell: Cell) -> str:
    """What all runs of a fleet have in common. An oracle has the schedule of the runs that it teaches.

    Prompts that are only judged share a fleet if it is on the same tasks, whatever they were trained on.
    """
    settings = cell.resolved
    of_a_run, taught = cell.method.of_a_run, cell.taught
    own = of_a_run if taught and taught.teacher == "oracle" else (*of_a_run, *SCHEDULE)
    where = [*cell.judged_on] if cell.prompts_of else [cell.task, cell.group]
    return canonical([where, {name: value for name, value in settings.items() if name not in own}])
