"""The benchmark: every fleet twice, a table, and a file."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

from reprompt.benchmarks.conditioning.compare import Changed, trained_twice
from reprompt.benchmarks.conditioning.disturbance import Disturbance
from reprompt.benchmarks.conditioning.fleets import Fleet, fleets_in
from reprompt.benchmarks.conditioning.reading import META_STEPS, read_for
from reprompt.foundation.atomic import write_text
from reprompt.foundation.processor import machine
from reprompt.planning.plan import Plan

LAST_BIT = Disturbance(size=1e-7, seed=1)


@dataclass(frozen=True)
class Conditioning:
    """What a disturbance changed of one recipe under one protocol."""

    recipe: str
    variant: str
    protocol: str
    experiment: str
    task: str
    changed: Changed


def bench_conditioning(plan: Plan, json_out: Path | None = None) -> None:
    """Train every fleet twice, print a table, and write it where asked, as far as it is after every fleet."""
    torch.set_num_threads(1)  # as the workflow's jobs
    progress, rows = Console(stderr=True), []
    for fleet in fleets_in(plan):
        progress.print(f"{fleet.job.name} {fleet.variant}", markup=False, highlight=False)
        rows.append(conditioning_of(fleet, plan, LAST_BIT))
        if json_out is not None:
            write_text(json_out, json.dumps(entries(rows, plan), indent=1) + "\n")
    Console(width=110).print(printed(rows, f"{plan.scale}, {machine()}"))


def conditioning_of(fleet: Fleet, plan: Plan, disturbance: Disturbance) -> Conditioning:
    """Read what a fleet's job reads, and train it twice."""
    first, (tasks, backbone, given) = fleet.cells[0], read_for(fleet, plan)
    changed = trained_twice(fleet.cells, tasks, backbone, disturbance, given)
    return Conditioning(first.recipe, fleet.variant, first.protocol, first.experiment, first.task, changed)


def entries(rows: list[Conditioning], plan: Plan) -> dict:
    """What is written of the fleets so far."""
    about = {"machine": machine(), "scale": plan.scale, "disturbance": asdict(LAST_BIT), "meta_steps": META_STEPS}
    return {**about, "rows": [{**asdict(row), "percent": round(row.changed.percent, 4)} for row in rows]}


def printed(rows: list[Conditioning], title: str) -> Table:
    """A row per recipe and protocol: what was trained twice, and what changed."""
    columns = ("recipe", "protocol", "task", "runs", "predictions", "changed, %", "largest, points")
    table = Table(*columns, title=f"Predictions that a relative {LAST_BIT.size:g} changes: {title}")
    for column in table.columns[3:]:
        column.justify = "right"
    for row in rows:
        name, of_row = " ".join(filter(None, (row.recipe, row.variant))), row.changed
        counts = f"{of_row.runs}", f"{of_row.predictions:,}", f"{of_row.percent:.2f}", f"{of_row.largest_change:.2f}"
        table.add_row(name, row.protocol, row.task, *counts)
    return table
