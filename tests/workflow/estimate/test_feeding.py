"""Reading is measured on photographs, and set beside the largest step of every learner that sees pictures."""

import json

import pytest

from project import PROJECT
from reprompt.cells.parameters import Views
from reprompt.data.preparation import Preparation
from reprompt.planning.parameters import load_parameters
from reprompt.planning.plan import make_plan
from reprompt.workflow.estimate import feeding
from reprompt.workflow.estimate.feeding import Needed, Reading, bench_input, measured
from reprompt.workflow.estimate.rates import reference


def test_what_is_kept_decoded_is_read_faster(monkeypatch):
    monkeypatch.setattr(feeding, "PHOTOGRAPHS", 8)
    reading = measured(Preparation(64), 1, Views(count=4, smallest_crop=0.08, flip=0.5))
    assert 0 < reading.decoded < reading.kept


def test_a_learner_is_fed_as_far_as_reading_is_fast_enough(monkeypatch, tmp_path, capsys):
    needs = [Needed("vpt", 15, 60, 0.5), Needed("maple", 15, 60, 0.05), Needed("upt", 3, 60, 0.005)]
    monkeypatch.setattr(feeding, "measured", lambda *_: Reading(224, 8, decoded=200.0, kept=2000.0))
    monkeypatch.setattr(feeding, "needed", lambda *_: needs)
    plan = make_plan(load_parameters(PROJECT / "params.yaml", "paper"))
    bench_input(plan, reference("cpu"), tmp_path / "input.json")
    fed = {line.split()[1]: line.split()[-2] for line in capsys.readouterr().out.splitlines() if line.startswith("│")}
    assert (fed["vpt"], fed["maple"], fed["upt"]) == ("yes", "kept", "no")
    assert json.loads((tmp_path / "input.json").read_text())["steps"][1]["images"] == 60


def test_rendered_pictures_are_refused():
    plan = make_plan(load_parameters(PROJECT / "params.yaml", "smoke"))
    with pytest.raises(ValueError, match="the pictures of scale smoke are rendered; take --scale paper"):
        bench_input(plan, reference("cpu"))
