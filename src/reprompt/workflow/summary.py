"""The plan in words: what `reprompt plan` prints."""

import os

from rich.console import Console
from rich.table import Table

from reprompt.cells.fleets import fleets_of
from reprompt.cells.job import Job
from reprompt.planning.plan import Plan
from reprompt.workflow.estimate.seconds import expected_seconds, measured


def print_plan(plan: Plan, study: str | None = None) -> None:
    """Print outputs, jobs, fleets, cells and time, for one study or all."""
    outputs = [output for output in plan.outputs.values() if study in (None, output.study)]
    if not outputs:
        known = ", ".join(sorted({output.study for output in plan.outputs.values()}))
        raise ValueError(f"no study {study!r}; there are: {known}")
    wanted = {name for output in outputs for name in output.jobs}
    jobs = [job for job in plan.jobs if job.name in wanted]
    console = Console(width=max(100, Console().width))
    seconds = {job.name: expected_seconds(plan, job) for job in jobs}

    made = Table("output", "title", "experiments", "jobs", "cells", title=f"Tables and figures at scale {plan.scale}")
    for output in outputs:
        cells = sum(len(plan.job(name).cells) for name in output.jobs)
        experiments = ", ".join(dict.fromkeys(plan.job(name).experiment for name in output.jobs))
        made.add_row(output.name, output.title, experiments, str(len(output.jobs)), str(cells))
    console.print(made)

    run = Table("experiment", "recipe", "backbone", "jobs", "fleets", "cells", "seconds", title="Jobs")
    for column in run.columns[3:]:
        column.justify = "right"
    groups: dict[tuple[str, str, str], list[Job]] = {}
    for job in jobs:
        groups.setdefault((job.experiment, job.recipe, job.backbone), []).append(job)
    for group, members in groups.items():
        fleets = sum(len(fleets_of(job.cells, plan.parameters.runs_per_fleet)) for job in members)
        cells = sum(len(job.cells) for job in members)
        run.add_row(
            *group, *map(str, (len(members), fleets, cells)), f"{sum(seconds[job.name] for job in members):.0f}"
        )
    console.print(run)

    total, cores = sum(seconds.values()), os.cpu_count() or 1
    timed = sum(measured(plan, job) is not None for job in jobs)
    console.print(
        f"{len(jobs)} jobs, {sum(len(job.cells) for job in jobs)} cells, about {total / 60:.0f} core-minutes to train "
        f"and judge, {total / 60 / cores:.0f} minutes on {cores} cores "
        f"({timed} of {len(jobs)} jobs as measured last time, the rest as `reprompt estimate` has it)."
    )
