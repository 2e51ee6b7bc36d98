"""From a scale's files to its page."""

import json

import numpy as np
import pytest

from project import PROJECT
from reprompt.cells.cell import Cell
from reprompt.claims import claims_frame, null_frame, to_csv
from reprompt.evaluation.metrics import RANKING, ranked
from reprompt.figures import FIGURES
from reprompt.figures.write import write_figure
from reprompt.planning.parameters import load_parameters
from reprompt.planning.plan import make_plan
from reprompt.records.files import EvaluatedCell, Result, read_records, write_records
from reprompt.report.assemble import assemble_report
from reprompt.tables import TABLES
from reprompt.tables.write import write_table
from rule import RULE

PARAMS = PROJECT / "params.yaml"
TARGETS = np.arange(40) % 4


def invented(cell: Cell, task: str, random: np.random.Generator) -> Result:
    """Predictions of 40 images in 4 classes, and whatever the cell's experiment measures."""
    epochs = cell.resolved.get("epochs", 1)
    measured = {
        "curve": {"curve": random.integers(0, 40, epochs)},
        "angle": {"angle": random.uniform(60, 120, epochs)},
        "collapse": {"text_cosines": random.uniform(0, 1, 6), "own_cosines": random.uniform(0, 1, 4)},
        "features": {"class_features": random.normal(size=(4, 8)), "image_features": random.normal(size=(40, 8))},
        "grad_cam": {
            "grad_cam": random.uniform(size=(2, 8, 8)),
            "grad_cam_images": random.integers(0, 255, (2, 8, 8, 3)),
            "grad_cam_labels": np.arange(2),
        },
        "similarity": {"label_similarity": random.uniform(size=1), "image_similarity": random.uniform(size=1)},
    }
    kept = {name: array for measure in cell.measures for name, array in measured[measure].items()}
    if own := cell.metric(task):
        judged = {"predictions": random.integers(0, 4, 40), "targets": TARGETS}
        if own in RANKING:
            judged = ranked(random.uniform(size=(40, 4)), TARGETS)
        if {own, *cell.beside(task)} & {*RANKING}:
            kept |= ranked(random.uniform(size=(40, 4)), TARGETS)
        kept |= {f"validation_{name}": array for name, array in judged.items()}
    return Result(random.integers(0, 4, 40), kept)


def identity_of(cell):
    """What the page reads of an identity, and what tells cells apart."""
    tests = [test._asdict() for test in cell.tests]
    return {**cell.spec, "settings": cell.resolved, "weights": "a" * 64, "test": tests}


@pytest.fixture
def plan(tmp_path, monkeypatch):
    """The smoke plan, with records of invented values, tables and figures in the current folder."""
    plan = make_plan(load_parameters(PARAMS, "smoke"))
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    for job in plan.jobs:
        targets = dict.fromkeys(job.tests, TARGETS)
        judged = [
            EvaluatedCell(cell, identity_of(cell), {test: invented(cell, test.task, random) for test in cell.tests})
            for cell in job.cells
        ]
        write_records(plan.records(job.name), plan.scale, judged, targets)
        costs = {"job": job.name, "seconds": 1.0, "cells": len(job.cells)}
        plan.records(job.name).with_suffix(".json").write_text(json.dumps(costs))
    for output in plan.outputs.values():
        records = read_records(plan.records(name) for name in output.jobs)
        stem = plan.root / f"{output.kind}s" / output.name
        if output.kind == "table":
            write_table(TABLES[output.name](records), stem)
        else:
            write_figure(FIGURES[output.name](records), stem)
    for figure in plan.corpus_figures:  # the page only links them
        (plan.root / "figures" / f"{figure.name}.png").touch()
    records = read_records(plan.records(job.name) for job in plan.jobs)
    (plan.root / "claims.csv").write_text(to_csv(claims_frame(records, RULE)))
    (plan.root / "null.csv").write_text(to_csv(null_frame(records, RULE.worlds)))
    return plan


def test_every_output_of_the_plan_is_on_the_page_and_the_headline_beside_it(plan):
    assemble_report(plan, plan.root / "report" / "index.html")
    page = (plan.root / "report" / "index.html").read_text(encoding="utf-8")
    for name in (*plan.outputs, *(figure.name for figure in plan.corpus_figures)):
        assert f"about-{name}" in page
    assert "scale “smoke”" in page
    assert f"{'a' * 16}" in page
    of_claims = (plan.root / "report" / "claims.html").read_text(encoding="utf-8")
    assert "ProGrad" in of_claims and "How often the rule errs" in of_claims
    assert json.loads((plan.root / "headline.json").read_text())["scale"] == "smoke"


def test_the_page_is_the_same_the_second_time(plan):
    pages = []
    for _ in range(2):
        assemble_report(plan, plan.root / "report" / "index.html")
        pages.append((plan.root / "report" / "index.html").read_bytes())
    assert pages[0] == pages[1]
