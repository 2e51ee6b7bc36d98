"""The benchmark: every fleet once per variation, each of these in a process of its own; what differs from the first.

Features, splits, weights and prompts of other jobs are those that lie there: what differs is training and evaluation
alone. A run from the pictures on another machine also makes features anew.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from rich.console import Console
from rich.table import Table

from reprompt.benchmarks.carry.train import read_predictions, wanted
from reprompt.benchmarks.carry.variations import THREADS, Variation, variations
from reprompt.benchmarks.conditioning.compare import Changed, changed
from reprompt.benchmarks.conditioning.fleets import Fleet
from reprompt.benchmarks.conditioning.reading import META_STEPS
from reprompt.foundation.atomic import write_text
from reprompt.foundation.processor import machine
from reprompt.planning.plan import Plan
from reprompt.records.identity import read_splits

Start = Callable[[Variation, Path], None]  # trains the fleets in the way of a variation, into a folder


@dataclass(frozen=True)
class Carried:
    """What a recipe under one protocol gives, and by variation what of it changes."""

    recipe: str
    protocol: str
    experiment: str
    task: str
    changed: dict[str, Changed]


def bench_carry(
    plan: Plan,
    recipes: Sequence[str] = (),
    json_out: Path | None = None,
    params: Path = Path("params.yaml"),
    start: Start | None = None,
) -> None:
    """Train the fleets of some recipes, or of all, in every way that this machine can; print and write what changes.

    `start` runs the process of a variation, by default this package's command line on the same parameter file.
    """
    torch.set_num_threads(THREADS)
    progress, fleets = Console(stderr=True), wanted(plan, recipes)
    options = ["--params", str(params), "--scale", plan.scale, *(f"--recipe={recipe}" for recipe in recipes)]
    start = start or (lambda variation, out: in_process(variation, out, options))
    every = variations()
    missing = {name: why for name, variation in every.items() if (why := variation.missing())}
    taken = [variation for name, variation in every.items() if name not in missing]
    with TemporaryDirectory() as folder:
        for variation in taken:
            progress.print(f"{variation.name}: {len(fleets)} fleets", markup=False, highlight=False)
            start(variation, Path(folder) / variation.name)
            rows = carried(plan, fleets, Path(folder), [each.name for each in taken[: taken.index(variation) + 1]])
            if json_out is not None:
                write_text(json_out, json.dumps(entries(rows, plan, taken, missing), indent=1) + "\n")
    Console(width=130).print(printed(rows, f"{plan.scale}, {machine()}"))
    for name, why in missing.items():
        print(f"{name}: not here, {why}")


def in_process(variation: Variation, out: Path, options: Iterable[str]) -> None:
    """Train in a new process, in the environment of the variation. Raises ValueError where it fails."""
    command = [sys.executable, "-m", "reprompt.cli", "bench", "carry-of", variation.name, "--out", str(out), *options]
    done = subprocess.run(command, env=os.environ | variation.environment)
    if done.returncode:
        raise ValueError(f"the training with {variation.name} failed; its message stands above")


def carried(plan: Plan, fleets: Sequence[Fleet], folder: Path, names: Sequence[str]) -> list[Carried]:
    """Of every fleet what changes from the first of the variations to each of the others."""
    rows, (first, *others) = [], names
    for number, fleet in enumerate(fleets):
        splits, cell = read_splits(fleet.reads, plan.root / "data"), fleet.cells[0]
        of = {name: read_predictions(folder / name / f"{number}.npz", fleet) for name in names}
        changes = {name: changed(fleet.cells, splits, of[first], of[name]) for name in others}
        rows.append(Carried(cell.recipe, cell.protocol, cell.experiment, cell.task, changes))
    return rows


def entries(rows: Sequence[Carried], plan: Plan, taken: Sequence[Variation], missing: dict[str, str]) -> dict:
    """What is written: the machine, how each variation computes, which this machine cannot take, and the rows."""
    ways = {of.name: {"threads": of.threads, "environment": of.environment, "products": of.products} for of in taken}
    about = {"machine": machine(), "scale": plan.scale, "meta_steps": META_STEPS, "variations": ways}
    written = [
        {
            **asdict(row),
            "changed": {name: asdict(of) | {"percent": round(of.percent, 4)} for name, of in row.changed.items()},
        }
        for row in rows
    ]
    return {**about, "not_here": missing, "rows": written}


def printed(rows: Sequence[Carried], title: str) -> Table:
    """A row per recipe and protocol: the share of predictions that change, and the largest change of a mean."""
    names = list(rows[0].changed) if rows else []
    table = Table(
        "recipe", "protocol", "task", *(f"{name}: %, points" for name in names), title=f"What changes: {title}"
    )
    for column in table.columns[3:]:
        column.justify = "right"
    for row in rows:
        cells = (f"{of.percent:.2f}, {of.largest_printed:.2f}" for of in row.changed.values())
        table.add_row(row.recipe, row.protocol, row.task, *cells)
    return table


def markdown(written: dict) -> str:
    """The same table for a page, from what was written."""
    names = [name for name in written["variations"] if any(name in row["changed"] for row in written["rows"])]
    lines = [
        f"| recipe | protocol | {' | '.join(names)} |",
        f"|---|---|{'---|' * len(names)}",
    ]
    for row in written["rows"]:
        of = (row["changed"][name] for name in names)
        cells = " | ".join(f"{each['percent']:.2f} %, {each['largest_printed']:.2f}" for each in of)
        lines.append(f"| {row['recipe']} | {row['protocol']} | {cells} |")
    return "\n".join(lines) + "\n"
