"""Verification: a number that does not follow from the predictions is found, and named."""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from reprompt.data.splits import Split
from reprompt.plan.parameters import load_parameters, parse_parameters
from reprompt.plan.plan import make_plan
from reprompt.records import Judged, read_predictions, read_rows, write_npz, write_records
from reprompt.verify import recompute

PARAMETERS = Path(__file__).parents[1] / "params.yaml"
PLAN = make_plan(load_parameters(PARAMETERS, "smoke"))
JOB = PLAN.job("base_to_new/coop/ViT-B-16/part1")
NAMES = ["a", "b", "c"]


@pytest.fixture
def results(tmp_path, monkeypatch):
    """The records of a job with invented predictions, where the plan expects them."""
    monkeypatch.chdir(tmp_path)
    rng, splits = np.random.default_rng(0), {}
    for task in PLAN.tasks:
        splits[task] = Split(task, NAMES, "{}.", [0, 1, 2], [0, 1, 2] * 5, {"1": [[0], [1], [2]]}, 16)
        splits[task].write(PLAN.root / "data" / f"{task}.json")
    targets = {(task, part): splits[task].test_targets(part) for task in PLAN.tasks for part in ("base", "new")}
    judged = [
        Judged(cell, "key", {part: rng.integers(0, 2, len(targets[cell.task, part])) for part in cell.splits})
        for cell in JOB.cells
    ]
    hashes = {"data": {task: split.sha256 for task, split in splits.items()}, "weights": "w"}
    write_records(PLAN.records(JOB.name), "smoke", judged, targets, hashes)
    return PLAN.records(JOB.name)


def test_untouched_records_are_right(results):
    found = recompute(PLAN, JOB)
    assert found.complaints == []
    assert found.numbers == 2 * len(JOB.cells)


def test_one_changed_value_is_named(results):
    rows = read_rows(results)
    rows[3]["value"] += 1
    text = np.frombuffer(json.dumps(rows).encode(), np.uint8)
    write_npz(results, rows=text, predictions=read_predictions(results))
    (complaint,) = recompute(PLAN, JOB).complaints
    assert rows[3]["task"] in complaint
    assert f"seed {rows[3]['seed']}" in complaint
    assert "its predictions give" in complaint


def test_one_changed_prediction_is_named(results):
    predictions = read_predictions(results).copy()
    predictions[0] = 1 - predictions[0]
    with np.load(results) as file:
        write_npz(results, rows=file["rows"], predictions=predictions)
    assert len(recompute(PLAN, JOB).complaints) == 1


def test_other_labels_are_noticed(results):
    path = PLAN.root / "data" / f"{PLAN.tasks[0]}.json"
    path.write_text(path.read_text().replace('"{}."', '"a {}."'))
    complaints = recompute(PLAN, JOB).complaints
    assert all("another split file" in complaint for complaint in complaints)
    assert complaints


def test_other_parameters_are_noticed(results):
    raw = yaml.safe_load(PARAMETERS.read_text())
    raw["protocols"]["base_to_new"]["tuning"]["batch"] = 7
    other = make_plan(parse_parameters(raw, "smoke"))
    complaints = recompute(other, other.job(JOB.name)).complaints
    assert all("other parameters" in complaint for complaint in complaints)
    assert len(complaints) == 2 * len(JOB.cells)


def test_missing_records_name_the_remedy(results):
    results.unlink()
    (complaint,) = recompute(PLAN, JOB).complaints
    assert "dvc pull" in complaint
