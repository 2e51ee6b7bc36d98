"""What SLURM is asked for: with margins, from a file that may be missing and may not be broken."""

import json

import pytest

from reprompt.planning.parameters import load_parameters
from reprompt.planning.plan import make_plan
from reprompt.workflow.estimate.costs import Cost, costs_of
from reprompt.workflow.estimate.memory import Memory
from reprompt.workflow.estimate.rates import REFERENCE
from reprompt.workflow.estimate.resources import Resources, asked_for, write_resources

COST = Cost("tune", "few_shot/coop/RN50/part1", "prograd", 3600.0, Memory(2e9, 1e9), 0.0, gpu=True)


def test_margins_are_added_and_steps_are_whole():
    assert asked_for(COST) == {"mem_mb": 2500, "runtime": 180, "gpu": 1}


def test_a_short_job_gets_time_to_start():
    assert asked_for(Cost("tune", "a", "b", 1.0, Memory(1e9, 0.0), 0.0))["runtime"] == 15


def test_what_was_written_is_read(tmp_path):
    write_resources(tmp_path / "paper.json", [COST], "a test")
    resources = Resources.read(tmp_path / "paper.json")
    assert resources.of("tune", COST.name, "mem_mb", 3000) == 2500
    assert resources.of("tune", COST.name, "gpu", 0) == 1


def test_every_further_attempt_gets_more_but_no_more_gpus(tmp_path):
    write_resources(tmp_path / "paper.json", [COST], "a test")
    resources = Resources.read(tmp_path / "paper.json")
    assert resources.of("tune", COST.name, "runtime", 120, attempt=2) == 360
    assert resources.of("tune", COST.name, "gpu", 0, attempt=2) == 1


def test_todays_numbers_hold_where_the_file_or_the_job_is_missing(tmp_path):
    assert Resources.read(tmp_path / "none.json").of("tune", "few_shot", "mem_mb", 3000) == 3000
    write_resources(tmp_path / "paper.json", [COST], "a test")
    resources = Resources.read(tmp_path / "paper.json")
    assert resources.of("tune", "another", "runtime", 120) == 120
    assert resources.of("features", "RN50/part1", "gpu", 0) == 0


@pytest.mark.parametrize("text", ["{", "[]", '{"about": 1}'])
def test_a_broken_file_is_named_with_the_remedy(tmp_path, text):
    (tmp_path / "paper.json").write_text(text)
    with pytest.raises(ValueError, match=r"paper.json: .* write it again or delete it"):
        Resources.read(tmp_path / "paper.json")


def test_the_same_costs_give_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        write_resources(tmp_path / name, [COST], "a test")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert json.loads((tmp_path / "one").read_text())["about"] == "a test"


def test_every_job_of_the_plan_is_in_the_costs():
    plan = make_plan(load_parameters("params.yaml", "smoke"))
    costs = costs_of(plan, REFERENCE["cuda"], "cuda")
    assert {cost.name for cost in costs if cost.rule == "tune"} == {job.name for job in plan.jobs}
    assert {cost.name for cost in costs if cost.rule == "features"} == {
        f"{job.backbone}/{part}" for job in plan.jobs for part, _ in job.features
    }
    assert all(cost.seconds > 0 and cost.memory.host > 0 for cost in costs)


def test_on_a_cpu_nothing_asks_for_a_gpu():
    plan = make_plan(load_parameters("params.yaml", "smoke"))
    assert not any(cost.gpu or cost.memory.gpu for cost in costs_of(plan, REFERENCE["cpu"], "cpu"))
