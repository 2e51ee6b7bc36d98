"""Which cells train together: those that differ only in what every run of a fleet may have for itself."""

from collections.abc import Iterable, Sequence
from typing import Any

from reprompt.cells.cell import Cell
from reprompt.foundation.digests import canonical

LENGTH = ("epochs", "steps_per_epoch")
SCHEDULE = (
    "rate",
    "warmup_rate",
    "momentum",
    "weight_decay",
    "epsilon",
    "cosine",
    "last_rate",
    "batch",
    "last_batch",
    *LENGTH,
)
OF_A_FLEET = (
    "protocol",
    "version",
    "recipe",
    "backbone",
    "tests",
    "measures",
    "prompts_of",
    "keeps_prompt",
    "judged_images",
)


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
    """What all runs of a fleet have in common beside what cells of one job share anyway.

    Prompts that are only evaluated share a fleet if it is on the same tasks, whatever they were trained on.
    """
    where = [*cell.judged_on] if cell.prompts_of else [cell.task, cell.group]
    shaping = list(_shaping_of_its_images(cell).values())
    return canonical([where, _settings_of_fleet(cell), *([shaping] if shaping else [])])


def require_uniform(cells: Sequence[Cell]) -> None:
    """Raise ValueError if cells that are to train together differ in what a fleet has one of, and say in what."""
    first, *others = cells
    expected = _of_fleet(first)
    for cell in others:
        values = _of_fleet(cell)
        for name in dict.fromkeys((*expected, *values)):
            if expected.get(name) != values.get(name):
                raise ValueError(
                    f"cells of one fleet differ in {name}: {expected.get(name)!r} in {_in_words(first)}, "
                    f"{values.get(name)!r} in {_in_words(cell)}; they have to be trained apart"
                )


def _of_fleet(cell: Cell) -> dict[str, Any]:
    """What a fleet has one of, by name."""
    of_cell = {name: getattr(cell, name) for name in OF_A_FLEET}
    where = {} if cell.prompts_of else {"task": cell.task, "group": cell.group}
    return {**of_cell, **where, **_shaping_of_its_images(cell), **_settings_of_fleet(cell)}


def _shaping_of_its_images(cell: Cell) -> dict[str, Any]:
    """What says how many few-shot images a cell has, where these shape its tensors."""
    return {"shots": cell.shots, "tau": cell.tau} if cell.method.of_its_images else {}


def _settings_of_fleet(cell: Cell) -> dict[str, Any]:
    """The settings that its runs share. Of their schedule an oracle has all but the length."""
    settings = cell.resolved
    schedule = LENGTH if cell.taught and cell.taught.teacher == "oracle" else SCHEDULE
    own = (*cell.method.of_a_run, *schedule)
    return {name: value for name, value in settings.items() if name not in own}


def _in_words(cell: Cell) -> str:
    swept = f", {cell.swept}" if cell.swept else ""
    return f"{cell.experiment}/{cell.recipe} on {cell.task}, {cell.shots} shots, seed {cell.seed}{swept}"
