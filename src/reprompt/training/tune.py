"""A job from cells to records: look up what is finished, train what is missing fleet by fleet, evaluate, write.

Finished cells are kept in the cell store as soon as their fleet ends, so a job that was killed goes on where it was. A
job of which nothing is missing reads neither pictures nor features.
"""

import json
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from reprompt.cells.cell import Cell
from reprompt.cells.fleets import fleets_of
from reprompt.cells.job import Job
from reprompt.cells.parameters import Views
from reprompt.clip.backbones import Backbone
from reprompt.clip.features import PartImages, ensure_features
from reprompt.clip.manifest import PicturesOfTasks, read_listings, read_pictures, require_weights
from reprompt.data.pictures import Pictures
from reprompt.data.source import SourceInViews
from reprompt.data.sources import stored_source_of
from reprompt.data.splits import Split
from reprompt.evaluation.task_data import Pixels, TaskData
from reprompt.foundation.atomic import write_text
from reprompt.foundation.costs import circumstances
from reprompt.foundation.damage import DamagedFileError
from reprompt.planning.entry_points import code_of_cells, code_of_pictures, features_made_from
from reprompt.planning.plan import Plan
from reprompt.records.files import CellStore, EvaluatedCell, write_records
from reprompt.records.identity import Identity, identity, key, read_pictures_of, read_splits
from reprompt.records.prompts import read_prompts, write_prompts
from reprompt.records.together import check_rows, check_together
from reprompt.tasks.groups import pictures_of
from reprompt.training.checkpoint import Checkpoint
from reprompt.training.fleets import run_fleet
from reprompt.training.given import Given
from reprompt.training.groups import Groups, read_groups


@dataclass(frozen=True)
class Workplace:
    """Where a job is worked through: the folders that it reads, the cell store, the files that it leaves, the device.

    Kept prompts lie beside the records; `costs` is the sidecar with time and circumstances.
    """

    features: Path
    splits: Path
    store: Path
    records: Path
    costs: Path
    device: str = "cpu"


def tune_job(
    job: Job,
    plan: Plan,
    backbone: Backbone,
    workplace: Workplace,
    advance: Callable[[int], None],
    steps: int | None = None,
) -> None:
    """Work through the cells of a job, and leave its records, its kept prompts and what it cost.

    `backbone` is in single precision, as kept features are; it is tuned on the device in the precision of the plan.
    `steps` stops meta-training after the first so many outer steps.
    """
    started = time.monotonic()
    for part, _ in job.features:
        require_weights(workplace.features / f"{part}.json", backbone.weights_sha256, backbone.name)
    splits, given = read_splits(job, workplace.splits), replace(read_given(job, plan, backbone), steps=steps)
    pictures = read_pictures_of(job, workplace.features)
    check_together(job, splits, workplace.splits, workplace.features)
    wanted = identities(job, splits, pictures, backbone.weights_sha256, given)
    store, code = CellStore(workplace.store), code_of_cells(plan, job.experiment, job.recipe)
    keys = {cell: key(identity_of_cell, code) for cell, identity_of_cell in wanted.items()}
    evaluated = {cell: entry for cell in job.cells if (entry := _finished(store, cell, wanted[cell], keys[cell]))}
    groups = []
    if evaluated:
        groups.append(_in_sidecar(evaluated.values(), trained=False, started=started))
        advance(len(evaluated))
    missing = [cell for cell in job.cells if cell not in evaluated]
    if missing:
        tasks = read_tasks(job, plan, backbone, workplace.features, splits)
        backbone = backbone.to(workplace.device, getattr(torch, plan.parameters.precision))
        checkpoints: list[Checkpoint] = []

        def checkpoint(cells: Sequence[Cell]) -> Checkpoint:
            file = store.unfinished([keys[cell] for cell in cells])
            checkpoints.append(Checkpoint(file, plan.parameters.checkpoint_every))
            return checkpoints[-1]

        given = replace(given, checkpoint=checkpoint)
        for fleet in fleets_of(missing, plan.parameters.runs_per_fleet):
            fleet_started = time.monotonic()
            entries = [
                EvaluatedCell(cell, wanted[cell], finished.results, finished.prompt)
                for cell, finished in zip(fleet, run_fleet(fleet, tasks, backbone, given), strict=True)
            ]
            for entry in entries:
                store.put(entry.results, entry.prompt, keys[entry.cell])
                evaluated[entry.cell] = entry
            while checkpoints:
                checkpoints.pop().forget()
            groups.append(_in_sidecar(entries, trained=True, started=fleet_started))
            advance(len(fleet))
    in_order = [evaluated[cell] for cell in job.cells]
    at_most = job.cells[0].judged_images
    targets = {test: splits[test.task].test_targets(test.split, at_most) for test in job.tests}
    if job.keeps_prompts:
        kept = ((entry.cell, entry.prompt) for entry in in_order)
        write_prompts(workplace.records.with_suffix(".safetensors"), job.name, kept, backbone)
    write_records(workplace.records, plan.scale, in_order, targets, given.groups.said)
    counts = {"cells": len(in_order), "trained": len(missing)}
    sidecar = circumstances(started, backbone.device, job=job.name, **counts, fleets=groups)
    write_text(workplace.costs, json.dumps(sidecar, indent=1) + "\n")


def _finished(store: CellStore, cell: Cell, identity_of_cell: Identity, key_of_cell: str) -> EvaluatedCell | None:
    """A cell from the store; None where it is not there or damaged, which the log says: it is trained again."""
    try:
        return store.get(cell, identity_of_cell, key_of_cell)
    except DamagedFileError as damage:
        print(damage.but("the cell is trained again"), file=sys.stderr)
        return None


def _in_sidecar(group: Collection[EvaluatedCell], trained: bool, started: float) -> dict:
    """What the sidecar says of a fleet, or of all cells that were finished before; seconds since `started`."""
    tasks, seconds = sorted({entry.cell.task for entry in group}), round(time.monotonic() - started, 2)
    return {"tasks": tasks, "cells": len(group), "trained": trained, "seconds": seconds}


def identities(
    job: Job, splits: Mapping[str, Split], pictures: PicturesOfTasks, weights_sha256: str, given: Given
) -> dict[Cell, Identity]:
    """The identity of every cell of a job, for which nothing has to be trained or encoded."""
    return {
        cell: identity(cell, splits, pictures, weights_sha256, given.trained_on(cell), given.prompt(cell))
        for cell in job.cells
    }


def read_tasks(
    job: Job, plan: Plan, backbone: Backbone, features: Path, splits: Mapping[str, Split]
) -> dict[str, TaskData]:
    """Every task that a job reads; missing and damaged features are made.

    Raises ValueError where they are of other pictures than the manifest says, on which the cells' identities rest.
    """
    source = stored_source_of(plan.parameters, plan.images, code_of_pictures(plan), backbone.preparation)
    augmented = any(cell.is_augmented for cell in job.cells)
    tasks = {}
    for part, spec in job.features:
        file, views = features / f"{part}.safetensors", plan.views_of(part)
        in_manifest, listings = read_pictures(file.with_suffix(".json")), read_listings(file.with_suffix(".json"))
        images = PartImages(source, plan.parts[part], views, listings)
        data_sets = {task: name for task, name in job.data_sets.items() if plan.part_of(name) == part}
        wanted = set(map(pictures_of, data_sets.values()))
        kept = ensure_features(file, features_made_from(plan, spec, listings), backbone, images, wanted)
        if other := [task for task in plan.parts[part] if kept.pictures[task] != in_manifest[task]]:
            raise ValueError(
                f"{file.with_suffix('.json')}: the pictures of {other[0]} are not those that it was made of; have the "
                f"features made again: snakemake --cores all --forcerun features {file.with_suffix('.json')}"
            )
        for task, data_set in data_sets.items():
            shown = pictures_of(data_set)
            pixels = pixels_of(source, shown, views if augmented else None) if job.reads_pixels else None
            check_rows(task, splits[task].rows, kept.of_tasks[shown].rows, file)
            tasks[task] = TaskData(splits[task], kept.of_tasks[shown], pixels)
    return tasks


def pixels_of(source: SourceInViews, task: str, views: Views | None) -> Pixels:
    """A data set's images for learners that prompt the image tower, in the views that the feature store holds.

    Every task has its training pictures, also one that nothing is trained on: the grid holds out some of a target's.
    None is read before it is asked for.
    """
    test, train = (len(source.labels(task, split)) for split in ("test", "train"))
    return Pixels(
        Pictures(lambda _, indices: source.images(task, "test", indices), test),
        Pictures(lambda _, indices: source.images(task, "train", indices), train),
        Pictures(lambda numbers, indices: source.views(task, indices, numbers, views), train) if views else None,
    )


def read_given(job: Job, plan: Plan, backbone: Backbone) -> Given:
    """The prompts and the groups of tasks that a job needs of others."""
    by_experiment: dict[str, dict[str, Path]] = {}
    for name in job.prompts:
        by_experiment.setdefault(name.partition("/")[0], {})[name] = plan.prompts(name)
    prompts = {experiment: read_prompts(paths, backbone) for experiment, paths in by_experiment.items()}
    return Given(prompts, read_groups(plan.groups) if job.partners else Groups())
