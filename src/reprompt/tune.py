"""A job from cells to records: read the features, train what is missing fleet by fleet, judge, write.

Finished cells are kept in the cell store as soon as their fleet ends, so a job that was killed goes on where it was.
"""

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from reprompt.atomic import write_text
from reprompt.clip.backbones import Backbone
from reprompt.clip.features import ensure_features, manifest, read_features
from reprompt.code import code_hash
from reprompt.costs import circumstances
from reprompt.data.source import SourceInViews
from reprompt.data.sources import stored_source_of
from reprompt.data.splits import Split
from reprompt.entry_points import cell as cell_code
from reprompt.fleets import NOTHING, Given, run_fleet
from reprompt.multitask.groups import read_groups
from reprompt.pictures import Pictures
from reprompt.plan.cells import Cell
from reprompt.plan.fleets import fleets_of
from reprompt.plan.parameters import Views
from reprompt.plan.plan import Job, Plan
from reprompt.plan.recipes import RECIPES
from reprompt.prompts import read_prompts, write_prompts
from reprompt.records import CellStore, Judged, write_records
from reprompt.task_data import Pixels, TaskData, Tasks


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
    steps: int | None = None,
) -> None:
    """Work through the cells of a job: records to `out`, kept prompts beside them, time and circumstances to `costs`.

    `backbone` is in single precision, as the features in the folder `features` are; it is tuned on `device` in the
    precision of the plan. `steps` stops meta-training after the first so many.
    """
    started, judged, fleets = time.monotonic(), [], []
    tasks, made_from = read_tasks(job, plan, backbone, features, splits)
    given = replace(read_given(job, plan, backbone), steps=steps)
    backbone = backbone.to(device, getattr(torch, plan.parameters.precision))
    fleet_started = time.monotonic()
    for fleet in tune_cells(
        job.cells, tasks, backbone, CellStore(store), plan.parameters.runs_per_fleet, made_from, given
    ):
        judged += fleet.judged
        took = round(time.monotonic() - fleet_started, 2)
        of = sorted({one.cell.task for one in fleet.judged})
        fleets.append({"tasks": of, "cells": len(fleet.judged), "trained": fleet.trained, "seconds": took})
        fleet_started = time.monotonic()
        advance(len(fleet.judged))
    order = {cell: n for n, cell in enumerate(job.cells)}
    judged.sort(key=lambda one: order[one.cell])
    at_most = job.cells[0].judged_images
    targets = {test: tasks[test.task].split.test_targets(test.split, at_most) for test in job.tests}
    hashes = {"data": {task: data.split.sha256 for task, data in tasks.items()}, "weights": backbone.weights_sha256}
    if job.keeps_prompts:
        write_prompts(out.with_suffix(".safetensors"), ((one.cell, one.prompt) for one in judged), backbone)
    write_records(out, plan.scale, judged, targets, hashes)
    counts = {"cells": len(judged), "trained": sum(f["cells"] for f in fleets if f["trained"])}
    sidecar = circumstances(started, backbone.device, job=job.name, **counts, fleets=fleets)
    write_text(costs, json.dumps(sidecar, indent=1) + "\n")


def read_tasks(
    job: Job, plan: Plan, backbone: Backbone, features: Path, splits: Path
) -> tuple[dict[str, TaskData], dict[str, str]]:
    """Every task that a job reads, and what each one's features are made from; missing features are made."""
    source = stored_source_of(plan.parameters, plan.images)
    needs_pixels = RECIPES[job.recipe].pixels or any("grad_cam" in cell.measures for cell in job.cells)
    trained_on = {*job.partners, *(task for cell in job.cells for task in cell.trained_on)}
    augmented = any(cell.resolved.get("augmentation") == "views" for cell in job.cells)
    tasks, made_from = {}, {}
    for part, spec in job.features:
        file, views = features / f"{part}.safetensors", plan.views_of(part)
        ensure_features(file, spec, backbone, source, plan.parts[part], views)
        for task in (task for task in plan.parts[part] if task in job.tasks_read):
            pixels = pixels_of(source, task, task in trained_on, views if augmented else None) if needs_pixels else None
            tasks[task] = TaskData(Split.read(splits / f"{task}.json"), read_features(file, task), pixels)
            made_from[task] = manifest(spec, backbone.weights_sha256)
    return tasks, made_from


def pixels_of(source: SourceInViews, task: str, is_trained_on: bool, views: Views | None) -> Pixels:
    """A task's images for learners that prompt the image tower, in the views that the feature store holds."""
    test, train = (len(source.labels(task, split)) for split in ("test", "train"))
    of_test = Pictures(lambda _, places: source.images(task, "test", places), test)
    if not is_trained_on:
        return Pixels(of_test)
    plain = Pictures(lambda _, places: source.images(task, "train", places), train)
    shown = Pictures(lambda numbers, places: source.views(task, places, numbers, views), train) if views else None
    return Pixels(of_test, plain, shown)


def read_given(job: Job, plan: Plan, backbone: Backbone) -> Given:
    """The prompts and the groups of tasks that a job needs of others."""
    by_experiment: dict[str, list[Path]] = {}
    for name in job.prompts:
        by_experiment.setdefault(name.partition("/")[0], []).append(plan.prompts(name))
    prompts = {experiment: read_prompts(paths, backbone) for experiment, paths in by_experiment.items()}
    return Given(prompts, read_groups(plan.groups) if job.partners else {})


def tune_cells(
    cells: Sequence[Cell],
    tasks: Tasks,
    backbone: Backbone,
    store: CellStore,
    runs_per_fleet: int,
    made_from: dict[str, str],
    given: Given = NOTHING,
) -> Iterable[DoneFleet]:
    """Judge the cells of one recipe, fleet by fleet; finished ones come from the store.

    `made_from` says what each task's features are made from: with the splits, the prompts and groups that are given and
    the code it decides whether a cell is the same.
    """
    missing, done = {}, []
    code = code_hash(cell_code(cells[0].recipe, cells[0].measures))
    for cell in cells:
        trained_on = given.trained_on(cell)
        read = sorted({*trained_on, *(test.task for test in cell.tests)})
        prompts = given.prompts.get(cell.start or cell.prompts_of)
        key = cell.key(
            *(text for task in read for text in (tasks[task].split.sha256, made_from[task])),
            *([",".join(trained_on)] if cell.group else []),
            *([prompts.sha256] if prompts else []),
            code,
        )
        found = store.get(cell, key)
        if found:
            done.append(found)
        else:
            missing[cell] = key
    if done:
        yield DoneFleet(done, trained=False)
    given = replace(given, unfinished={cell: store.unfinished(key) for cell, key in missing.items()})
    for fleet in fleets_of(missing, runs_per_fleet):
        finished = run_fleet(fleet, tasks, backbone, given)
        judged = [Judged(cell, missing[cell], f.results, f.prompt) for cell, f in zip(fleet, finished, strict=True)]
        for one in judged:
            store.put(one)
        yield DoneFleet(judged, trained=True)
