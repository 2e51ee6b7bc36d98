"""A job from cells to records: read the features, train what is missing fleet by fleet, judge, write.

Finished cells are kept in the cell store as soon as their fleet ends, so a job that was killed goes on where it was.
"""

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import torch

from reprompt.atomic import write_text
from reprompt.clip.backbones import Backbone
from reprompt.clip.features import ensure_features, manifest, read_features, training_views
from reprompt.code import recipe_code
from reprompt.costs import circumstances
from reprompt.data.source import Source, source_of
from reprompt.data.splits import Split
from reprompt.fleets import Pixels, TaskData, Tasks, run_fleet
from reprompt.plan.cells import Cell
from reprompt.plan.fleets import fleets_of
from reprompt.plan.parameters import Views
from reprompt.plan.plan import Job, Plan
from reprompt.plan.recipes import RECIPES
from reprompt.records import CellStore, Judged, write_records


@dataclass(frozen=True)
class DoneFleet:
    """Cells judged together, trained now or found in the store."""

    judged: list[Judged]
    trained: bool


def tune_job(
    job: Job,
    plan: Plan,
    backbone: Backbone,
    features: Path,
    splits: Path,
    store: Path,
    out: Path,
    costs: Path,
    advance: Callable[[int], None],
    device: str = "cpu",
) -> None:
    """Work through the tasks of a job and write its records to `out`, time and circumstances to `costs`.

    `backbone` is in single precision, as the features in the folder `features` are; it is tuned on `device` in the
    precision of the plan.
    """
    started, judged, fleets = time.monotonic(), [], []
    tasks, made_from = read_tasks(job, plan, backbone, features, splits)
    backbone = backbone.to(device, getattr(torch, plan.parameters.precision))
    for task in job.tasks:
        cells = [cell for cell in job.cells if cell.task == task]
        fleet_started = time.monotonic()
        for fleet in tune_task(cells, tasks, backbone, CellStore(store), plan.parameters.runs_per_fleet, made_from):
            judged += fleet.judged
            took = round(time.monotonic() - fleet_started, 2)
            fleets.append({"task": task, "cells": len(fleet.judged), "trained": fleet.trained, "seconds": took})
            fleet_started = time.monotonic()
            advance(len(fleet.judged))
    order = {cell: n for n, cell in enumerate(job.cells)}
    judged.sort(key=lambda one: order[one.cell])
    targets = {test: tasks[test.task].split.test_targets(test.split) for test in job.tests}
    hashes = {"data": {task: data.split.sha256 for task, data in tasks.items()}, "weights": backbone.weights_sha256}
    write_records(out, plan.scale, judged, targets, hashes)
    counts = {"cells": len(judged), "trained": sum(f["cells"] for f in fleets if f["trained"])}
    sidecar = circumstances(started, backbone.device, job=job.name, **counts, fleets=fleets)
    write_text(costs, json.dumps(sidecar, indent=1) + "\n")


def read_tasks(
    job: Job, plan: Plan, backbone: Backbone, features: Path, splits: Path
) -> tuple[dict[str, TaskData], dict[str, str]]:
    """Every task that a job reads, and what each one's features are made from; missing features are made."""
    source, views = source_of(plan.parameters.data), plan.parameters.views
    needs_pixels = RECIPES[job.recipe].pixels or any("grad_cam" in cell.measures for cell in job.cells)
    tasks, made_from = {}, {}
    for part, spec in job.features:
        file = features / f"{part}.safetensors"
        ensure_features(file, spec, backbone, source, plan.parts[part], views)
        for task in (task for task in plan.parts[part] if task in job.tasks_read):
            pixels = pixels_of(source, task, views, task in job.tasks) if needs_pixels else None
            tasks[task] = TaskData(Split.read(splits / f"{task}.json"), read_features(file, task), pixels)
            made_from[task] = manifest(spec, backbone.weights_sha256)
    return tasks, made_from


def pixels_of(source: Source, task: str, views: Views, is_trained_on: bool) -> Pixels:
    """A task's images for learners that prompt the image tower, in the views that the feature store holds."""
    parts = ("train", "test") if is_trained_on else ("test",)
    *train, test = (source.images(task, part, range(len(source.labels(task, part)))) for part in parts)
    shown = [torch.from_numpy(training_views(images, task, views)) for images in train]
    return Pixels(shown[0] if shown else None, torch.from_numpy(test))


def tune_task(
    cells: list[Cell],
    tasks: Tasks,
    backbone: Backbone,
    store: CellStore,
    runs_per_fleet: int,
    made_from: dict[str, str],
) -> Iterable[DoneFleet]:
    """Judge the cells of one recipe on one task, fleet by fleet; finished ones come from the store.

    `made_from` says what each task's features are made from: with the splits and the code it decides whether a cell is
    the same.
    """
    missing, done = {}, []
    code = recipe_code(cells[0].recipe, cells[0].measures)
    for cell in cells:
        read = sorted({cell.task, *(test.task for test in cell.tests)})
        key = cell.key(*(text for task in read for text in (tasks[task].split.sha256, made_from[task])), code)
        found = store.get(cell, key)
        if found:
            done.append(found)
        else:
            missing[cell] = key
    if done:
        yield DoneFleet(done, trained=False)
    for fleet in fleets_of(missing, runs_per_fleet):
        results = run_fleet(fleet, tasks, backbone)
        judged = [Judged(cell, missing[cell], one) for cell, one in zip(fleet, results, strict=True)]
        for one in judged:
            store.put(one)
        yield DoneFleet(judged, trained=True)
