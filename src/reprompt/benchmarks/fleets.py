"""What fleets are worth: cells per minute trained alone, one after another, and in fleets; and what every rule cost.

The three ways run on the same cells in one interleaved session, because timings on shared machines only compare as
ratios. "One process per cell" is a fresh interpreter that imports, reads weights and features, and trains one cell.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import torch
from rich.console import Console
from rich.table import Table

from reprompt.cells.cell import Cell
from reprompt.clip.backbones import Backbone
from reprompt.clip.features import read_features
from reprompt.clip.openai import load
from reprompt.data.splits import Split
from reprompt.evaluation.task_data import TaskData, Tasks
from reprompt.planning.plan import Plan
from reprompt.training.fleets import run_fleet

ROUNDS = 3


def bench(plan: Plan, task: str | None = None) -> None:
    """Time the few-shot cells of one task's recipes each way, and print them with the costs of all rules."""
    torch.set_num_threads(1)
    console = Console(width=max(100, Console().width))
    task = task or plan.tasks[-1]
    tasks, backbone = read_inputs(plan, plan.backbones[0], task)

    table = Table("recipe", "cells", "own process", "one by one", "fleet", "fleet / process", "fleet / one by one")
    classes = len(tasks[task].split.class_names)
    table.title = f"Few-shot cells per minute on one core: {task}, {classes} classes, {plan.scale}"
    for column in table.columns[1:]:
        column.justify = "right"
    for recipe in ("coop", "coop+prograd"):
        cells = [c for c in plan.cells if (c.experiment, c.recipe, c.task) == ("few_shot", recipe, task)]
        alone, one_by_one, fleet = timings(cells, tasks, backbone, plan.scale)
        per_minute = [60 / alone, 60 * len(cells) / one_by_one, 60 * len(cells) / fleet]
        ratios = (f"{per_minute[2] / other:.1f} x" for other in per_minute[:2])
        table.add_row(recipe, str(len(cells)), *(f"{rate:.0f}" for rate in per_minute), *ratios)
    console.print(table)
    console.print(rule_costs(plan))


def read_inputs(plan: Plan, backbone: str, task: str) -> tuple[Tasks, Backbone]:
    """A task's split and features and the frozen backbone, as the workflow left them."""
    features = read_features(plan.root / "features" / backbone / f"{plan.part_of(task)}.safetensors", task)
    split = Split.read(plan.root / "data" / f"{task}.json")
    return {task: TaskData(split, features)}, load(plan.root / "backbones" / f"{backbone}.safetensors", backbone)


def timings(cells: list[Cell], tasks: Tasks, backbone: Backbone, scale: str) -> tuple[float, float, float]:
    """Seconds for one cell in its own process, for all cells one by one, and for all as a fleet: medians of rounds."""
    run_fleet(cells[:1], tasks, backbone)  # warm caches and allocators once, outside every timing
    rounds = []
    for _ in range(ROUNDS):
        times = []
        for work in (
            lambda: _own_process(cells[len(cells) // 2], scale),
            lambda: [run_fleet([cell], tasks, backbone) for cell in cells],
            lambda: run_fleet(cells, tasks, backbone),
        ):
            started = time.perf_counter()
            work()
            times.append(time.perf_counter() - started)
        rounds.append(times)
    return tuple(pd.DataFrame(rounds).median())


def _own_process(cell: Cell, scale: str) -> None:
    arguments = [scale, cell.recipe, cell.task, str(cell.shots), str(cell.seed)]
    subprocess.run([sys.executable, "-m", "reprompt.benchmarks.fleets", *arguments], check=True)


def _train_one(scale: str, recipe: str, task: str, shots: str, seed: str) -> None:
    """What one process per cell does from start to end."""
    from reprompt.planning.parameters import load_parameters
    from reprompt.planning.plan import make_plan

    torch.set_num_threads(1)
    plan = make_plan(load_parameters(scale=scale))
    (cell,) = (
        c
        for c in plan.cells
        if (c.experiment, c.recipe, c.task, c.shots, c.seed) == ("few_shot", recipe, task, int(shots), int(seed))
    )
    run_fleet([cell], *read_inputs(plan, cell.backbone, task))


def rule_costs(plan: Plan) -> Table:
    """Seconds of every job, by Snakemake's clock; of tuning also what the job itself measured.

    Snakemake's CPU seconds and memory are those of the command, which may only wait (workflow/preloaded.py).
    """
    table = Table("job", "seconds", "CPU seconds", "peak MB", title="What every job cost")
    for column in table.columns[1:]:
        column.justify = "right"
    folder = Path("logs") / plan.scale
    for path in sorted(folder.rglob("*.tsv")):
        name = path.relative_to(folder).with_suffix("")
        costs = plan.records(str(name.relative_to("tune"))).with_suffix(".json") if name.parts[0] == "tune" else None
        measured = json.loads(costs.read_text()) if costs and costs.exists() else {}
        own = (f"{measured[column]:.0f}" if column in measured else "" for column in ("cpu_seconds", "peak_memory_mb"))
        (seconds,) = pd.read_csv(path, sep="\t")["s"].tail(1)
        table.add_row(str(name), f"{seconds:.0f}", *own)
    return table


if __name__ == "__main__":
    _train_one(*sys.argv[1:])
