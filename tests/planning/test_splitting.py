"""Long jobs are cut and short ones put together, and nothing is lost, doubled or trained otherwise for it."""

import pytest
from uncut import uncut_plan

from reprompt.cells.fleets import fleets_of
from reprompt.cells.tuning import ParameterError
from reprompt.foundation.digests import canonical
from reprompt.planning.parameters import load_parameters
from reprompt.planning.plan import make_plan
from reprompt.planning.splitting import merged, piece_names, pieces

PLAN = make_plan(load_parameters("params.yaml", "paper"))
UNCUT = uncut_plan("paper")
JOB = UNCUT.job("few_shot/coop/RN50/part2")  # 5 shots x 3 seeds
GRID = next(job for job in UNCUT.jobs if job.experiment == "transfer_grid")


@pytest.mark.parametrize("runs_per_job", [1, 4, 7, 15, 1000, None])
@pytest.mark.parametrize("job", [JOB, GRID], ids=lambda job: job.experiment)
def test_every_cell_is_in_exactly_one_piece(job, runs_per_job):
    cut = pieces(job.cells, 20, runs_per_job)
    assert sorted(canonical(cell.spec) for piece in cut for cell in piece) == sorted(
        canonical(cell.spec) for cell in job.cells
    )


@pytest.mark.parametrize("runs_per_job", [1, 4, 7])
def test_no_piece_has_more_runs_than_it_may(runs_per_job):
    assert max(map(len, pieces(JOB.cells, 20, runs_per_job))) <= runs_per_job


def test_a_fleet_that_fits_is_not_cut():
    whole = {frozenset(fleet) for fleet in fleets_of(GRID.cells, 20)}
    cut = [fleet for piece in pieces(GRID.cells, 20, 50) for fleet in fleets_of(piece, 20)]
    assert {frozenset(fleet) for fleet in cut} == whole


def test_a_piece_keeps_the_order_of_its_job():
    order = {cell: place for place, cell in enumerate(GRID.cells)}
    for piece in pieces(GRID.cells, 20, 50):
        assert [order[cell] for cell in piece] == sorted(order[cell] for cell in piece)


def test_nothing_changes_where_nothing_is_asked_for():
    assert pieces(JOB.cells, 20, None) == [JOB.cells]
    assert piece_names("part2", 1) == ["part2"]


def test_a_job_of_no_runs_is_refused():
    with pytest.raises(ValueError, match="runs_per_job"):
        pieces(JOB.cells, 20, 0)


def test_a_cells_address_does_not_depend_on_the_piece_it_is_in():
    assert [canonical(cell.spec) for piece in pieces(JOB.cells, 20, 4) for cell in piece] == [
        canonical(cell.spec) for cell in JOB.cells
    ]


def test_pieces_are_numbered():
    assert piece_names("targets", 3) == ["targets.1", "targets.2", "targets.3"]


def test_parts_are_put_together_up_to_a_number_of_tasks():
    parts = [("part1", ["a"]), ("part2", ["b"]), ("part3", ["c"]), ("targets", ["d", "e", "f", "g"])]
    assert merged(parts, 2) == [("part1-part2", ["a", "b"]), ("part3", ["c"]), ("targets", ["d", "e", "f", "g"])]
    assert merged(parts, 7) == [("part1-targets", list("abcdefg"))]
    assert [name for name, _ in merged(parts, 1)] == [name for name, _ in parts]


def test_a_cut_plan_has_the_same_cells():
    assert len(PLAN.cells) == len(UNCUT.cells)
    assert set(PLAN.cells) == set(UNCUT.cells)


def test_a_cut_plan_names_its_jobs_apart_and_knows_those_whose_prompts_it_reads():
    names = [job.name for job in PLAN.jobs]
    assert len(set(names)) == len(names)
    assert {prompts for job in PLAN.jobs for prompts in job.prompts} <= set(names)


def test_a_job_reads_all_pieces_that_made_its_starts():
    made = {
        canonical(cell.spec)
        for name in PLAN.job("source_tasks/coop_source/ViT-B-16/targets1").prompts
        for cell in PLAN.job(name).cells
    }
    assert made == {
        canonical(cell.spec)
        for cell in UNCUT.cells
        if cell.experiment in ("multitask_10", "multitask_1") and cell.recipe == "coop_middle+multitask"
    }


def test_experiments_of_the_paper_have_no_more_runs_in_a_job_than_they_say():
    for name, of in PLAN.parameters.experiments.items():
        if of.runs_per_job:
            sizes = [len(job.cells) for job in PLAN.jobs if job.experiment == name]
            assert max(sizes) <= of.runs_per_job, name
            assert len(sizes) > len([job for job in UNCUT.jobs if job.experiment == name]) or of.tasks_per_job, name


def with_changed(experiment, **changes):
    experiments = PLAN.parameters.experiments
    changed = experiments[experiment].model_copy(update=changes)
    return make_plan(PLAN.parameters.model_copy(update={"experiments": experiments | {experiment: changed}}))


def test_prompts_that_nobody_makes_are_named():
    plan = with_changed("multitask_10", backbones=("RN50",))
    with pytest.raises(ParameterError, match=r"experiments\.multitask_10: .* needs prompts of coop_middle\+multitask"):
        plan.jobs  # noqa: B018


def test_prompts_that_only_a_start_asks_for_are_made():
    plan = with_changed("multitask_10", methods=("vpt_deep+multitask",))
    assert {cell.recipe for cell in plan.cells} == {cell.recipe for cell in PLAN.cells}
    assert set(plan.cells) == set(PLAN.cells)
