"""Which cells stand for all."""

from dataclasses import replace

import pytest

from project import PROJECT
from reprompt.planning.parameters import load_parameters
from reprompt.planning.plan import Plan, make_plan
from reprompt.workflow.attest.sampling import (
    TimedFleet,
    cell_in_request,
    chosen,
    fleets,
    pretraining_request,
    request,
    sampled,
)

PARAMETERS = PROJECT / "params.yaml"


@pytest.fixture(autouse=True)
def no_results(tmp_path, monkeypatch) -> None:
    """Costs are predicted, and no prompts are kept."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def plan() -> Plan:
    """The plan at scale smoke."""
    return make_plan(load_parameters(PARAMETERS, "smoke"))


def test_every_group_is_sampled_with_its_fewest_and_its_most_shots(plan: Plan) -> None:
    every = [fleet for job in plan.jobs for fleet in fleets(plan, job)]
    some = sampled(plan, [job.name for job in plan.jobs])
    for group in {fleet.group for fleet in every}:
        mine, all_of_it = ([f for f in which if f.group == group] for which in (some, every))
        assert min(f.fewest_shots for f in mine) == min(f.fewest_shots for f in all_of_it)
        assert max(f.most_shots for f in mine) == max(f.most_shots for f in all_of_it)
    assert len(some) < 0.8 * len(every)


def test_a_fleet_that_has_both_ends_stands_alone(plan: Plan) -> None:
    (cell,) = plan.job("few_shot/coop/ViT-B-16/part1").cells[:1]

    def fleet(shots: tuple[int, ...], seconds: float) -> TimedFleet:
        return TimedFleet("job", tuple(replace(cell, shots=number) for number in shots), seconds)

    few, many, both, dear = fleet((1, 2), 1), fleet((8, 16), 1), fleet((1, 16), 5), fleet((1, 16), 9)
    assert chosen([few, many, dear, both]) == [both]
    assert chosen([few, many, fleet((1,), 0.5)]) == [fleet((1,), 0.5), many]


def test_metrics_and_measures_make_groups_of_their_own(plan: Plan) -> None:
    job = plan.job("elevater/coop_middle/ViT-B-16/part1-targets")
    assert len({fleet.group for fleet in fleets(plan, job)}) == 3, "accuracy, area under ROC, mean average precision"


def test_prompts_that_are_passed_on_are_made_before_they_are_evaluated(plan: Plan) -> None:
    grid = [job.name for job in plan.jobs if job.experiment == "transfer_grid"]
    some = sampled(plan, grid)
    made = {(f.cells[0].recipe, cell.task, cell.seed) for f in some if f.job not in grid for cell in f.cells}
    evaluated = [f for f in some if f.job in grid]
    assert evaluated and all(f.cells for f in evaluated)
    assert {(c.recipe, c.task, c.seed) for f in evaluated for c in f.cells} <= made
    order = [f.job in grid for f in some]
    assert order == sorted(order)


def test_a_target_of_the_grid_is_also_a_source(plan: Plan) -> None:
    """Its held-out images are training images, which a job reads of the tasks that it has prompts of."""
    evaluating = [job.name for job in plan.jobs if job.experiment == "transfer_grid"]
    for name in evaluating:
        cells = [cell for fleet in sampled(plan, evaluating) if fleet.job == name for cell in fleet.cells]
        assert {test.task for cell in cells for test in cell.tests} <= {cell.task for cell in cells}
        assert cells


def test_every_learner_is_sampled_on_every_task_and_what_learns_nothing_whole(plan: Plan) -> None:
    """A change may act on the class names of one task alone."""
    every = [fleet for job in plan.jobs for fleet in fleets(plan, job)]
    some = sampled(plan, [job.name for job in plan.jobs])
    assert set().union(*(fleet.sees for fleet in some)) == set().union(*(fleet.sees for fleet in every))
    assert {cell for fleet in every for cell in fleet.cells if cell.recipe == "zero_shot"} <= {
        cell for fleet in some for cell in fleet.cells
    }
    assert len(some) < len(every)


def test_everything_is_every_fleet_and_its_sources(plan: Plan) -> None:
    grid = [job for job in plan.jobs if job.experiment == "transfer_grid"]
    some = sampled(plan, [job.name for job in grid], everything=True)
    assert {cell for f in some for cell in f.cells} >= {cell for job in grid for cell in job.cells}


def test_only_the_first_steps_of_long_trainings_are_asked_for(plan: Plan) -> None:
    (meta,) = sampled(plan, ["gram/unigram_meta/ViT-B-16/all.1"])
    assert request([meta]) == {"job": meta.job, "cells": [cell_in_request(meta.cells[0])], "steps": 20}
    assert "steps" not in request([meta], everything=True)
    coop, *_ = sampled(plan, ["base_to_new/coop/ViT-B-16/part1"])
    assert request([coop]).keys() == {"job", "cells"}
    assert pretraining_request(plan, "ViT-B-16") == {"backbone": "ViT-B-16", "steps": 20}
    assert pretraining_request(plan, "ViT-B-16", everything=True)["steps"] == 30
