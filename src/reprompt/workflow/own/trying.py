"""`reprompt try`: methods on a task, as a table, as JSON, and as a page with curves and confusions."""

import json
from pathlib import Path

from rich.console import Console
from rich.table import Table

from reprompt.cells.recipes import papers_name
from reprompt.data.splits import Split
from reprompt.foundation.atomic import write_text
from reprompt.workflow.own.outcome import Outcome, confusions, curves, outcomes
from reprompt.workflow.own.page import Shown, write_page
from reprompt.workflow.own.study import Done, Place, Study, plan_of, run, tasks_of


def try_methods(study: Study, place: Place) -> tuple[list[Outcome], Path]:
    """Run a study; its outcomes, and the page that shows them, with the outcomes as JSON beside it."""
    plan = plan_of(study, place)
    done = run(study, plan, place)
    records, split = done.frame, Split.read(done.splits / f"{tasks_of(study)[0]}.json")
    found = outcomes(records, seconds_of(done))
    backbone = ", ".join(dict.fromkeys(job.backbone for job in plan.jobs))
    matrices = confusions(records, len(split.class_names))
    shown = Shown(study.task, f"{backbone} ({plan.scale})", found, curves(records), matrices, split.class_names)
    page = write_page(shown, done.folder)
    write_text(page.with_name("outcomes.json"), json.dumps([row.as_json for row in found], indent=1) + "\n")
    return found, page


def seconds_of(done: Done) -> dict[str, float]:
    """The seconds that training took, by method as records call it."""
    seconds: dict[str, float] = {}
    for job in done.plan.jobs:
        trained = (fleet["seconds"] for fleet in done.costs(job)["fleets"] if fleet["trained"])
        name = papers_name(job.recipe)
        seconds[name] = seconds.get(name, 0.0) + sum(trained)
    return seconds


def print_outcomes(found: list[Outcome], page: Path) -> None:
    """The table on a terminal, and where the page is."""
    table = Table("method", *("shots", "accuracy, %", "± draws", "± pictures", "seconds"))
    for column in table.columns[1:]:
        column.justify = "right"
    for row in found:
        half = "" if row.half_width is None else f"{row.half_width:.1f}"
        shots, seconds = str(row.shots or ""), f"{row.seconds:.0f}" if row.seconds else ""
        table.add_row(row.method, shots, f"{row.accuracy:.1f}", half, f"{row.low:.1f} to {row.high:.1f}", seconds)
    Console().print(table)
    draws = max(row.draws for row in found)
    print(f"{found[0].images} test pictures, {draws} draws of the training pictures; curves and confusions: {page}")
