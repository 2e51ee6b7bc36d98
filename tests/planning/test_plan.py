"""The plan: what the parameters come to."""

import json
from importlib.util import find_spec

import pytest
import yaml

from project import PROJECT
from reprompt.cells.parameters import BLOCKS
from reprompt.cells.recipes import recipe_of
from reprompt.cells.tuning import ParameterError
from reprompt.foundation.digests import canonical
from reprompt.planning.outputs import OUTPUTS
from reprompt.planning.parameters import load_parameters, parse_parameters
from reprompt.planning.plan import make_plan

FILE = PROJECT / "params.yaml"
PLAN = make_plan(load_parameters(FILE, "miniature"))
SWEPT_LAMBDA = ("few_shot_lambda", "few_shot_angles")


def plan_with(scale="miniature", **blocks):
    """The plan with more in some members' blocks."""
    raw = yaml.safe_load(FILE.read_text())
    for name, settings in blocks.items():
        axis = next(axis for axis in BLOCKS.values() if name in raw[axis] or (axis == "learners" and name == "coop"))
        raw[axis].setdefault(name, {}).update(settings)
    return make_plan(parse_parameters(raw, scale))


def cells_of(experiment, recipe, plan=PLAN):
    return [cell for cell in plan.cells if (cell.experiment, cell.method) == (experiment, recipe_of(recipe))]


def test_few_shot_has_every_task_shot_and_seed_of_a_learned_recipe():
    cells = cells_of("few_shot", "coop")
    assert len(cells) == len(set(cells)) == 11 * 5 * 3


def test_a_recipe_that_learns_nothing_is_one_cell_per_task():
    for experiment in ("few_shot", "imbalanced"):
        cells = cells_of(experiment, "zero_shot")
        assert [(c.shots, c.tau, c.seed, c.swept) for c in cells] == [(0, 1.0, 0, "")] * 11


def test_no_two_cells_are_the_same():
    """Neither in the plan nor, among the cells of a job, as records tell them apart."""
    assert len(set(PLAN.cells)) == len(PLAN.cells)
    for job in PLAN.jobs:
        told = {(c.task, c.shots, c.tau, c.seed, c.swept, c.start, c.group, c.judged_on) for c in job.cells}
        assert len(told) == len(job.cells), job.name


def test_every_task_is_in_exactly_one_part():
    assert sum(PLAN.parts.values(), ()) == PLAN.all_tasks
    for task in PLAN.all_tasks:
        assert task in PLAN.parts[PLAN.part_of(task)]


def test_the_shifts_of_imagenet_are_evaluated_on_and_never_trained_on():
    assert not set(PLAN.parameters.shifts) & {cell.task for cell in PLAN.cells}
    assert set(PLAN.parameters.shifts) <= {test.task for cell in PLAN.cells for test in cell.tests}


def test_test_sets_follow_from_the_protocol():
    (few_shot, *_), (base_to_new, *_), (transfer, *_) = (
        cells_of(experiment, "coop") for experiment in ("few_shot", "base_to_new", "cross_dataset")
    )
    assert (few_shot.learns, few_shot.tests) == ("all", (("imagenet", "all"),))
    assert (base_to_new.learns, base_to_new.tests) == ("base", (("imagenet", "base"), ("imagenet", "new")))
    assert (transfer.learns, transfer.tests) == ("all", tuple((task, "all") for task in PLAN.tasks))


def test_under_mvlpts_protocols_a_task_is_elevaters_data_set_and_under_coops_it_is_coops():
    plan = make_plan(load_parameters(PROJECT / "params.yaml", "paper"))
    data_sets = {}
    for job in plan.jobs:
        data_sets.setdefault(job.experiment, {}).update(job.data_sets)
    assert {data_sets[name]["dtd"] for name in ("elevater", "multitask_20", "grouped")} == {"dtd-elevater"}
    assert data_sets["few_shot"]["dtd"] == data_sets["multitask_11"]["dtd"] == "dtd"
    assert data_sets["elevater"]["mnist"] == "mnist" and data_sets["multitask_11"]["sun397"] == "sun397"
    job = next(job for job in plan.jobs if job.experiment == "grouped" and job.cells[0].task == "dtd")
    grouped = {part for part, _ in job.features}
    assert grouped == {*(f"targets{n}" for n in range(1, 13)), *(f"versions{n}" for n in range(1, 9))}
    specs = {part: json.loads(plan.features_spec("ViT-B-16", part)) for part in ("part9", "versions1")}
    assert {part: spec["resize"] for part, spec in specs.items()} == {"part9": [None], "versions1": ["squashed"]}
    assert "upright" not in specs["part9"] and specs["versions1"]["upright"] == specs["versions1"]["tasks"]


def test_rendered_tasks_have_one_version():
    assert not PLAN.parameters.versions
    assert all(task == data_set for job in PLAN.jobs for task, data_set in job.data_sets.items())


def test_the_last_batch_is_kept_of_elevaters_data_sets_alone_where_an_epoch_is_all_images():
    for scale, there in (("miniature", False), ("paper", True)):
        plan = make_plan(load_parameters(PROJECT / "params.yaml", scale))
        kept = {c.experiment for c in plan.cells if c.method.by_steps and c.tuned.last_batch == "kept"}
        elevaters = {name for name, block in plan.parameters.experiments.items() if block.version == "elevater"}
        assert kept == (elevaters - {"elevater_zero_shot"} if there else set())


def test_the_clip_rows_of_mvlpt_have_elevaters_templates_and_no_other_rows_do():
    plan = make_plan(load_parameters(PROJECT / "params.yaml", "paper"))
    several = {cell.experiment for cell in plan.cells if cell.learner.of_several_texts}
    assert several == {"elevater_zero_shot", "scaling"}


def test_a_job_reads_the_features_of_all_tasks_that_it_trains_or_evaluates_on():
    across, within = PLAN.job("cross_domain/coop/RN50/part1"), PLAN.job("few_shot/coop/ViT-B-16/part2")
    assert across.tasks_read == ("imagenet", *PLAN.parameters.shifts)
    assert [part for part, _ in across.features] == ["part1", "shifts"]
    assert within.tasks_read == PLAN.parts["part2"]
    assert [part for part, _ in within.features] == ["part2"]
    for job in PLAN.jobs:
        assert set(job.tasks_read) <= {task for part, _ in job.features for task in PLAN.parts[part]}


def test_changing_lambda_changes_the_prograd_jobs_and_no_others():
    """Where lambda is swept, the sweep decides."""
    changed = plan_with(prograd={"lambda": 0.5})
    names = {new.name for old, new in zip(PLAN.jobs, changed.jobs, strict=True) if old.spec != new.spec}
    having = [job for job in PLAN.jobs if job.recipe in ("coop+prograd", "cosine+prograd")]
    prograd = {job.name for job in having if job.experiment not in SWEPT_LAMBDA}
    assert names == prograd


def test_changing_lambda_leaves_the_cells_at_its_own_shots_alone():
    """An exception under `where` sets 16 shots: its cells stay what they are, so they are not trained again."""
    old, new = (
        {(c.task, c.shots, c.seed): canonical(c.spec) for c in cells_of("few_shot", "prograd", plan)}
        for plan in (PLAN, plan_with(prograd={"lambda": 0.5}))
    )
    assert {which[1] for which in old if old[which] == new[which]} == {16}


def test_the_name_of_an_experiment_changes_no_cell():
    raw = yaml.safe_load(FILE.read_text())
    renamed = raw["experiments"].pop("few_shot")
    raw["experiments"]["renamed"] = renamed
    raw["scales"]["miniature"].get("experiments", {}).pop("few_shot", None)
    other = make_plan(parse_parameters(raw, "miniature"))
    keys = [
        [canonical(c.spec) for c in plan.cells if c.experiment == name]
        for plan, name in ((PLAN, "few_shot"), (other, "renamed"))
    ]
    assert keys[0] == keys[1]


def test_the_modules_of_every_recipe_that_is_run_exist():
    for cell in {cell.recipe: cell for cell in PLAN.cells}.values():
        for module in cell.method.modules(cell.protocol):
            assert find_spec(f"reprompt.{module}"), module


def test_a_job_is_found_by_every_name_of_its_recipe():
    names = ("few_shot/coop-prograd/ViT-B-16/part1", "few_shot/coop+prograd/ViT-B-16/part1")
    assert {PLAN.job(name).name for name in (*names, "few_shot/prograd/ViT-B-16/part1")} == {names[0]}


def extended(experiment, recipe, scale="smoke", **changes):
    raw = yaml.safe_load(FILE.read_text())
    raw["scales"][scale]["experiments"].setdefault(experiment, {})
    raw["scales"][scale]["experiments"][experiment] |= {"methods": [recipe], **changes}
    return make_plan(parse_parameters(raw, scale))


@pytest.mark.parametrize(
    ("experiment", "recipe", "starts"),
    [
        ("imbalanced", "maple+npt+prograd", []),
        ("cross_task", "upt+prograd@multitask", ["multitask_11/upt-multitask/ViT-B-16/all"]),
        ("gram_universal", "ivlp+npt@gram", [f"gram/ivlp-gram/ViT-B-16/all.{source_seed}" for source_seed in (1, 2)]),
    ],
)
def test_a_combination_that_no_paper_has_is_planned_and_brings_the_jobs_that_make_its_start(experiment, recipe, starts):
    plan = extended(experiment, recipe)
    prompts_read = {prompts for cell in cells_of(experiment, recipe, plan) for prompts in job_of(plan, cell).prompts}
    assert cells_of(experiment, recipe, plan) and prompts_read == set(starts)
    assert all(plan.job(start).keeps_prompts for start in starts)


def job_of(plan, cell):
    return next(job for job in plan.jobs if cell in job.cells)


def test_a_start_of_another_shape_is_refused():
    raw = yaml.safe_load(FILE.read_text())
    raw["learners"]["joint"]["where"].append({"start": "gram", "context_length": 3})
    with pytest.raises(ParameterError, match=r"gram_universal.*context_length is 3, and the prompts of gram have 2"):
        _ = make_plan(parse_parameters(raw, "smoke")).jobs
    with pytest.raises(ParameterError, match=r"gram makes no prompts with \{\"context_length\":3.0\}"):
        _ = extended("gram_universal", "unigram", sweep=[{"context_length": [3]}]).jobs


def test_a_start_that_another_protocol_makes_is_refused():
    with pytest.raises(ParameterError, match=r"gram_pretraining: @gram needs an experiment of protocol meta"):
        extended("gram_universal", "unigram", starts=["gram_pretraining"])


@pytest.mark.parametrize(("tasks", "listed"), [(["corpus", "webvision"], "corpus, webvision"), ([], "none")])
def test_meta_training_on_another_number_of_tasks_than_one_is_refused(tasks, listed):
    raw = yaml.safe_load(FILE.read_text())
    raw["experiments"]["gram"]["tasks"] = tasks
    with pytest.raises(ParameterError, match=rf"experiments\.gram\.tasks: .* meta trains on one task, found {listed}$"):
        _ = make_plan(parse_parameters(raw, "miniature")).jobs


def settings_of(recipe, **block):
    return {(c.task, c.shots): c.resolved for c in cells_of("base_to_new", recipe, plan_with(**{recipe: block}))}


def test_a_method_may_set_its_own_tuning():
    tuning = PLAN.parameters.tuning["base_to_new"]
    for settings in settings_of("coop", batch=4, epochs=7, rate=0.5).values():
        assert (settings["batch"], settings["epochs"], settings["rate"]) == (4, 7, 0.5)
        assert settings["momentum"] == tuning.momentum


def test_exceptions_hold_where_they_say_and_later_ones_win():
    where = [{"shots": 16, "rate": 0.3}, {"shots": 16, "task": "dtd", "rate": 0.4}, {"tuning": "few_shot", "rate": 1}]
    rates = {which: settings["rate"] for which, settings in settings_of("coop", rate=0.2, where=where).items()}
    assert rates["dtd", 16] == 0.4
    assert rates["eurosat", 16] == 0.3
    assert rates["dtd", 4] == 0.2


def test_an_exception_of_a_block_of_tuning_holds_in_every_experiment_with_it():
    plan = plan_with("paper", coop={"where": [{"tuning": "transfer", "rate": 0.7}]})
    rates = {cell.experiment: cell.resolved["rate"] for cell in plan.cells if cell.recipe == "coop"}
    assert rates["cross_domain"] == rates["cross_dataset"] == 0.7
    assert rates["few_shot"] == rates["base_to_new"] == 0.002


def test_an_unknown_job_is_an_error():
    with pytest.raises(KeyError, match="reprompt plan"):
        PLAN.job("few_shot/copo/ViT-B-16/part1")


@pytest.mark.parametrize("scale", ["smoke", "miniature", "paper"])
def test_every_output_that_reads_an_experiment_has_jobs_of_it(scale):
    """A figure that explains a method by a drawing reads none; a scale may leave out all methods of an experiment."""
    plan = make_plan(load_parameters(FILE, scale))
    run = {name for name, experiment in plan.parameters.experiments.items() if experiment.methods}
    for output in OUTPUTS:
        read = {plan.job(name).experiment for name in plan.outputs[output.name].jobs}
        assert read == run.intersection(output.experiments), output.name


def test_every_experiment_but_those_on_request_goes_into_an_output():
    experiments = PLAN.parameters.experiments.items()
    expected = {name for name, experiment in experiments if not experiment.on_request}
    assert {name for output in OUTPUTS for name in output.experiments} == expected


def test_an_outputs_name_says_its_study_and_kind():
    assert {(output.study, output.kind) for output in OUTPUTS} == {
        (study, kind) for study in ("prograd", "npt", "mvlpt", "gram") for kind in ("table", "figure")
    }
    for output in OUTPUTS:
        assert output.name.startswith(f"{output.study}_{output.kind}")


@pytest.mark.parametrize("scale", ["smoke", "miniature", "paper"])
def test_every_job_belongs_to_the_study_that_reads_it_or_its_prompts(scale):
    plan = make_plan(load_parameters(FILE, scale))
    assert plan.studies.keys() == {job.name for job in plan.every_job}
    of_outputs = {study for job, study in plan.studies.items() if not job.startswith("gram_settings")}
    assert of_outputs == {"prograd", "npt", "mvlpt", "gram"}
    assert {study for job, study in plan.studies.items() if job.startswith("gram/")} == {"gram"}
    assert {study for job, study in plan.studies.items() if job.startswith("multitask_")} == {"mvlpt"}
