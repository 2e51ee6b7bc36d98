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
from reprompt.fleets import Pixels, TaskData, run_fleet
from reprompt.plan.cells import Cell
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

    `backbone` is in single precision, as the features are; it is tuned on `device` in the precision of the plan.
    """
    started, judged, fleets, targets, data_hashes = time.monotonic(), [], [], {}, {}
    source, parts = source_of(plan.parameters.data), plan.parts[job.part]
    ensure_features(features, job.features_spec, backbone, source, parts, plan.parameters.views)
    made_from = manifest(job.features_spec, backbone.weights_sha256)
    backbone = backbone.to(device, getattr(torch, plan.parameters.precision))
    for task in job.tasks:
        pixels = pixels_of(source, task, plan.parameters.views) if RECIPES[job.recipe].pixels else None
        data = TaskData(Split.read(splits / f"{task}.json"), read_features(features, task), pixels)
        data_hashes[task] = data.split.sha256
        cells = [cell for cell in job.cells if cell.task == task]
        targets |= {(task, part): data.split.test_targets(part) for part in cells[0].splits}
        fleet_started = time.monotonic()
        for fleet in tune_task(cells, data, backbone, CellStore(store), plan.parameters.runs_per_fleet, made_from):
            judged += fleet.judged
            took = round(time.monotonic() - fleet_started, 2)
            fleets.append({"task": task, "cells": len(fleet.judged), "trained": fleet.trained, "seconds": took})
            fleet_started = time.monotonic()
            advance(len(fleet.judged))
    order = {cell: n for n, cell in enumerate(job.cells)}
    judged.sort(key=lambda one: order[one.cell])
    hashes = {"data": data_hashes, "weights": backbone.weights_sha256}
    write_records(out, plan.scale, judged, targets, hashes)
    counts = {"cells": len(judged), "trained": sum(f["cells"] for f in fleets if f["trained"])}
    sidecar = circumstances(started, backbone.device, job=job.name, **counts, fleets=fleets)
    write_text(costs, json.dumps(sidecar, indent=1) + "\n")


def pixels_of(source: Source, task: str, views: Views) -> Pixels:
    """A task's images for learners that prompt the image tower, in the views that the feature store holds."""
    train, test = (source.images(task, part, range(len(source.labels(task, part)))) for part in ("train", "test"))
    return Pixels(torch.from_numpy(training_views(train, task, views)), torch.from_numpy(test))


def tune_task(
    cells: list[Cell],
    data: TaskData,
    backbone: Backbone,
    store: CellStore,
    runs_per_fleet: int,
    made_from: str,
) -> Iterable[DoneFleet]:
    """Judge the cells of one recipe on one task, fleet by fleet; finished ones come from the store.

    `made_from` says what the features are made from: with the split and the code it decides whether a cell is the same.
    """
    missing, done = [], []
    code = recipe_code(cells[0].recipe)
    for cell in cells:
        key = cell.key(data.split.sha256, made_from, code)
        found = store.get(cell, key)
        done.append(found) if found else missing.append((cell, key))
    if done:
        yield DoneFleet(done, trained=False)
    for start in range(0, len(missing), runs_per_fleet):
        fleet = missing[start : start + runs_per_fleet]
        predictions = run_fleet([cell for cell, _ in fleet], data, backbone)
        judged = [Judged(cell, key, one) for (cell, key), one in zip(fleet, predictions, strict=True)]
        for one in judged:
            store.put(one)
        yield DoneFleet(judged, trained=True)
