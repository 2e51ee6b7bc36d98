"""A table or figure as it is finished, in two lines: what it is, where it lies, and the first of its results."""

import csv
from pathlib import Path

from reprompt.planning.plan import Plan
from reprompt.workflow.snakemake import Started

PRINTED = {"table": "html", "figure": "png", "corpus_figure": "png"}  # of the rules, what a person looks at
COUNTED = ("published", "regenerated", "low", "high", "seeds")  # what is measured; other columns say of what


def announced(plan: Plan, job: Started) -> str | None:
    """What is printed of a finished job: None where it made neither a table nor a figure."""
    if job.rule not in PRINTED:
        return None
    (name,) = job.wildcards.values()
    titles = {output.name: output.title for output in (*plan.outputs.values(), *plan.corpus_figures)}
    shown = next(output for output in job.outputs if output.endswith(f".{PRINTED[job.rule]}"))
    numbers = next(Path(output) for output in job.outputs if output.endswith(f"{name}.csv"))
    result = first_result(numbers)
    return f"{name}: {titles[name]} | {shown}" + (f"\n    {result}" if result else "")


def first_result(file: Path) -> str:
    """The first gain of a table in words, or the first number of a figure; empty where it has neither.

    The first, not the best: nobody picks it.
    """
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    row = next((row for row in rows if row.get("pattern")), rows[0] if rows else {})
    if not row.get("regenerated"):
        return ""
    words = f"{_of_what(row)}: {_number(row)}"
    return f"{words}, {row['pattern']}" if row.get("pattern") else words


def _of_what(row: dict[str, str]) -> str:
    """The names before the numbers; in a figure, whose names are plain values, with those of the columns."""
    in_table = {"block", "row", "column"} <= row.keys()
    names = list(row)[: min(list(row).index(name) for name in COUNTED if name in row)]
    return ", ".join(row[name] if in_table else f"{name} {row[name]}" for name in names if row[name])


def _number(row: dict[str, str]) -> str:
    """`69.69 ± 0.78`, in the digits of the file; a name where a table has names."""
    value = row["regenerated"]
    if not row.get("low"):
        return value.replace("-", "−") if value.startswith("-") else value
    digits = len(value.partition(".")[2])
    return f"{value} ± {(float(row['high']) - float(row['low'])) / 2:.{digits}f}".replace("-", "−")
