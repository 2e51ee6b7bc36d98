"""Collect what a scale has produced and write its report page and headline numbers."""

import hashlib
import json
from pathlib import Path

import pandas as pd

from reprompt.cells.recipes import papers_name
from reprompt.claims import read_csv
from reprompt.claims.page import write_claims_page
from reprompt.foundation.atomic import write_text
from reprompt.foundation.digests import canonical
from reprompt.planning.plan import Plan
from reprompt.records.files import read_records, read_rows
from reprompt.report.headline import headline
from reprompt.report.page import ScaleResults, Shown, report_page
from reprompt.tasks.groups import members

SHEETS = {
    "tasks": "The tasks, as they are rendered: one row per task, one picture per class.",
    "corpus": "The corpus that the miniature CLIPs are trained on: pictures and their captions.",
}


def assemble_report(plan: Plan, out: Path) -> None:
    """Write the page to `out` (results/<scale>/report/index.html) and the numbers to results/<scale>/headline.json."""
    paths = [plan.records(job.name) for job in plan.jobs]
    records = read_records(paths)
    write_text(plan.root / "headline.json", json.dumps(headline(records), indent=1, ensure_ascii=False) + "\n")
    sidecars = [path.with_suffix(".json") for path in paths]
    sheets = {caption: plan.root / "world" / f"{name}.png" for name, caption in SHEETS.items()}
    claims = read_csv((plan.root / "claims.csv").read_text())
    write_claims_page(out.with_name("claims.html"), claims, pd.read_csv(plan.root / "null.csv"))
    outputs = (*plan.corpus_figures, *plan.outputs.values())
    results = ScaleResults(
        records=records,
        outputs=[Shown(output.name, output.title, plan.root / f"{output.kind}s" / output.name) for output in outputs],
        costs=[json.loads(path.read_text()) for path in sidecars if path.exists()],
        contact_sheets={caption: path for caption, path in sheets.items() if path.exists()},
        plan_summary=plan_summary(plan),
        provenance=made_from(paths),
        claims=claims,
    )
    write_text(out, report_page(out, results))


def plan_summary(plan: Plan) -> dict[str, object]:
    """What was planned, in a few lines."""
    experiments = {job.experiment: {} for job in plan.jobs}
    for job in plan.jobs:
        experiments[job.experiment][papers_name(job.recipe)] = None
    tasks = [task for task in plan.tasks if task not in plan.missing]
    not_there = f"{', '.join(plan.missing)}; {len(plan.cells_waiting):,} cells wait for them"
    return {
        "tasks": f"{len(tasks)} of {len(members('datasets11'))}: {', '.join(tasks)}",
        **({"data sets that are not there": not_there} if plan.missing else {}),
        "seeds": ", ".join(map(str, plan.parameters.seeds)),
        **{experiment: ", ".join(recipes) for experiment, recipes in experiments.items()},
        "jobs and cells": f"{len(plan.jobs)} jobs, {len(plan.cells):,} cells",
    }


def made_from(paths: list[Path]) -> dict[str, str]:
    """Short hashes of what the numbers were computed from: the weights, the test sets, and the records themselves."""
    weights, tests, all_records = set(), set(), hashlib.sha256()
    for path in sorted(paths):
        all_records.update(path.read_bytes())
        for row in read_rows(path):
            weights.add(row.identity["weights"])
            tests |= set(map(canonical, row.identity["test"]))
    data = hashlib.sha256("\n".join(sorted(tests)).encode()).hexdigest()
    return {
        "SHA-256 of the weights": ", ".join(digest[:16] for digest in sorted(weights)),
        "SHA-256 of the test sets": f"{data[:16]} ({len(tests)} sets)",
        "SHA-256 of the records": f"{all_records.hexdigest()[:16]} ({len(paths)} files)",
    }
