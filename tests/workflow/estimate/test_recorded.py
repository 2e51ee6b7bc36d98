"""The estimate is held against what jobs cost, and what cannot be compared is left out."""

import json
import math

import pytest
from rich.console import Console

from reprompt.planning.parameters import load_parameters
from reprompt.planning.plan import make_plan
from reprompt.workflow.estimate.printing import print_errors
from reprompt.workflow.estimate.rates import REFERENCE
from reprompt.workflow.estimate.recorded import MIB, STARTING_CPU, errors_of, recorded
from reprompt.workflow.estimate.run import estimate
from reprompt.workflow.estimate.seconds import job_seconds

PLAN = make_plan(load_parameters("params.yaml", "smoke"))
RATES = REFERENCE["cpu"]


def write(folder, job, times=1.0, **other):
    """A sidecar that says a job took so many times what is predicted."""
    seconds = times * job_seconds(PLAN, job, RATES)
    costs = {"cells": len(job.cells), "trained": len(job.cells), "peak_memory_mb": 1000}
    costs |= {"seconds": seconds, "cpu_seconds": seconds + STARTING_CPU} | other
    path = (folder / PLAN.records(job.name).relative_to("results")).with_suffix(".json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(costs))


@pytest.fixture
def all_count(monkeypatch):
    """Short jobs count too."""
    monkeypatch.setattr("reprompt.workflow.estimate.recorded.TO_COUNT", 0.0)


def test_a_job_that_took_what_is_predicted_has_no_error(tmp_path, all_count):
    job = PLAN.jobs[1]
    write(tmp_path, job)
    errors = errors_of(recorded(PLAN, RATES, tmp_path))
    assert errors.jobs == 1
    assert errors.median_error == pytest.approx(0, abs=1e-9)
    assert errors.seconds == pytest.approx(errors.predicted) == pytest.approx(errors.cpu_seconds)


def test_a_job_that_took_twice_as_long_is_half_predicted(tmp_path, all_count):
    write(tmp_path, PLAN.jobs[1], times=2.0)
    assert errors_of(recorded(PLAN, RATES, tmp_path)).median_error == pytest.approx(0.5)


def test_jobs_that_found_cells_finished_are_left_out(tmp_path):
    write(tmp_path, PLAN.jobs[0], trained=0)
    assert recorded(PLAN, RATES, tmp_path) == []


def test_a_broken_sidecar_is_left_out(tmp_path):
    write(tmp_path, PLAN.jobs[0])
    (tmp_path / PLAN.records(PLAN.jobs[0].name).relative_to("results")).with_suffix(".json").write_text("{")
    assert recorded(PLAN, RATES, tmp_path) == []


def test_no_records_give_an_empty_table_and_no_crash(tmp_path):
    console = Console(width=160, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    print_errors(recorded(PLAN, RATES, tmp_path), console)
    assert "0 jobs" in console.export_text()
    assert math.isnan(errors_of([]).median_error)


def test_memory_is_compared_in_the_unit_that_is_recorded(tmp_path):
    write(tmp_path, PLAN.jobs[0])
    (job,) = recorded(PLAN, RATES, tmp_path)
    assert job.memory == 1000 and 800 < job.predicted_memory < 2000
    assert MIB == 1024**2


def test_the_command_prints_rules_studies_and_errors_and_writes_what_it_is_asked_to(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    write(tmp_path, PLAN.jobs[0])
    estimate(PLAN, "cuda", calibrate=False, write=tmp_path / "smoke.json", records=tmp_path)
    printed = capsys.readouterr().out
    assert all(word in printed for word in ("By rule", "features", "prograd", "median error", "not measured"))
    assert set(json.loads((tmp_path / "smoke.json").read_text())["rules"]["tune"]) == {job.name for job in PLAN.jobs}


def test_no_image_is_rendered_and_no_weight_is_read(monkeypatch, capsys):
    for what in ("reprompt.clip.weights.read", "reprompt.miniature.tasks.render_images"):
        monkeypatch.setattr(what, lambda *_, what=what, **__: pytest.fail(f"called {what}"))
    estimate(PLAN, "cpu", calibrate=False, write=None, records=None)
    assert "By rule" in capsys.readouterr().out


def test_a_folder_in_which_no_job_ran_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="name the folder that holds smoke/records"):
        estimate(PLAN, "cpu", calibrate=False, write=None, records=tmp_path / "smoke")
