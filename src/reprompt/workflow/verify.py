"""Recompute every printed number from the stored predictions: no training, no images, no weights.

Predictions and labels give the records' values; these give the tables; both are compared with what is on disk. Every
output's hash is compared with `results/<scale>/provenance.jsonl`, which git keeps. And every file that has checksums is
read: features, kept prompts, images, finished cells.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from reprompt.cells.cell import Cell, TestSet
from reprompt.cells.job import Job
from reprompt.data.splits import Split
from reprompt.foundation.damage import DamagedFileError
from reprompt.planning.plan import Plan
from reprompt.records.files import COLUMNS, RecordRow, frame_of, read_rows
from reprompt.records.identity import Identity, identity, read_pictures_of, read_splits
from reprompt.records.together import check_together
from reprompt.training.groups import Groups, read_groups, trained_on
from reprompt.workflow import provenance
from reprompt.workflow.damaged import damaged_files

TOLERANCE = 1e-6  # records round their values to six decimals


@dataclass(frozen=True)
class Recomputed:
    """A job's rows with values recomputed from its predictions, and what did not agree."""

    rows: list[dict]
    numbers: int
    complaints: list[str]


def recompute(plan: Plan, job: Job) -> Recomputed:
    """Recompute the values of a job's records from its predictions and the labels in the split files.

    What the records say that their cells were made from is compared with what lies there.
    """
    path = plan.records(job.name)
    if not path.exists():
        return Recomputed([], 0, [f"{path}: missing; `dvc pull` restores it"])
    try:
        rows, complaints = read_rows(path), []
    except DamagedFileError as damage:
        return Recomputed([], 0, [str(damage)])
    planned = {(cell_within_job(vars(cell)), test): cell for cell in job.cells for test in cell.tests}
    splits = read_splits(job, plan.root / "data")
    groups = read_groups(plan.groups) if job.partners else Groups()
    identity_of = _identities(plan, job, splits, groups)
    for row in rows:
        stored, test = row.stored, TestSet(row.stored["task"], row.stored["split"])
        cell = planned.pop((cell_within_job(stored), test), None)
        targets = splits[test.task].test_targets(test.split, cell and cell.judged_images)
        where = f"{path}: {cell_in_words(stored)}"
        complaints += [f"{where}: {complaint}" for complaint in _complaints(row, cell, targets, identity_of)]
        if row.stored.get("partners_by", "") != groups.said:
            complaints.append(f"{where}: with partners that were chosen otherwise than those of {plan.groups}")
        stored["values"] = row.recomputed
    complaints += [
        f"{path}: no record of {cell_in_words(vars(cell))}, {test.task}" for (_, test), cell in planned.items()
    ]
    return Recomputed(frame_of(rows, path), sum(len(row.stored["values"]) for row in rows), complaints)


def _complaints(
    row: RecordRow, cell: Cell | None, targets: np.ndarray, identity_of: Callable[[Cell], Identity]
) -> Iterator[str]:
    """What of a row does not agree with its cell, if it has one, and with the true labels of its test set."""
    if not np.array_equal(row.targets, targets):
        yield f"judged by other labels than {row.stored['task']}.json has"
    if cell is None:
        yield "a row of no cell of the plan, or a second one of the same"
    elif cell.resolved != row.identity["settings"]:
        yield "made with other parameters than params.yaml has"
    elif differing := _differing(row.identity, identity_of(cell)):
        yield f"made from another {' and '.join(differing)} than lies there"
    if "curve" in row.measured and row.measured["curve"][-1] != np.sum(row.predictions == row.targets):
        yield "the last point of its training curve is not its accuracy"
    for metric, value in row.recomputed.items():
        if abs(value - row.stored["values"].get(metric, math.inf)) > TOLERANCE:
            given = row.stored["values"].get(metric, math.nan)
            yield f"{metric}: stored {given:.4f}, its predictions give {value:.4f}"


def _identities(plan: Plan, job: Job, splits: dict[str, Split], groups: Groups) -> Callable[[Cell], Identity]:
    """What the identities of a job's cells should be, but for prompts of other jobs, which are not all kept."""
    features = plan.root / "features" / job.backbone
    pictures = read_pictures_of(job, features)
    check_together(job, splits, plan.root / "data", features)
    weights = provenance.sha256(plan.root / f"backbones/{job.backbone}.safetensors")
    return lambda cell: identity(cell, splits, pictures, weights, trained_on(cell, groups), {})


def _differing(stored: Identity, now: Identity) -> list[str]:
    """The names of what differs between a stored identity and that of today."""
    names = dict.fromkeys([*stored, *now])
    return [name for name in names if name != "prompt" and stored.get(name) != now.get(name)]


def cell_within_job(fields: dict[str, Any]) -> tuple:
    """What sets a cell apart within its job, given the fields of the cell or of a stored row."""
    others = (fields[name] for name in ("shots", "tau", "seed", "swept", "start", "group"))
    return (fields.get("source", fields["task"]), *others)


def cell_in_words(fields: dict[str, Any]) -> str:
    """A cell in words, given its fields or those of a stored row, which also names a test set."""
    cell = f"{fields['recipe']} on {fields['task']}, {fields['shots']} shots, tau {fields['tau']:g}"
    others = filter(None, (fields["swept"], fields["start"], fields["group"], fields.get("split")))
    return ", ".join([f"{cell}, seed {fields['seed']}", *others])


def verify(plan: Plan) -> bool:
    """Verify the active scale: which files are damaged, which records are wrong and what they go into, then each table,
    figure and the claims.

    Returns whether all is well.
    """
    from reprompt.claims import claims_frame, null_frame, to_csv
    from reprompt.figures import FIGURES
    from reprompt.tables import TABLES

    jobs = {job.name: recompute(plan, job) for job in plan.jobs}
    altered = [f"{path}: {why}" for path, why in provenance.differences(plan.root)]
    damaged = list(damaged_files(plan))
    wrong = [(complaint, _touched(plan, name)) for name, job in jobs.items() for complaint in job.complaints]
    for complaint in altered:
        print(f"ALTERED  {complaint}")
    for damage in damaged:
        print(f"DAMAGED  {damage}")
    for complaint, touched in wrong:
        print(f"WRONG    {complaint}\n         it goes into {', '.join(touched)}")
    all_well = not (altered or damaged or wrong)
    for output in plan.outputs.values():
        make = (TABLES if output.kind == "table" else FIGURES)[output.name]
        path = plan.root / f"{output.kind}s" / f"{output.name}.csv"
        behind = [jobs[name] for name in output.jobs]
        all_well &= _verify_csv(output.name, path, behind, lambda records, make=make: make(records).to_csv())
    rule, every = plan.parameters.verdicts, [*jobs.values()]
    for name, judged in {
        "claims": lambda records: claims_frame(records, rule, plan.missing),
        "null": lambda records: null_frame(records, rule.worlds, plan.missing),
    }.items():
        path = plan.root / f"{name}.csv"
        all_well &= _verify_csv(name, path, every, lambda records, judged=judged: to_csv(judged(records)))
    print(
        "Every printed number follows from the stored predictions." if all_well else "Not everything agrees; see above."
    )
    return all_well


def _verify_csv(
    name: str, path: Path, behind: Sequence[Recomputed], print_again: Callable[[pd.DataFrame], str]
) -> bool:
    """Print whether a CSV is what the recomputed records behind it give; returns it."""
    records = pd.DataFrame([row for job in behind for row in job.rows], columns=list(COLUMNS))
    complaint = _differs(path, print_again(records) if len(records) or not behind else None)
    numbers = sum(job.numbers for job in behind)
    print(f"{'WRONG   ' if complaint else 'verified'} {name}: {numbers} numbers of {len(behind)} record files")
    if complaint:
        print(f"         {complaint}")
    return not complaint


def _touched(plan: Plan, job: str) -> list[str]:
    """What a job's records go into."""
    return [*(output.name for output in plan.outputs.values() if job in output.jobs), "claims", "null"]


def _differs(path: Path, recomputed: str | None) -> str:
    """How a printed CSV differs from the one that the recomputed records give; empty if it does not."""
    if recomputed is None:
        return f"{path}: nothing to recompute it from"
    if not path.exists():
        return f"{path}: missing; `snakemake --cores all` makes it"
    ours, theirs = path.read_text().splitlines(), recomputed.splitlines()
    if ours == theirs:
        return ""
    differing = sum(a != b for a, b in zip(ours, theirs, strict=False)) + abs(len(ours) - len(theirs))
    return f"{path}: {differing} lines differ from what the records give"
