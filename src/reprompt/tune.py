"""A job from cells to records: read the features, train what is missing fleet by fleet, judge, write.

Finished cells are kept in the cell store as soon as their fleet ends, so a job that was killed goes on where it was.
"""

import importlib
import json
import platform
import resource
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import numpy as np
import torch

from reprompt.atomic import write_text
from reprompt.clip.backbones import Backbone
from reprompt.clip.features import TaskFeatures, ensure_features, manifest, read_features
from reprompt.code import code_hash
from reprompt.data.draws import few_shot, validation
from reprompt.data.source import source_of
from reprompt.data.splits import Split
from reprompt.learners.templates import class_features, teacher_templates
from reprompt.learners.text_context import Learner
from reprompt.plan.cells import Cell
from reprompt.plan.plan import Job, Plan
from reprompt.plan.recipes import RECIPES, SHARED_CODE
from reprompt.records import CellStore, Judged, write_records
from reprompt.streams import torch_stream
from reprompt.train import Params, Run, Schedule, train


@dataclass(frozen=True)
class TaskData:
    """One task as a fleet sees it."""

    split: Split
    features: TaskFeatures


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
) -> None:
    """Work through the tasks of a job and write its records to `out`, time and circumstances to `costs`."""
    started, judged, fleets, targets, data_hashes = time.monotonic(), [], [], {}, {}
    source, parts = source_of(plan.parameters.data), plan.parts[job.part]
    ensure_features(features, job.features_spec, backbone, source, parts, plan.parameters.views)
    made_from = manifest(job.features_spec, backbone.weights_sha256)
    for task in job.tasks:
        data = TaskData(Split.read(splits / f"{task}.json"), read_features(features, task))
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
    write_text(costs, json.dumps(circumstances(started, job=job.name, **counts, fleets=fleets), indent=1) + "\n")


def tune_task(
    cells: Iterable[Cell],
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
    for cell in cells:
        key = cell.key(data.split.sha256, made_from, code_hash(*SHARED_CODE, *RECIPES[cell.recipe].modules))
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


def run_fleet(cells: list[Cell], data: TaskData, backbone: Backbone) -> list[dict[str, np.ndarray]]:
    """Train and judge cells that share recipe, backbone, task and protocol: predictions per split for each."""
    recipe = RECIPES[cells[0].recipe]
    if recipe.gradient:
        return tuned(cells, data, backbone)
    if recipe.learned:
        return [solved(cell, data) for cell in cells]
    return [fixed(cell, data, backbone) for cell in cells]


def tuned(cells: list[Cell], data: TaskData, backbone: Backbone) -> list[dict[str, np.ndarray]]:
    """Prompts of a fleet, trained on their protocol's first split (`all` or `base`) and judged on all of its splits."""
    split, learner = data.split, _axis("learners", RECIPES[cells[0].recipe].learner).Learner
    prompts = trained(cells, data, backbone, learner(backbone, split.names(cells[0].splits[0])))
    images = data.features.normalised_test
    judged: list[dict[str, np.ndarray]] = [{} for _ in cells]
    for part in cells[0].splits:
        with torch.inference_mode():
            outcome = learner(backbone, split.names(part)).forward(prompts, images[split.test_images(part)][None])
            for one, predictions in zip(judged, outcome.logits.argmax(dim=-1).numpy(), strict=True):
                one[part] = predictions
    return judged


def trained(cells: list[Cell], data: TaskData, backbone: Backbone, learner: Learner) -> Params:
    """The prompts of a fleet after training, each tensor (R, ...)."""
    recipe, settings, split = RECIPES[cells[0].recipe], [cell.resolved for cell in cells], data.split
    part = cells[0].splits[0]
    teacher = None
    if "teacher" in settings[0]:
        templates = teacher_templates(settings[0]["teacher"], split.task, split.template)
        teacher = class_features(backbone, split.names(part), templates)
    return train(
        [run_of(cell, split, part, backbone) for cell in cells],
        data.features.normalised_views,
        learner.forward,
        _axis("objectives", recipe.objective).loss,
        _axis("gradients", recipe.gradient).rule(settings),
        teacher,
    )


def run_of(cell: Cell, split: Split, part: str, backbone: Backbone) -> Run:
    """The run of a cell: its few-shot set, start, schedule and streams, all from the cell alone."""
    settings = cell.resolved
    images, labels = few_shot(split.draws[str(cell.seed)], split.classes(part), cell.shots)
    purpose = (cell.protocol, cell.task, cell.shots)  # not the recipe: methods are compared on the same batches
    start = _axis("initialisation", RECIPES[cell.recipe].initialisation).start
    return Run(
        torch.from_numpy(images),
        torch.from_numpy(labels),
        start(backbone, settings, torch_stream(cell.seed, "start", *purpose)),
        Schedule(**{field.name: settings[field.name] for field in fields(Schedule)}),
        batches=torch_stream(cell.seed, "batches", *purpose),
        views=torch_stream(cell.seed, "views", *purpose),
    )


def solved(cell: Cell, data: TaskData) -> dict[str, np.ndarray]:
    """Predictions of a classifier that is fitted at once, on the plain features."""
    split, (part,) = data.split, cell.splits
    drawn, classes = split.draws[str(cell.seed)], split.classes(part)
    plain, test = data.features.plain.numpy(), data.features.test.numpy()
    images, labels = few_shot(drawn, classes, cell.shots)
    held_out, held_out_labels = validation(drawn, classes, cell.shots, split.most_shots)
    solve = _axis("learners", RECIPES[cell.recipe].learner).solve
    model = solve((plain[images], labels), (plain[held_out], held_out_labels), cell.resolved)
    return {part: model.predict(test[split.test_images(part)])}


def fixed(cell: Cell, data: TaskData, backbone: Backbone) -> dict[str, np.ndarray]:
    """Predictions of class features with nothing learned."""
    split, classes = data.split, _axis("learners", RECIPES[cell.recipe].learner).classes
    images = data.features.normalised_test
    with torch.inference_mode():
        return {
            part: (images[split.test_images(part)] @ classes(backbone, split.task, split.template, split.names(part)).T)
            .argmax(dim=-1)
            .numpy()
            for part in cell.splits
        }


def _axis(folder: str, name: str) -> ModuleType:
    """A member of one of the four axes."""
    return importlib.import_module(f"reprompt.{folder}.{name}")


def circumstances(started: float, **counts: object) -> dict:
    """What a job's sidecar says of the machine, the versions and the time; it may differ from run to run."""
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    return {
        **counts,
        "seconds": round(time.monotonic() - started, 2),
        "cpu_seconds": round(time.process_time(), 2),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "device": "cpu",
        "machine": platform.machine(),
        "threads": torch.get_num_threads(),
        "commit": commit or "unknown",
        "versions": {name: version(name) for name in ("torch", "open_clip_torch", "numpy", "scikit-learn")},
    }
