"""From a scale's files to its page."""

import json
from pathlib import Path

import numpy as np
import pytest

from reprompt.figures import FIGURES
from reprompt.figures.write import write_figure
from reprompt.plan.parameters import load_parameters
from reprompt.plan.plan import make_plan
from reprompt.records import read_records, write_npz
from reprompt.report.assemble import assemble_report
from reprompt.tables import TABLES
from reprompt.tables.write import write_table

PARAMS = Path(__file__).parents[2] / "params.yaml"


@pytest.fixture
def plan(tmp_path, monkeypatch):
    """The smoke plan, with records of invented values, tables and figures in the current folder."""
    plan = make_plan(load_parameters(PARAMS, "smoke"))
    monkeypatch.chdir(tmp_path)
    for job in plan.jobs:
        rows = [
            {
                **{key: getattr(cell, key) for key in ("protocol", "recipe", "backbone", "task", "shots", "seed")},
                **{"scale": plan.scale, "split": split, "metric": "accuracy", "images": 40, "cell": f"{place}"},
                **{"value": 50.0 + cell.shots + cell.seed, "weights_sha256": "a" * 64, "data_sha256": "b" * 64},
            }
            for place, cell in enumerate(job.cells)
            for split in cell.splits
        ]
        write_npz(plan.records(job.name), rows=np.frombuffer(json.dumps(rows).encode(), np.uint8))
        costs = {"job": job.name, "seconds": 1.0, "cells": len(job.cells)}
        plan.records(job.name).with_suffix(".json").write_text(json.dumps(costs))
    for output in plan.outputs.values():
        records = read_records(plan.records(name) for name in output.jobs)
        stem = plan.root / f"{output.kind}s" / output.name
        if output.kind == "table":
            write_table(TABLES[output.name](records), stem)
        else:
            write_figure(FIGURES[output.name](records), stem)
    return plan


def test_every_output_of_the_plan_is_on_the_page_and_the_headline_beside_it(plan):
    assemble_report(plan, plan.root / "report" / "index.html")
    page = (plan.root / "report" / "index.html").read_text(encoding="utf-8")
    for name in plan.outputs:
        assert f"about-{name}" in page
    assert "scale “smoke”" in page
    assert f"{'a' * 16}" in page
    assert json.loads((plan.root / "headline.json").read_text())["scale"] == "smoke"


def test_the_page_is_the_same_the_second_time(plan):
    pages = []
    for _ in range(2):
        assemble_report(plan, plan.root / "report" / "index.html")
        pages.append((plan.root / "report" / "index.html").read_bytes())
    assert pages[0] == pages[1]
