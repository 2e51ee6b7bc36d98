"""The plan in words: what `reprompt plan` prints."""

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from reprompt.cells.cell import Cell
from reprompt.cells.fleets import fleets_of
from reprompt.cells.job import Job
from reprompt.cells.recipes import recipe_of
from reprompt.foundation.nearest import nearest
from reprompt.planning.plan import Plan
from reprompt.workflow.estimate.bar import with_bar
from reprompt.workflow.estimate.seconds import expected_seconds, measured


def print_plan(there: Plan, study: str | None = None) -> None:
    """Print outputs, jobs, fleets, cells and time, for one study or all, and which cells wait for which data sets."""
    plan, waits = there.whole, {name: len(cells) for name, cells in there.waiting.items()}
    outputs = [output for output in plan.outputs.values() if study in (None, output.study)]
    if not outputs:
        known = ", ".join(sorted({output.study for output in plan.outputs.values()}))
        raise ValueError(f"no study {study!r}; there are: {known}")
    wanted = {name for output in outputs for name in output.jobs}
    jobs = [job for job in plan.jobs if job.name in wanted]
    console = Console(width=max(100, Console().width))
    seconds = {job.name: expected_seconds(plan, job) for job in with_bar(jobs)}

    waiting = ("waiting",) if there.missing else ()
    heads = ("output", "title", "experiments", "jobs", "cells", *waiting)
    made = Table(*heads, title=f"Tables and figures at scale {plan.scale}")
    for output in outputs:
        members = [plan.job(name) for name in output.jobs]
        experiments = ", ".join(dict.fromkeys(job.experiment for job in members))
        made.add_row(output.name, output.title, experiments, str(len(members)), *_cells(members, waits, there))
    console.print(made)

    run = Table("experiment", "recipe", "backbone", "jobs", "fleets", "cells", *waiting, "seconds", title="Jobs")
    for column in run.columns[3:]:
        column.justify = "right"
    groups: dict[tuple[str, str, str], list[Job]] = {}
    for job in jobs:
        groups.setdefault((job.experiment, job.recipe, job.backbone), []).append(job)
    for group, members in groups.items():
        fleets = sum(len(fleets_of(job.cells, plan.parameters.runs_per_fleet)) for job in members)
        took = f"{sum(seconds[job.name] for job in members):.0f}"
        run.add_row(*group, str(len(members)), str(fleets), *_cells(members, waits, there), took)
    console.print(run)

    total, cores = sum(seconds.values()), os.cpu_count() or 1
    timed = sum(measured(plan, job) is not None for job in jobs)
    console.print(
        f"{len(jobs)} jobs, {sum(len(job.cells) for job in jobs)} cells, about {total / 60:.0f} core-minutes to train "
        f"and judge, {total / 60 / cores:.0f} minutes on {cores} cores "
        f"({timed} of {len(jobs)} jobs as measured last time, the rest as `reprompt estimate` has it)."
    )
    for line in waiting_in_words(there):
        console.print(line, highlight=False, markup=False)


def _cells(jobs: Iterable[Job], waits: Mapping[str, int], there: Plan) -> list[str]:
    """How many cells jobs have and, where data sets are missing, how many of these wait."""
    jobs = list(jobs)
    counts = [sum(len(job.cells) for job in jobs), sum(waits.get(job.name, 0) for job in jobs)]
    return [str(count) for count in counts[: 2 if there.missing else 1]]


def waiting_in_words(plan: Plan) -> list[str]:
    """Lines on the data sets that are not there: why, and which cells wait for them; none where all are there.

    A cell that waits for several is counted with each of them.
    """
    if not plan.missing:
        return []
    waiting = plan.cells_waiting
    lines = [f"{len(waiting):,} of {len(waiting) + len(plan.cells):,} cells wait for data sets that are not there:"]
    for data_set, why in plan.missing.items():
        experiments = Counter(cell.experiment for cell, sets in waiting if data_set in sets)
        of = ", ".join(f"{name} ({count})" for name, count in experiments.items()) or "no cell waits"
        lines.append(f"{data_set}: {why}: {of}")
    partly = Counter(cell.experiment for cell in plan.cells if len(cell.judged_on) < len(_meant(plan, cell)))
    lines += [f"{name}: {count} cells are evaluated without those that are not there" for name, count in partly.items()]
    again = ", and trains those again that are evaluated on it" if partly else ""
    return [*lines, f"When one arrives, the same command runs its cells{again}; all else stays as it is."]


def _meant(plan: Plan, cell: Cell) -> tuple[str, ...]:
    """What a cell that leaves its task is evaluated on where everything is there."""
    experiment = plan.parameters.experiments[cell.experiment]
    return experiment.judged_on if experiment.protocol == "transfer" else cell.judged_on


CELL_FIELDS = ("task", "shots", "tau", "seed", "swept", "start", "group", "together", "judged_on")


def print_cells(there: Plan, experiment: str, as_json: bool = False) -> None:
    """Print every cell of an experiment with all its settings, alike ones together; as JSON one by one.

    Those that wait for a data set too, which is said of them.
    """
    plan = there.whole
    waits = {cell: data_sets for cells in there.waiting.values() for cell, data_sets in cells}
    experiments = plan.parameters.experiments
    if experiment not in experiments:
        raise ValueError(f"no experiment {experiment!r}{nearest(experiment, experiments)}")
    cells = [cell for job in plan.every_job for cell in job.cells if cell.experiment == experiment]
    if as_json:
        said = [cell_as_dict(cell) | ({"waits_for": waits[cell]} if cell in waits else {}) for cell in cells]
        print(json.dumps(said, indent=1))
        return
    alike: dict[tuple[str, str, str], list[Cell]] = {}
    for cell in cells:
        alike.setdefault((cell.recipe, cell.backbone, cell.settings), []).append(cell)
    for (recipe, backbone, _), members in alike.items():
        print(f"{recipe} ({recipe_of(recipe).label}), {backbone}, {members[0].protocol}: {len(members)} cells")
        for name, value in sorted(all_settings(members[0]).items()):
            print(f"    {name}: {json.dumps(value)}")
        for cell in members:
            print(f"  {_in_words(cell)}" + (f" (waits for {', '.join(waits[cell])})" if cell in waits else ""))


def cell_as_dict(cell: Cell) -> dict[str, Any]:
    """A cell with its names, what it is measured by, and all its settings."""
    names = ("experiment", "protocol", "recipe", "backbone", *CELL_FIELDS, "measures", "prompts_of", "judged_images")
    fields = {name: getattr(cell, name) for name in names} | {
        "metrics": {task: metrics for task, *metrics in cell.metrics}
    }
    return fields | {"label": cell.method.label, "settings": all_settings(cell)}


def all_settings(cell: Cell) -> dict[str, Any]:
    """What the plan resolved, and of what it left open the members' own defaults."""
    declared = (cell.settings_of(axis).model_dump(by_alias=True) for axis in cell.method.names)
    return {name: value for settings in (*declared, cell.resolved) for name, value in settings.items()}


def _in_words(cell: Cell) -> str:
    """What sets a cell apart from those that are set alike."""
    fields = {name: getattr(cell, name) for name in CELL_FIELDS}
    return ", ".join(f"{name} {_text(value)}" for name, value in fields.items() if value not in ("", ()))


def _text(value: Any) -> str:
    return " ".join(value) if isinstance(value, Iterable) and not isinstance(value, str) else str(value)
