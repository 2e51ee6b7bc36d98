"""The work of jobs: what it must grow with, and that all of the plan has some."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from uncut import uncut_plan

from reprompt.cells.axes import TextPrompts
from reprompt.cells.recipes import recipe_of
from reprompt.data.splits import Split
from reprompt.planning.parameters import load_parameters
from reprompt.planning.plan import make_plan
from reprompt.workflow.estimate.jobs import FleetWork, fleets, images_read, job_work, together
from reprompt.workflow.estimate.learners import front_and_own, step
from reprompt.workflow.estimate.sizes import TaskSize, real_size, size_of
from reprompt.workflow.estimate.towers import towers_of

PAPER = uncut_plan("paper")
MINIATURE = make_plan(load_parameters("params.yaml", "miniature"))


def operations(name, plan=PAPER):
    return job_work(plan, plan.job(name)).operations


@pytest.mark.parametrize("scale", ["smoke", "miniature", "paper"])
def test_every_job_of_every_scale_has_work(scale):
    plan = make_plan(load_parameters("params.yaml", scale))
    assert all(job_work(plan, job).operations > 0 for job in plan.jobs)


def test_prograd_costs_one_backward_pass_more_than_coop():
    coop, prograd = operations("few_shot/coop/RN50/part9"), operations("few_shot/prograd/RN50/part9")
    assert 1.3 < prograd / coop < 1.6


def test_an_image_tower_in_the_loop_is_what_costs():
    assert operations("elevater/vpt_deep/ViT-B-16/part9") > 20 * operations("elevater/coop_middle/ViT-B-16/part9")


def test_cocoop_costs_more_in_ten_epochs_than_coop_in_two_hundred():
    assert operations("base_to_new/cocoop/RN50/part9") > 2 * operations("base_to_new/coop/RN50/part9")


def test_steps_are_those_of_the_schedule():
    job = PAPER.job("few_shot/coop/RN50/part9")  # dtd, 47 classes
    (fleet, *_) = fleets(PAPER, job)
    steps = {cell.shots: fleet.steps(cell) for cell in job.cells}
    assert steps == {1: 50 * 1, 2: 100 * 2, 4: 100 * 5, 8: 200 * 11, 16: 200 * 23}


def test_validation_images_are_taken_out_of_the_few_shot_set():
    job = PAPER.job("elevater/coop_middle/ViT-B-16/part9")
    fleet = FleetWork(PAPER, list(job.cells))
    assert fleet.few_shot(job.cells[0]) + fleet.held_out(job.cells[0]) == 20 * 47


def test_under_imbalance_there_are_fewer_training_images():
    job = PAPER.job("imbalanced/maple/ViT-B-16/part9")
    fleet = FleetWork(PAPER, list(job.cells))
    counts = {cell.tau: fleet.few_shot(cell) for cell in job.cells}
    assert counts[1.0] > counts[0.05] > counts[0.01]


def test_a_fleet_costs_less_than_its_runs_one_by_one():
    job = PAPER.job("base_to_new/coop/RN50/part9")
    together_, apart = FleetWork(PAPER, list(job.cells)).work, [FleetWork(PAPER, [cell]).work for cell in job.cells]
    assert together_.launches < sum(work.launches for work in apart)
    assert together_.operations == pytest.approx(sum(work.operations for work in apart), rel=0.05)


def test_every_task_of_the_paper_has_a_size():
    sizes = [size_of(PAPER, task) for task in PAPER.all_tasks]
    assert all(size.classes and size.test and size.name <= size.longest for size in sizes)
    assert size_of(PAPER, "imagenet").classes == 1000
    assert (real_size("imagenet_v2").train, real_size("corpus").train) == (0, 4 * real_size("corpus").test + 4)


def test_a_pool_bounds_the_training_images():
    data = SimpleNamespace(pool=64)
    pooled = make_plan(PAPER.parameters.model_copy(update={"data": data}))
    assert size_of(pooled, "imagenet").train == 64_000
    assert size_of(pooled, "dtd").train == real_size("dtd").train


def test_the_rendered_tasks_are_as_large_as_the_plan_says():
    size = size_of(MINIATURE, "imagenet")
    assert (size.classes, size.train, size.test) == (41, 41 * 32, 41 * 19)
    assert 1 <= size.name <= size.longest


def test_a_split_file_is_believed(tmp_path, monkeypatch):
    split = Split("dtd", ["banded", "polka dotted"], "{} texture.", [0, 1, 0], [1], {}, 1)
    monkeypatch.chdir(tmp_path)
    split.write(tmp_path / "results/paper/data/dtd.json")
    assert size_of(PAPER, "dtd") == TaskSize(2, 3, 1, 1.5, 2)
    assert size_of(PAPER, "eurosat") == replace(real_size("eurosat"), train=10 * PAPER.parameters.data.pool)


def test_base_and_new_halves_make_a_whole():
    size = TaskSize(47, 940, 470, 2.0, 5)
    halves = [size.half(split) for split in ("base", "new")]
    assert [half.classes for half in halves] == [24, 23]
    assert sum(half.test for half in halves) == size.test


def test_several_tasks_are_as_one_with_all_their_classes():
    both = together([TaskSize(10, 100, 50, 1.0, 2), TaskSize(30, 300, 60, 3.0, 7)])
    assert both == TaskSize(40, 400, 110, 2.5, 7)


@pytest.mark.parametrize(("position", "shared", "own"), [("end", 17, 4), ("middle", 9, 12), ("front", 1, 20)])
def test_context_behind_the_name_is_not_shared(position, shared, own):
    size = TaskSize(10, 0, 0, 2.0, 4)
    tokens = front_and_own(TextPrompts(16, position=position), size)
    assert tokens == (shared, own, own + 2)


def test_only_jobs_that_prompt_the_image_tower_read_images():
    assert images_read(PAPER, PAPER.job("few_shot/coop/RN50/part9")) == (0, 0)
    job = PAPER.job("imbalanced/maple/ViT-B-16/part9")
    plain, views = images_read(PAPER, job)
    steps = sum(fleet.steps(cell) for fleet in fleets(PAPER, job) for cell in fleet.cells)
    assert views == steps * job.cells[0].resolved["batch"]
    assert 0.9 < plain / (1692 * len(fleets(PAPER, job))) <= 1, "base and new halves together"


def test_more_epochs_are_more_work():
    job = MINIATURE.job("gram_long/coop/ViT-B-16/part1")
    short = MINIATURE.job("gram_curves/coop/ViT-B-16/part1")
    unwatched = replace(short, cells=tuple(replace(cell, measures=()) for cell in short.cells))
    assert job_work(MINIATURE, job).steps > 3 * job_work(MINIATURE, unwatched).steps


def test_a_step_too_large_to_be_kept_goes_forward_twice():
    towers = towers_of(PAPER.parameters.backbones["ViT-B-16"])
    learner = recipe_of("cocoop").settings("learner", {"context_length": 4})
    kept, anew = (
        step(learner, towers, 1, 4, TaskSize(classes, 0, 0, 2.0, 4)).operations / classes for classes in (400, 4000)
    )
    assert anew / kept == pytest.approx(1.5, rel=0.05)


def test_a_fixed_recipe_takes_no_training_steps():
    job = PAPER.job("few_shot/zero_shot/RN50/part9")
    assert job_work(PAPER, job).steps <= 2 * len(job.cells)
