"""A job from cells to records: look up what is finished, train what is missing fleet by fleet, judge, write.

Finished cells are kept in the cell store as soon as their fleet ends, so a job that was killed goes on where it was. A
job of which nothing is missing reads neither pictures nor features.
"""

import json
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import torch

from reprompt.cells.cell import Cell
from reprompt.cells.fleets import fleets_of
from reprompt.cells.job import Job
from reprompt.cells.parameters import Views
from reprompt.clip.backbones import Backbone
from reprompt.clip.features import PartImages, ensure_features, read_features
from reprompt.clip.manifest import PicturesOfTasks, read_pictures
from reprompt.data.pictures import Pictures
from reprompt.data.source import SourceInViews
from reprompt.data.sources import stored_source_of
from reprompt.data.splits import Split
from reprompt.evaluation.task_data import Pixels, TaskData, Tasks
from reprompt.foundation.atomic import write_text
from reprompt.foundation.costs import circumstances
from reprompt.planning.entry_points import code_of_cells, code_of_pictures, features_made_from
from reprompt.planning.plan import Plan
from reprompt.records.files import CellStore, Judged, write_records
from reprompt.records.identity import Identity, identity, key, read_pictures_of, read_splits
from reprompt.records.prompts import read_prompts, write_prompts
from reprompt.training.fleets import run_fleet
from reprompt.training.given import Given
from reprompt.training.groups import read_groups


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
    started, fleets = time.monotonic(), []
    by_task, given = read_splits(job, splits), replace(read_given(job, plan, backbone), steps=steps)
    wanted = identities(job, by_task, read_pictures_of(job, features), backbone.weights_sha256, given)
    cells, code = CellStore(store), code_of_cells(plan, job.experiment, job.recipe)
    judged = {cell: found for cell, of in wanted.items() if (found := cells.get(cell, of, key(of, code)))}
    if judged:
        fleets.append(_told(judged.values(), trained=False, started=started))
        advance(len(judged))
    missing = {cell: of for cell, of in wanted.items() if cell not in judged}
    if missing:
        tasks = read_tasks(job, plan, backbone, features, by_task)
        backbone = backbone.to(device, getattr(torch, plan.parameters.precision))
        fleet_started = time.monotonic()
        for fleet in tune_cells(missing, code, tasks, backbone, cells, plan.parameters.runs_per_fleet, given):
            judged |= {one.cell: one for one in fleet}
            fleets.append(_told(fleet, trained=True, started=fleet_started))
            fleet_started = time.monotonic()
            advance(len(fleet))
    in_order = [judged[cell] for cell in job.cells]
    at_most = job.cells[0].judged_images
    targets = {test: by_task[test.task].test_targets(test.split, at_most) for test in job.tests}
    if job.keeps_prompts:
        write_prompts(out.with_suffix(".safetensors"), ((one.cell, one.prompt) for one in in_order), backbone)
    write_records(out, plan.scale, in_order, targets)
    counts = {"cells": len(in_order), "trained": len(missing)}
    sidecar = circumstances(started, backbone.device, job=job.name, **counts, fleets=fleets)
    write_text(costs, json.dumps(sidecar, indent=1) + "\n")


def _told(fleet: Collection[Judged], trained: bool, started: float) -> dict:
    """A fleet as the sidecar has it."""
    tasks, seconds = sorted({one.cell.task for one in fleet}), round(time.monotonic() - started, 2)
    return {"tasks": tasks, "cells": len(fleet), "trained": trained, "seconds": seconds}


def identities(
    job: Job, splits: Mapping[str, Split], pictures: PicturesOfTasks, weights_sha256: str, given: Given
) -> dict[Cell, Identity]:
    """The identities of a job's cells, for which nothing has to be trained or encoded."""
    return {
        cell: identity(cell, splits, pictures, weights_sha256, given.trained_on(cell), given.prompt(cell))
        for cell in job.cells
    }


def read_tasks(
    job: Job, plan: Plan, backbone: Backbone, features: Path, splits: Mapping[str, Split]
) -> dict[str, TaskData]:
    """Every task that a job reads; missing features are made.

    Raises ValueError where they are of other pictures than the manifest says, on which the cells' identities rest.
    """
    source = stored_source_of(plan.parameters, plan.images, code_of_pictures(plan))
    trained_on = {*job.partners, *(task for cell in job.cells for task in cell.trained_on)}
    augmented = any(cell.is_augmented for cell in job.cells)
    tasks = {}
    for part, spec in job.features:
        file, views = features / f"{part}.safetensors", plan.views_of(part)
        images = PartImages(source, plan.parts[part], views)
        found = ensure_features(file, features_made_from(plan, spec), backbone, images)
        told = read_pictures(file.with_suffix(".json"))
        if other := [task for task in plan.parts[part] if found[task] != told[task]]:
            raise ValueError(
                f"{file.with_suffix('.json')}: the pictures of {other[0]} are not those that it was made of; have the "
                f"features made again: snakemake --cores all --forcerun features {file.with_suffix('.json')}"
            )
        for task in (task for task in plan.parts[part] if task in job.tasks_read):
            shown = views if augmented else None
            pixels = pixels_of(source, task, task in trained_on, shown) if job.reads_pixels else None
            tasks[task] = TaskData(splits[task], read_features(file, task), pixels)
    return tasks


def pixels_of(source: SourceInViews, task: str, is_trained_on: bool, views: Views | None) -> Pixels:
    """A task's images for learners that prompt the image tower, in the views that the feature store holds."""
    test, train = (len(source.labels(task, split)) for split in ("test", "train"))
    of_test = Pictures(lambda _, indices: source.images(task, "test", indices), test)
    if not is_trained_on:
        return Pixels(of_test)
    plain = Pictures(lambda _, indices: source.images(task, "train", indices), train)
    shown = Pictures(lambda numbers, indices: source.views(task, indices, numbers, views), train) if views else None
    return Pixels(of_test, plain, shown)


def read_given(job: Job, plan: Plan, backbone: Backbone) -> Given:
    """The prompts and the groups of tasks that a job needs of others."""
    by_experiment: dict[str, list[Path]] = {}
    for name in job.prompts:
        by_experiment.setdefault(name.partition("/")[0], []).append(plan.prompts(name))
    prompts = {experiment: read_prompts(paths, backbone) for experiment, paths in by_experiment.items()}
    return Given(prompts, read_groups(plan.groups) if job.partners else {})


def tune_cells(
    cells: Mapping[Cell, Identity],
    code: str,
    tasks: Tasks,
    backbone: Backbone,
    store: CellStore,
    runs_per_fleet: int,
    given: Given,
) -> Iterable[list[Judged]]:
    """Train and judge cells of one recipe, fleet by fleet, and keep them in the store, under `code` too."""
    given = replace(given, unfinished={cell: store.unfinished(key(of, code)) for cell, of in cells.items()})
    for fleet in fleets_of(cells, runs_per_fleet):
        finished = run_fleet(fleet, tasks, backbone, given)
        judged = [Judged(cell, cells[cell], f.results, f.prompt) for cell, f in zip(fleet, finished, strict=True)]
        for one in judged:
            store.put(one.results, one.prompt, key(one.identity, code))
        yield judged
