"""Recompute every printed number from the stored predictions: no training, no images, no weights.

Predictions and labels give the records' values; these give the tables; both are compared with what is on disk. Every
output's hash is compared with `results/<scale>/provenance.jsonl`, which git keeps.
"""

from dataclasses import dataclass

import pandas as pd

from reprompt import provenance
from reprompt.data.splits import Split
from reprompt.plan.plan import Job, Plan
from reprompt.records import COLUMNS, accuracy_percent, read_predictions, read_rows

TOLERANCE = 1e-6  # records round their values to six decimals


@dataclass(frozen=True)
class Recomputed:
    """A job's rows with values recomputed from its predictions, and what did not agree."""

    rows: list[dict]
    numbers: int
    complaints: list[str]


def recompute(plan: Plan, job: Job) -> Recomputed:
    """Recompute the values of a job's records from its predictions and the labels in the split files."""
    path = plan.records(job.name)
    if not path.exists():
        return Recomputed([], 0, [f"{path}: missing; `dvc pull` restores it"])
    rows, predictions, complaints = read_rows(path), read_predictions(path), []
    planned = {(cell.task, cell.shots, cell.seed): cell for cell in job.cells}
    splits = {task: Split.read(plan.root / "data" / f"{task}.json") for task in job.tasks}
    for row in rows:
        which = f"{path}: {row['recipe']} on {row['task']}, {row['shots']} shots, seed {row['seed']}, {row['split']}"
        split, cell = splits[row["task"]], planned.pop((row["task"], row["shots"], row["seed"]), None)
        if row["data_sha256"] != split.sha256:
            complaints.append(f"{which}: made from another split file than {row['task']}.json")
        if cell and cell.resolved != row["settings"]:
            complaints.append(f"{which}: made with other parameters than params.yaml has")
        targets = split.test_targets(row["split"])
        value = accuracy_percent(predictions[row["offset"] : row["offset"] + row["images"]], targets)
        if abs(value - row["value"]) > TOLERANCE:
            complaints.append(f"{which}: stored {row['value']:.4f}, its predictions give {value:.4f}")
        row["value"] = round(value, 6)
        row["file"] = str(path)
        if cell and row["split"] != cell.splits[-1]:
            planned[row["task"], row["shots"], row["seed"]] = cell
    complaints += [f"{path}: no record of {task}, {shots} shots, seed {seed}" for task, shots, seed in planned]
    return Recomputed(rows, len(rows), complaints)


def verify(plan: Plan) -> bool:
    """Verify the active scale, print one line per table and figure, and return whether all is well."""
    from reprompt.figures import FIGURES
    from reprompt.tables import TABLES

    jobs = {job.name: recompute(plan, job) for job in plan.jobs}
    altered = [f"{path}: {why}" for path, why in provenance.differences(plan.root)]
    all_well = not altered
    for complaint in altered:
        print(f"ALTERED  {complaint}")
    for output in plan.outputs.values():
        behind = [jobs[name] for name in output.jobs]
        complaints = [complaint for one in behind for complaint in one.complaints]
        records = pd.DataFrame([row for one in behind for row in one.rows], columns=list(COLUMNS))
        complaints += _printed_complaints(plan, output.name, output.kind, records, TABLES, FIGURES)
        numbers = sum(one.numbers for one in behind)
        word = "verified" if not complaints else "WRONG   "
        print(f"{word} {output.name}: recomputed from {numbers} stored predictions of {len(behind)} record files")
        for complaint in complaints:
            print(f"         {complaint}")
        all_well &= not complaints
    print(
        "Every printed number follows from the stored predictions." if all_well else "Not everything agrees; see above."
    )
    return all_well


def _printed_complaints(
    plan: Plan, name: str, kind: str, records: pd.DataFrame, tables: dict, figures: dict
) -> list[str]:
    """Compare the CSV of a table or figure with the one that the recomputed records give."""
    path = plan.root / f"{kind}s" / f"{name}.csv"
    if records.empty:
        return [f"{path}: nothing to recompute it from"]
    if not path.exists():
        return [f"{path}: missing; `snakemake --cores all` makes it"]
    text = tables[name](records).to_csv() if kind == "table" else figures[name](records).to_csv()
    printed, recomputed = path.read_text().splitlines(), text.splitlines()
    if printed == recomputed:
        return []
    differing = sum(a != b for a, b in zip(printed, recomputed, strict=False)) + abs(len(printed) - len(recomputed))
    return [f"{path}: {differing} lines differ from what the records give"]
