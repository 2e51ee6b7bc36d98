"""Recompute every printed number from the stored predictions: no training, no images, no weights.

Predictions and labels give the records' values; these give the tables; both are compared with what is on disk. Every
output's hash is compared with `results/<scale>/provenance.jsonl`, which git keeps.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from reprompt.cells.cell import Cell, TestSet
from reprompt.cells.job import Job
from reprompt.data.splits import Split
from reprompt.planning.plan import Plan
from reprompt.records.files import COLUMNS, frame_of, read_rows
from reprompt.records.identity import Identity, identity, read_pictures_of, read_splits
from reprompt.training.groups import read_groups, trained_on
from reprompt.workflow import provenance

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
    rows, complaints = read_rows(path), []
    planned = {(_which(vars(cell)), test): cell for cell in job.cells for test in cell.tests}
    splits = read_splits(job, plan.root / "data")
    identity_of = _identities(plan, job, splits)
    for row in rows:
        stored, test = row.stored, TestSet(row.stored["task"], row.stored["split"])
        which = f"{path}: {_in_words(stored)}"
        split, cell = splits[test.task], planned.pop((_which(stored), test), None)
        if not np.array_equal(row.targets, split.test_targets(test.split, cell and cell.judged_images)):
            complaints.append(f"{which}: judged by other labels than {test.task}.json has")
        if cell is None:
            complaints.append(f"{which}: a row of no cell of the plan, or a second one of the same")
        elif cell.resolved != row.identity["settings"]:
            complaints.append(f"{which}: made with other parameters than params.yaml has")
        elif differing := _differing(row.identity, identity_of(cell)):
            complaints.append(f"{which}: made from another {' and '.join(differing)} than lies there")
        if "curve" in row.measured and row.measured["curve"][-1] != np.sum(row.predictions == row.targets):
            complaints.append(f"{which}: the last point of its training curve is not its accuracy")
        for metric, value in row.recomputed.items():
            if abs(value - stored["values"].get(metric, math.inf)) > TOLERANCE:
                given = stored["values"].get(metric, math.nan)
                complaints.append(f"{which}: {metric}: stored {given:.4f}, its predictions give {value:.4f}")
        stored["values"] = row.recomputed
    complaints += [f"{path}: no record of {_in_words(vars(cell))}, {test.task}" for (_, test), cell in planned.items()]
    return Recomputed(frame_of(rows, path), sum(len(row.stored["values"]) for row in rows), complaints)


def _identities(plan: Plan, job: Job, splits: dict[str, Split]) -> Callable[[Cell], Identity]:
    """What the identities of a job's cells should be, but for prompts of other jobs, which are not all kept."""
    pictures = read_pictures_of(job, plan.root / "features" / job.backbone)
    weights = provenance.sha256(plan.root / f"backbones/{job.backbone}.safetensors")
    groups = read_groups(plan.groups) if job.partners else {}
    return lambda cell: identity(cell, splits, pictures, weights, trained_on(cell, groups), {})


def _differing(stored: Identity, now: Identity) -> list[str]:
    """The names of what differs between a stored identity and that of today."""
    names = dict.fromkeys([*stored, *now])
    return [name for name in names if name != "prompt" and stored.get(name) != now.get(name)]


def _which(of: dict) -> tuple:
    """What tells the cells of a job apart, of a cell or of a stored row."""
    return (of.get("source", of["task"]), *(of[name] for name in ("shots", "tau", "seed", "swept", "start", "group")))


def _in_words(of: dict) -> str:
    told = f"{of['recipe']} on {of['task']}, {of['shots']} shots, tau {of['tau']:g}, seed {of['seed']}"
    return ", ".join([told, *filter(None, (of["swept"], of["start"], of["group"], of.get("split")))])


def verify(plan: Plan) -> bool:
    """Verify the active scale: which records are wrong and what they go into, then each table, figure and the claims.

    Returns whether all is well.
    """
    from reprompt.claims import claims_frame, to_csv
    from reprompt.figures import FIGURES
    from reprompt.tables import TABLES

    jobs = {job.name: recompute(plan, job) for job in plan.jobs}
    altered = [f"{path}: {why}" for path, why in provenance.differences(plan.root)]
    wrong = [(complaint, _touched(plan, name)) for name, found in jobs.items() for complaint in found.complaints]
    for complaint in altered:
        print(f"ALTERED  {complaint}")
    for complaint, touched in wrong:
        print(f"WRONG    {complaint}\n         it goes into {', '.join(touched)}")
    all_well = not altered and not wrong

    def compare(name: str, path: Path, made_from: Iterable[str], print_again: Callable[[pd.DataFrame], str]) -> None:
        nonlocal all_well
        behind = [jobs[job] for job in made_from]
        records = pd.DataFrame([row for one in behind for row in one.rows], columns=list(COLUMNS))
        complaint = _differs(path, print_again(records) if len(records) or not behind else None)
        numbers = sum(one.numbers for one in behind)
        print(f"{'WRONG   ' if complaint else 'verified'} {name}: {numbers} numbers of {len(behind)} record files")
        if complaint:
            print(f"         {complaint}")
            all_well = False

    for output in plan.outputs.values():
        makers = TABLES if output.kind == "table" else FIGURES
        make = makers[output.name]
        path = plan.root / f"{output.kind}s" / f"{output.name}.csv"
        compare(output.name, path, output.jobs, lambda records, make=make: make(records).to_csv())
    compare("claims", plan.root / "claims.csv", jobs, lambda records: to_csv(claims_frame(records)))
    print(
        "Every printed number follows from the stored predictions." if all_well else "Not everything agrees; see above."
    )
    return all_well


def _touched(plan: Plan, job: str) -> list[str]:
    """What a job's records go into."""
    return [*(output.name for output in plan.outputs.values() if job in output.jobs), "claims"]


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
