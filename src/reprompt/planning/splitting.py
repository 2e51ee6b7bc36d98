"""Jobs of a useful length: long ones are cut along their runs, short ones take several tasks.

A job is one recipe of one experiment on the tasks of a part. Where that is too much for one process, it is cut into
pieces of at most `runs_per_job` runs; where it is too little, consecutive parts are one job. A piece holds whole fleets
as far as that allows, so cutting costs little; and what a run gives does not depend on its fleet, nor does the cell
store know of jobs: cells that are finished stay so when the plan is cut otherwise.

Pieces of a part are called `part1.1`, `part1.2`, ..., parts in one job `part1-part4`; a part by itself keeps its name.
"""

from collections.abc import Iterable, Sequence

from reprompt.cells.cell import Cell
from reprompt.cells.fleets import fleets_of


def pieces(cells: Iterable[Cell], runs_per_fleet: int, runs_per_job: int | None) -> list[tuple[Cell, ...]]:
    """The cells of a job in pieces of at most `runs_per_job` runs, each in the job's order; one piece where it is None.

    Fleets are larger than a piece only if a piece may hold no whole one; then they are cut too. Raises ValueError where
    a piece could hold nothing.
    """
    cells = tuple(cells)
    if runs_per_job is None:
        return [cells]
    if runs_per_job < 1:
        raise ValueError(f"runs_per_job: at least one run makes a job, found {runs_per_job}")
    cut: list[list[Cell]] = []
    for fleet in fleets_of(cells, min(runs_per_fleet, runs_per_job)):
        if not cut or len(cut[-1]) + len(fleet) > runs_per_job:
            cut.append([])
        cut[-1] += fleet
    order = {cell: index for index, cell in enumerate(cells)}
    return [tuple(sorted(piece, key=order.__getitem__)) for piece in cut]


def piece_names(part: str, count: int) -> list[str]:
    """The names of a part's pieces."""
    return [part] if count == 1 else [f"{part}.{number}" for number in range(1, count + 1)]


def merged(parts: Sequence[tuple[str, Sequence[str]]], tasks_per_job: int) -> list[tuple[str, list[str]]]:
    """Consecutive parts as one, as long as it has at most so many tasks; a larger part stays by itself."""
    joined: list[tuple[str, list[str]]] = []
    for name, tasks in parts:
        if joined and len(joined[-1][1]) + len(tasks) <= tasks_per_job:
            first = joined[-1][0].partition("-")[0]
            joined[-1] = (f"{first}-{name}", [*joined[-1][1], *tasks])
        else:
            joined.append((name, list(tasks)))
    return joined
