"""Collect what a scale has produced and write its report page and headline numbers."""

import hashlib
import json
from pathlib import Path

from reprompt.atomic import write_text
from reprompt.plan.plan import Plan
from reprompt.published import DATASETS_11
from reprompt.records import read_records, read_rows
from reprompt.report.headline import headline
from reprompt.report.page import Shown, write_report

SHEETS = {
    "world_tasks": "The tasks, as they are rendered: one row per task, one picture per class.",
    "world_corpus": "The corpus that the miniature CLIPs are trained on: pictures and their captions.",
}


def assemble_report(plan: Plan, out: Path) -> None:
    """Write the page to `out` (results/<scale>/report/index.html) and the numbers to results/<scale>/headline.json."""
    paths = [plan.records(job.name) for job in plan.jobs]
    records = read_records(paths)
    records = records[records["backbone"] == plan.backbones[0]]
    write_text(plan.root / "headline.json", json.dumps(headline(records), indent=1, ensure_ascii=False) + "\n")
    sidecars = [path.with_suffix(".json") for path in paths]
    sheets = {words: plan.root / "figures" / f"{name}.png" for name, words in SHEETS.items()}
    write_report(
        out,
        records,
        [Shown(one.name, one.title, plan.root / f"{one.kind}s" / one.name) for one in plan.outputs.values()],
        [json.loads(path.read_text()) for path in sidecars if path.exists()],
        {words: path for words, path in sheets.items() if path.exists()},
        plan_summary(plan),
        made_from(paths),
    )


def plan_summary(plan: Plan) -> dict[str, object]:
    """What was planned, in a few lines."""
    protocols = {job.protocol: [] for job in plan.jobs}
    for job in plan.jobs:
        if job.recipe not in protocols[job.protocol]:
            protocols[job.protocol].append(job.recipe)
    return {
        "tasks": f"{len(plan.tasks)} of {len(DATASETS_11)}: {', '.join(plan.tasks)}",
        "seeds": ", ".join(map(str, plan.parameters.seeds)),
        **{protocol.replace("_", "-"): ", ".join(recipes) for protocol, recipes in protocols.items()},
        "jobs and cells": f"{len(plan.jobs)} jobs, {len(plan.cells):,} cells",
    }


def made_from(paths: list[Path]) -> dict[str, str]:
    """Short hashes of what the numbers were computed from: the weights, the split files, and the records themselves."""
    weights, splits, all_records = set(), set(), hashlib.sha256()
    for path in sorted(paths):
        all_records.update(path.read_bytes())
        for row in read_rows(path):
            weights.add(row["weights_sha256"])
            splits.add((row["task"], row["data_sha256"]))
    data = hashlib.sha256(json.dumps(sorted(splits)).encode()).hexdigest()
    return {
        "SHA-256 of the weights": ", ".join(digest[:16] for digest in sorted(weights)),
        "SHA-256 of the split files": f"{data[:16]} ({len({task for task, _ in splits})} tasks)",
        "SHA-256 of the records": f"{all_records.hexdigest()[:16]} ({len(paths)} files)",
    }
