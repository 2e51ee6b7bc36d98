"""The report: one static page that opens from a folder, with nothing loaded from anywhere else."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from reprompt.cells.recipes import from_path, recipe_of
from reprompt.claims import counts
from reprompt.claims.verdict import VERDICTS
from reprompt.report.headline import headline, headline_rows, in_figures, seeds_in_words
from reprompt.report.heatmaps import heatmaps
from reprompt.tables.html import embedded
from reprompt.tables.methods import METHODS

OPENS = ("templates/*.html",)
STUDIES = {
    "prograd": "ProGrad: Prompt-aligned Gradient for Prompt Tuning (ICCV 2023, arXiv:2205.14865)",
    "gram": "GRAM: Gradient-Regulated Meta-Prompt Learning (ICCV 2023)",
    "mvlpt": "MVLPT: Multitask Vision-Language Prompt Tuning (WACV 2024)",
    "npt": "NPT: Neural-collapse-anchored Prompt Tuning",
}
# Figures that the page draws itself: a template, and what it shows of the points in the figure's csv.
INTERACTIVE = {"mvlpt_figure4": ("heatmaps.html", heatmaps)}


@dataclass(frozen=True)
class Shown:
    """A table or figure on the page: its output name (`prograd_table1`), its title and the stem of its files."""

    name: str
    title: str
    stem: Path

    @property
    def is_table(self) -> bool:
        return self.name.partition("_")[2].startswith("table")

    @property
    def label(self) -> str:
        """What the paper calls it, "Figure 1a"; what no paper has goes by its subject: "Figure: similarity"."""
        kind, number, subject = re.match(r"(table|figure)(\d*[a-z]?)_?(.*)", self.name.partition("_")[2]).groups()
        return f"{kind.title()} {number}" if number else f"{kind.title()}: {subject}"


@dataclass(frozen=True)
class ScaleResults:
    """What one scale has produced, as far as its page shows it.

    `records` are those of all jobs; `outputs` the tables (STEM.html exists) and figures (STEM.png);
    `costs` the sidecars of the jobs, with seconds; `contact_sheets` captions to pictures; `plan_summary` and
    `provenance` lines of two short tables, label to value; `claims` what became of every claim.
    """

    records: pd.DataFrame
    outputs: Sequence[Shown]
    costs: Sequence[Mapping]
    contact_sheets: Mapping[str, Path]
    plan_summary: Mapping[str, object]
    provenance: Mapping[str, object]
    claims: pd.DataFrame


def report_page(out: Path, results: ScaleResults) -> str:
    """The page of one scale as text, to stand at `out`; pictures are linked by their paths relative to it.

    Raises FileNotFoundError for a table or figure whose files are missing, and ValueError for records of several scales
    or backbones.
    """
    records = results.records
    numbers = headline(records)
    templates = Environment(
        loader=PackageLoader("reprompt.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return templates.get_template("report.html").render(
        scale=numbers["scale"] or "no records",
        real=numbers["scale"] == "paper",
        numbers=numbers,
        seeds=seeds_in_words(numbers),
        headline_rows=[row | {"tone": _tone(row["verdict"])} for row in headline_rows(numbers, on_the_page=True)],
        harmonic_rows=harmonic_rows(numbers),
        studies=_by_study(out, results.outputs),
        sheets=[(caption, _relative(out, path)) for caption, path in results.contact_sheets.items()],
        plan_summary=results.plan_summary,
        provenance=results.provenance,
        claims=claim_rows(results.claims),
        verdicts=VERDICTS,
        totals={
            "numbers": len(records),
            "cells": records["cell"].nunique(),
            "images": int(records["images"].sum()),
        },
        costs=cost_rows(results.costs),
        circumstances=circumstances(results.costs),
    )


def claim_rows(claims: pd.DataFrame) -> list[dict]:
    """How many claims of each paper hold, are contradicted, are inconclusive or were not run: a row per paper."""
    return [
        {"label": STUDIES.get(paper, paper).partition(":")[0], "counts": [int(row[verdict]) for verdict in VERDICTS]}
        for paper, row in counts(claims).iterrows()
    ]


def harmonic_rows(numbers: Mapping) -> list[dict]:
    """H of each method by both definitions."""
    means, of_means = numbers["H"]["mean_of_H"], numbers["H"]["H_of_means"]
    return [
        {"label": METHODS[recipe].label, "mean_of_H": in_figures(value), "H_of_means": in_figures(of_means[recipe])}
        for recipe, value in means.items()
    ]


def cost_rows(costs: Iterable[Mapping]) -> list[dict]:
    """Seconds and cells by experiment and recipe, in the order of the jobs, with the share of the longest for a bar."""
    groups: dict[str, dict] = {}
    for cost in costs:
        experiment, *rest = str(cost["job"]).split("/")
        label = f"{experiment}, {recipe_of(from_path(rest[0])).label}" if rest else experiment
        group = groups.setdefault(label, {"label": label, "jobs": 0, "cells": 0, "seconds": 0.0})
        group["jobs"] += 1
        group["cells"] += cost.get("cells", 0)
        group["seconds"] += cost["seconds"]
    longest = max((group["seconds"] for group in groups.values()), default=1) or 1
    return [group | {"share": round(100 * group["seconds"] / longest)} for group in groups.values()]


def circumstances(costs: Iterable[Mapping]) -> dict[str, str]:
    """Devices, threads, commits and versions that the jobs ran with; more than one where jobs differ."""
    costs = list(costs)

    def distinct(values: Iterable[object]) -> str:
        return ", ".join(sorted({str(value) for value in values})) or "not recorded"

    lines = {
        "device": distinct(cost["device"] for cost in costs if "device" in cost),
        "processor, instructions, threads, BLAS": distinct(cost["machine"] for cost in costs if "machine" in cost),
        "threads per job": distinct(cost["threads"] for cost in costs if "threads" in cost),
        "commit": distinct(str(cost["commit"])[:12] for cost in costs if "commit" in cost),
    }
    packages = sorted({name for cost in costs for name in cost.get("versions", {})})
    for name in packages:
        lines[name] = distinct(cost["versions"][name] for cost in costs if name in cost.get("versions", {}))
    return lines


def _by_study(out: Path, outputs: Sequence[Shown]) -> list[dict]:
    """The studies in the order of their first output, each with what report.html shows of its tables and figures."""
    studies: dict[str, dict] = {}
    for shown in outputs:
        key = shown.name.split("_")[0]
        title = STUDIES.get(key, key)
        study = studies.setdefault(key, {"title": title, "short": title.partition(":")[0], "outputs": []})
        main = Path(f"{shown.stem}.{'html' if shown.is_table else 'png'}")
        if not main.exists():
            raise FileNotFoundError(f"{main} is missing; `snakemake --cores all` makes it")
        study["outputs"].append(
            {
                "name": shown.name,
                "label": shown.label,
                "title": shown.title,
                "table": embedded(main.read_text(encoding="utf-8")) if shown.is_table else "",
                "drawn": _drawn(shown),
                "picture": "" if shown.is_table else _relative(out, main),
                "files": [
                    (path.name.removeprefix(shown.name + "."), _relative(out, path))
                    for end in (("csv", "details.csv", "html") if shown.is_table else ("csv", "png"))
                    if (path := Path(f"{shown.stem}.{end}")).exists()
                ],
            }
        )
    return list(studies.values())


def _drawn(shown: Shown) -> dict | None:
    """The template that draws a figure on the page, and what it shows; None where its picture is shown instead."""
    if shown.name not in INTERACTIVE:
        return None
    template, content_of = INTERACTIVE[shown.name]
    points = pd.read_csv(f"{shown.stem}.csv")
    return {"template": template, **content_of(points)} if len(points) else None


def _relative(out: Path, path: Path) -> str:
    return Path(os.path.relpath(path, out.parent)).as_posix()


def _tone(verdict: str) -> str:
    if "against published" in verdict:
        return "against"
    return "as" if "as published" in verdict else "open"
