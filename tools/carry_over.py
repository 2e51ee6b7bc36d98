"""Carry results of schema 1 over to schema 2, with nothing trained: used once in a folder, docs/schema.md says when.

    python tools/carry_over.py --scale miniature --made-by COMMIT

COMMIT is the commit whose code made the results, by which `snakemake -n` has nothing to do. Manifests of features get
the digests of the pictures (which are drawn or read once more), records the identities of their cells in place of
keys; predictions, labels and what was measured stay as they are. What is stored is checked against what lies there:
splits, weights, settings. The list of outputs then says that COMMIT made them, and `reprompt attest` shows that
today's code gives the same.

The prompts that one job passes on to another and that are not kept (of those that the transferability grid judges)
have no digest: "not kept" stands in its place, so these cells are judged anew when their job has to run again.
"""

import argparse
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from reprompt.cells.cell import Cell
from reprompt.cells.job import Job
from reprompt.cells.parameters import Views
from reprompt.clip.backbones import load
from reprompt.clip.manifest import digest_of_picture, manifest
from reprompt.data.source import SourceInViews
from reprompt.data.sources import stored_source_of
from reprompt.foundation.arrays import write_npz
from reprompt.foundation.atomic import write_text
from reprompt.foundation.schema import SCHEMA
from reprompt.planning.parameters import load_parameters
from reprompt.planning.plan import Plan, make_plan
from reprompt.records.files import json_array
from reprompt.records.identity import Identity, identity, read_pictures_of, read_splits
from reprompt.records.prompts import read_prompts
from reprompt.training.given import Given
from reprompt.training.groups import read_groups
from reprompt.workflow import provenance

AT_ONCE = 4096  # pictures in memory
NOT_KEPT = "not kept"
BEFORE = "schema 1"  # in place of a hash of the code
TOLD = ("source", "shots", "tau", "seed", "swept", "start", "group")  # what tells cells apart in the rows of a job


def main() -> None:
    """Carry over the scale that the command names."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--scale", required=True)
    arguments.add_argument("--made-by", required=True, metavar="COMMIT")
    given = arguments.parse_args()
    plan = make_plan(load_parameters("params.yaml", given.scale))
    if wrong := provenance.differences(plan.root):
        sys.exit(f"{wrong[0][0]}: {wrong[0][1]}")
    carry_manifests(plan)
    for job in plan.jobs:
        carry_records(plan, job)
        print(job.name, flush=True)
    register(plan, given.made_by)


def carry_manifests(plan: Plan) -> None:
    """Write every manifest of features with the digests of the part's pictures."""
    source = stored_source_of(plan.parameters, plan.images)
    pictures = {}
    for path in sorted((plan.root / "features").glob("*/*.json")):
        part, old = path.stem, json.loads(path.read_text())
        spec, backbone = plan.features_spec(path.parent.name, part), path.parent.name
        if old["weights_sha256"] != weights_of(plan, backbone):
            sys.exit(f"{path}: made with other weights than those in backbones/{backbone}.safetensors")
        if part not in pictures:
            print(f"pictures of {part}", flush=True)
            pictures[part] = {task: digests(source, task, plan.views_of(part)) for task in plan.parts[part]}
        write_text(path, manifest(spec, old["weights_sha256"], pictures[part]))


def digests(source: SourceInViews, task: str, views: Views | None) -> dict[str, str]:
    """The digests of a task's pictures, as `task_features` gives them, which encodes besides."""
    found = {kind: hashlib.sha256() for kind in ("train", "views", "test")}
    counts = {split: len(source.labels(task, split)) for split in ("train", "test")}

    def add(kind: str, count: int, read) -> None:
        for start in range(0, count, AT_ONCE):
            images = read(range(start, min(start + AT_ONCE, count)))
            found[kind].update("".join(map(digest_of_picture, images)).encode())

    for split, count in counts.items():
        add(split, count, lambda some, split=split: source.images(task, split, some))
    for view in range(views.count if views else 0):
        add("views", counts["train"], lambda some, view=view: source.views(task, some, [view] * len(some), views))
    return {kind: digest.hexdigest()[:20] for kind, digest in found.items()}


def carry_records(plan: Plan, job: Job) -> None:
    """Write a job's records with the identities of its cells."""
    path = plan.records(job.name)
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    if "rows" not in arrays:
        return  # done before
    rows, splits = json.loads(arrays.pop("rows").tobytes()), read_splits(job, plan.root / "data")
    identities = identities_of(plan, job)
    places = {told(vars(cell) | {"source": cell.task}, cell.tests): n for n, cell in enumerate(job.cells)}
    of_key: dict[str, list[dict]] = {}
    for row in rows:
        of_key.setdefault(row["cell"], []).append(row)
    for of_cell in of_key.values():
        place = places[told(of_cell[0], [(row["task"], row["split"]) for row in of_cell])]
        for row in of_cell:
            kept = identities[job.cells[place]]
            if row.pop("settings") != kept["settings"] or row.pop("weights_sha256") != kept["weights"]:
                sys.exit(f"{path}: {row['task']}: made with other settings or weights than the plan has")
            if row.pop("data_sha256") != splits[row["task"]].sha256:
                sys.exit(f"{path}: {row['task']}: made from another split file")
            row["cell"] = place
    if len(of_key) != len(job.cells):
        sys.exit(f"{path}: {len(of_key)} cells, the plan has {len(job.cells)}")
    about = {"schema": SCHEMA, "cells": [identities[cell] for cell in job.cells], "rows": rows}
    write_npz(path, about=json_array(about), **arrays)


def told(of: dict, tests) -> tuple:
    """What tells a cell apart in its job, of a cell or of its rows."""
    return (*(of[name] for name in TOLD), tuple(sorted(map(tuple, tests))))


def identities_of(plan: Plan, job: Job) -> dict[Cell, Identity]:
    """The identities of a job's cells."""
    splits, pictures = (
        read_splits(job, plan.root / "data"),
        read_pictures_of(job, plan, plan.root / "features" / job.backbone),
    )
    weights, prompts = weights_of(plan, job.backbone), {}
    if job.prompts and all(plan.prompts(name).exists() for name in job.prompts):
        backbone = load(plan.root / f"backbones/{job.backbone}.safetensors", job.backbone)
        by_experiment: dict[str, list[Path]] = {}
        for name in job.prompts:
            by_experiment.setdefault(name.partition("/")[0], []).append(plan.prompts(name))
        prompts = {experiment: read_prompts(paths, backbone) for experiment, paths in by_experiment.items()}
    given = Given(prompts, read_groups(plan.groups) if job.partners else {})
    found = {}
    for cell in job.cells:
        prompt = given.prompt(cell) if prompts or not job.prompts else {}
        found[cell] = identity(cell, splits, pictures, weights, given.trained_on(cell), prompt)
        if job.prompts and not prompts:
            found[cell]["prompt"] = NOT_KEPT
    return found


def weights_of(plan: Plan, backbone: str) -> str:
    """The hash of a backbone's weights."""
    return provenance.sha256(plan.root / f"backbones/{backbone}.safetensors")


def register(plan: Plan, commit: str) -> None:
    """Have Snakemake take the files for its own, then say that `commit` made them, by code of no hash of today's."""
    entries = provenance.load(plan.root)
    passed_on = [output for output, entry in entries.items() if entry["sha256"] is None]
    for output in entries.keys() - set(passed_on):
        entries[output]["sha256"] = provenance.sha256(output)
    provenance.write(plan.root, entries)
    touch = ["snakemake", "--touch", "--forceall", "--cores", "1", "--config", f"scale={plan.scale}"]
    subprocess.run(touch, check=True)
    entries = provenance.load(plan.root)
    for output in passed_on:  # what Snakemake knows of the other outputs of its job
        beside = entries[str(Path(output).with_suffix(".npz"))]
        entries[output] = beside | {"output": output, "sha256": None}
    for entry in entries.values():
        code = entry["made"]["code"]
        entry["made"] |= dict.fromkeys({"code", "cells"} & entry["made"].keys(), BEFORE) | {"commit": commit}
        entry["params"] = sorted(repr(BEFORE) if value == repr(code) else value for value in entry["params"])
        provenance.change_params(entry["output"], entry["params"])
    provenance.write(plan.root, entries)


if __name__ == "__main__":
    main()
