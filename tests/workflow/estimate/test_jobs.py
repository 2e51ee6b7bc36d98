"""The work of jobs: what it must grow with, and that all of the plan has some."""

import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest
from uncut import uncut_plan

from reprompt.data.splits import Split
from reprompt.planning.parameters import load_parameters
from reprompt.planning.plan import make_plan
from reprompt.workflow.estimate.jobs import FleetWork, fleets, images_read, job_work, together
from reprompt.workflow.estimate.sizes import TaskSize, real_size, size_of
from reprompt.workflow.estimate.steps import names_like

PAPER = uncut_plan("paper")
MINIATURE = make_plan(load_parameters("params.yaml", "miniature"))


def operations(name, plan=PAPER):
    return job_work(plan, plan.job(name)).operations


def test_every_job_of_the_smallest_scale_has_work():
    plan = make_plan(load_parameters("params.yaml", "smoke"))
    works = [job_work(plan, job) for job in plan.jobs]
    assert all(work.operations + work.batched > 0 and work.launches > 0 for work in works)


def test_prograd_costs_one_backward_pass_more_than_coop():
    coop, prograd = operations("few_shot/coop/RN50/part9"), operations("few_shot/prograd/RN50/part9")
    assert 1.3 < prograd / coop < 1.6, "forward once, backward twice"


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
    cells = list(job.cells)[:2]
    together_, apart = FleetWork(PAPER, cells).work, [FleetWork(PAPER, [cell]).work for cell in cells]
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
    assert job_work(MINIATURE, job).launches > 3 * job_work(MINIATURE, unwatched).launches


def test_runs_that_go_on_alone_cost_their_share_of_what_all_cost():
    cells = list(MINIATURE.job("base_to_new/coop/ViT-B-16/part1").cells)[:4]
    four, two = (FleetWork(MINIATURE, cells[:runs]).training for runs in (4, 2))
    assert four.shared(0.5).work.launches == two.work.launches
    for kind in ("operations", "batched", "moved"):
        assert getattr(four.shared(0.5).work, kind) == pytest.approx(getattr(two.work, kind), rel=0.02)


def test_images_are_evaluated_in_turn_at_the_cost_of_all_at_once():
    fleet = FleetWork(MINIATURE, list(MINIATURE.job("gram_curves/vpt/ViT-B-16/part1").cells))
    (size, _), *_ = fleet.tests(fleet.cells[0])
    (_, whole), (_, half) = (fleet.among(size).evaluating(images) for images in (32, 16))
    for kind in ("operations", "batched", "moved"):
        assert getattr(whole.shared(0.5).work, kind) == pytest.approx(getattr(half.work, kind), rel=0.05)


def test_the_largest_step_is_one_on_images_of_every_runs_own_where_prompts_are_evaluated_elsewhere():
    fleet = fleets(MINIATURE, MINIATURE.job("transfer_grid/vpt_deep/ViT-B-16/all"))[0]
    (tested,) = fleet.tests(fleet.cells[0])
    assert fleet.peak >= fleet.validation.peak > fleet.evaluation(*tested)[1].peak


@pytest.mark.parametrize("tokens", [(10, 2.0, 4), (3, 1.0, 1), (41, 3.2, 9), (1, 2.0, 2)])
def test_names_have_as_many_tokens_as_a_tasks(tokens):
    classes, mean, longest = tokens
    size = TaskSize(classes, 0, 0, mean, longest)
    lengths = [len(name.split()) for name in names_like(size)]
    assert len(lengths) == classes and max(lengths) == longest and sum(lengths) == pytest.approx(mean * classes, abs=1)


def test_second_derivatives_take_more_than_first():
    cell = MINIATURE.job("gram/vpt-gram/ViT-B-16/all").cells[0]
    first = replace(cell, settings=cell.settings.replace('"order":"second"', '"order":"first"'))
    second_, first_ = (FleetWork(MINIATURE, [each]).episodes.outer_step for each in (cell, first))
    assert second_.work.operations > 1.1 * first_.work.operations and second_.peak > 1.4 * first_.peak


def test_a_fixed_recipe_takes_no_training_steps():
    job = PAPER.job("few_shot/zero_shot/RN50/part9")
    (fleet,) = fleets(PAPER, job)
    assert fleet.work.launches < 2000, "texts once, and a product"


def test_the_plan_is_listed_without_pytorch():
    code = "import sys; import reprompt.workflow.summary, reprompt.workflow.reproduce; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
