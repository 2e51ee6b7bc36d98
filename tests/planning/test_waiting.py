"""Cells that wait for data sets which are not there, and what is run without them."""

import pytest
import yaml

from project import PROJECT
from reprompt.planning.parameters import parse_parameters
from reprompt.planning.plan import make_plan

RAW = yaml.safe_load((PROJECT / "params.yaml").read_text())
KEPT = (
    *("few_shot", "base_to_new", "cross_dataset", "elevater", "elevater_zero_shot", "multitask_20", "transfer_grid"),
    *("adapted", "grouped", "grouped_adapted", "gram", "gram_supervised", "gram_ablation", "gram_no_domain_shift"),
)
FROM_START = ("adapted", "grouped_adapted")


def plan(missing=()):
    """A part of the paper's plan: few shots and seeds, as the cells differ in nothing else."""
    raw = RAW | {"seeds": [1, 2], "experiments": {name: RAW["experiments"][name] for name in KEPT}}
    raw["experiments"]["few_shot"] = RAW["experiments"]["few_shot"] | {"methods": ["coop", "zero_shot"], "shots": [1]}
    paper = RAW["scales"]["paper"]
    own = {name: block for name, block in paper["experiments"].items() if name in KEPT}
    raw["scales"] = {"paper": paper | {"experiments": own}}
    return make_plan(parse_parameters(raw, "paper"), dict.fromkeys(missing, "is not there"))


WHOLE = plan()
OF_11 = ("stanford_cars", "food101", "ucf101", "sun397", "fgvc_aircraft", "oxford_pets", "imagenet")


def experiments_of(cells):
    return {cell.experiment for cell in cells}


def test_a_cell_waits_for_what_it_is_trained_on_and_the_rest_is_as_it_was():
    there = plan(OF_11)
    few_shot = [cell for cell in there.cells if cell.experiment == "few_shot"]
    assert {cell.task for cell in few_shot} == {"caltech101", "flowers102", "dtd", "eurosat"}
    waiting = [cell for cell, _ in there.cells_waiting]
    assert set(waiting).isdisjoint(there.cells)
    assert {cell for cell in WHOLE.cells if cell.experiment == "few_shot"} == {*few_shot} | {
        cell for cell in waiting if cell.experiment == "few_shot"
    }


def test_when_a_set_arrives_the_new_cells_are_those_that_read_it_and_no_job_is_called_otherwise():
    before, after = plan(["eurosat", "dtd"]), plan(["dtd"])
    new = set(after.cells) - set(before.cells)
    assert new and all("eurosat" in {*cell.trained_on, *(test.task for test in cell.tests)} for cell in new)
    gone = set(before.cells) - set(after.cells)  # evaluated on nine of ten targets before
    assert experiments_of(gone) == {"cross_dataset"}
    names = [job.name for job in WHOLE.every_job]
    assert [name for name in names if name in {job.name for job in before.every_job}] == [
        job.name for job in before.every_job
    ]
    assert {"few_shot/coop/RN50/part1-part11"} <= {job.name for job in before.jobs} & {job.name for job in after.jobs}


def test_draws_are_as_deep_as_with_every_data_set():
    """20 shots are ELEVATER's: with none of its sets there they still count, as its cells come later."""
    elevaters = [data_set for data_set in WHOLE.all_tasks if data_set in (*WHOLE.parameters.targets,)]
    without = plan([*elevaters, *WHOLE.parameters.versions])
    assert max(cell.shots for cell in without.cells if cell.experiment not in ("gram", "gram_supervised")) < 20
    assert without.most_shots_of_labelled == WHOLE.most_shots_of_labelled == 20


def test_prompts_that_leave_a_missing_source_are_left_out_with_all_that_shows_them():
    there = plan(["imagenet"])
    assert "cross_dataset" not in experiments_of(there.cells)
    assert "prograd_table4" in WHOLE.outputs and "prograd_table4" not in there.outputs
    waits = {missing for cell, missing in there.cells_waiting if cell.experiment == "cross_dataset"}
    assert waits == {("imagenet",)}


def test_prompts_that_leave_their_task_are_evaluated_on_the_targets_that_are_there():
    there = plan(["sun397", "dtd"])
    (tests,) = {cell.tests for cell in there.cells if cell.experiment == "cross_dataset"}
    assert len(tests) == 9 and {"sun397", "dtd"}.isdisjoint(test.task for test in tests)


def test_a_source_prompt_and_partners_wait_for_every_one_of_their_tasks():
    """Of 20 tasks five are there: single tasks, and their pairs of the grid, are run on five."""
    there_are = ("mnist", "cifar10", "voc2007", "dtd-elevater", "eurosat-elevater")
    elevaters = {
        WHOLE.job(name).data_sets[task] for name in WHOLE.jobs_of("elevater") for task in WHOLE.job(name).tasks_read
    }
    assert len(elevaters) == 20
    there = plan(sorted(elevaters - {*there_are}))
    single = {cell.task for cell in there.cells if cell.experiment == "elevater"}
    assert single == {"mnist", "cifar10", "voc2007", "dtd", "eurosat"}
    pairs = {(cell.task, *cell.judged_on) for cell in there.cells if cell.experiment == "transfer_grid"}
    assert pairs == {(source, target) for source in single for target in single}
    assert experiments_of(there.cells).isdisjoint({"multitask_20", "grouped", *FROM_START})
    assert "mvlpt_table2" in there.outputs and "mvlpt_table3" not in there.outputs
    (grid, *_) = (job for job in there.jobs if job.experiment == "transfer_grid")
    assert set(grid.prompts) <= {job.name for job in there.jobs}


def test_what_starts_from_a_missing_corpus_waits_and_the_same_from_another_start_does_not():
    without_web, without_pairs = plan(["webvision"]), plan(["corpus"])
    assert {cell.start for cell in without_web.cells if cell.experiment == "gram_ablation"} == {"gram_no_domain_shift"}
    assert {cell.start for cell in without_pairs.cells if cell.experiment == "gram_ablation"} == {"gram_supervised"}
    assert without_web.has_corpus and not without_pairs.has_corpus and not without_pairs.corpus_figures


def test_a_job_that_waits_is_named_with_what_it_waits_for():
    there = plan(["imagenet"])
    with pytest.raises(KeyError, match="cross_dataset/coop/RN50/part1 waits for imagenet"):
        there.job("cross_dataset/coop/RN50/part1")


def test_with_nothing_missing_the_plan_is_the_whole():
    assert WHOLE.whole is WHOLE and not WHOLE.waiting
    there = plan(["dtd"])
    assert there.whole.cells == WHOLE.cells
