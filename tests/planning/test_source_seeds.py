"""The seeds of trained starts: which start a draw has, which clustering a source is trained on, what is told of it."""

import pytest
import yaml

from project import PROJECT
from reprompt.cells.cell import source_seed_of
from reprompt.cells.recipes import recipe_of
from reprompt.cells.tuning import ParameterError
from reprompt.planning.parameters import load_parameters, parse_parameters
from reprompt.planning.plan import make_plan

FILE = PROJECT / "params.yaml"
MINIATURE = make_plan(load_parameters(FILE, "miniature"))
SMOKE = make_plan(load_parameters(FILE, "smoke"))


@pytest.fixture(scope="module")
def evidence():
    """The miniature with ten draws, and five source seeds of what is trained on the corpus."""
    raw = yaml.safe_load(FILE.read_text())
    raw["seeds"] = list(range(1, 11))
    for name in ("gram", "meta", "multitask"):
        raw["starts"][name]["hand_over"] = "seed"
    raw["experiments"]["gram"]["seeds"] = [1, 2, 3, 4, 5]
    return make_plan(parse_parameters(raw, "miniature"))


def cells_of(plan, experiment, recipe=None):
    cells = (cell for job in plan.every_job for cell in job.cells)
    return [cell for cell in cells if cell.experiment == experiment and recipe in (None, cell.recipe)]


def test_draws_take_source_seeds_in_turn():
    assert [source_seed_of(draw, (1, 2, 3, 4, 5)) for draw in range(1, 11)] == [1, 2, 3, 4, 5, 1, 2, 3, 4, 5]
    assert [source_seed_of(draw, range(1, 11)) for draw in range(1, 11)] == list(range(1, 11))
    assert [source_seed_of(draw, (7,)) for draw in (1, 2, 7)] == [7, 7, 7]
    assert [source_seed_of(draw, (2, 4)) for draw in (1, 2, 3, 4)] == [2, 2, 2, 4], "its own, where there is one"


def test_every_draw_starts_from_its_source_seed(evidence):
    assert {(c.seed, c.source_seed) for c in cells_of(evidence, "gram_adapted")} == {
        (d, (d - 1) % 5 + 1) for d in range(1, 11)
    }
    assert {(c.seed, c.source_seed) for c in cells_of(evidence, "cross_task")} == {(d, d) for d in range(1, 11)}
    assert {cell.source_seed for cell in cells_of(evidence, "gram_ablation")} == {1}, "there is one start for all"


def test_a_source_seed_has_a_job_and_a_clustering_of_its_own(evidence):
    jobs = [job for job in evidence.jobs if job.experiment == "gram" and job.recipe == "coop+gram"]
    assert [(job.source_seed, job.split_of("corpus")) for job in jobs] == [
        (1, "corpus"),
        *((seed, f"corpus.{seed}") for seed in (2, 3, 4, 5)),
    ]
    assert all({cell.seed for cell in job.cells} == {job.source_seed} for job in jobs)
    assert evidence.source_seeds == (1, 2, 3, 4, 5)
    assert len({evidence.corpus_spec(seed) for seed in evidence.source_seeds}) == 5
    (adapted, *_) = (job for job in evidence.jobs if job.experiment == "gram_adapted")
    assert {name.rpartition("/")[2] for name in adapted.prompts} == {f"all.{n}" for n in range(1, 6)}


def test_a_clustering_of_source_seed_one_is_the_files_and_others_have_other_seeds():
    clustering = MINIATURE.parameters.gram.clustering
    assert clustering.of_source(1) == clustering
    third = clustering.of_source(3)
    assert (third.topics.seed, third.domains.seed) == (clustering.topics.seed + 2, clustering.domains.seed + 2)
    assert third.topics.model_copy(update={"seed": clustering.topics.seed}) == clustering.topics


@pytest.mark.parametrize("scale", ["miniature", "paper"])
def test_the_scales_of_the_papers_keep_one_start(scale):
    plan = make_plan(load_parameters(FILE, scale))
    assert plan.source_seeds == (1,)
    assert {cell.source_seed for cell in plan.cells} == {0}


def test_smoke_has_one_start_for_all_a_start_of_every_draw_and_the_mean():
    seeds = {name: {cell.seed for cell in cells_of(SMOKE, name)} for name in ("gram", "gram_no_domain_shift")}
    assert seeds == {"gram": {1, 2}, "gram_no_domain_shift": {1}}
    assert {(c.seed, c.source_seed) for c in cells_of(SMOKE, "gram_adapted")} == {(1, 1), (2, 2)}
    assert {(c.seed, c.source_seed) for c in cells_of(SMOKE, "gram_universal")} == {(1, 0), (2, 0)}
    assert {(c.seed, c.source_seed) for c in cells_of(SMOKE, "gram_unregulated")} == {(1, 0), (2, 0)}


def test_what_there_is_nothing_to_tell_of_is_not_in_a_specification(evidence):
    assert not [cell for cell in MINIATURE.cells if cell.of_start and not cell.start]
    (first, *_) = cells_of(MINIATURE, "gram_adapted")
    assert "source_seed" not in first.spec
    assert cells_of(evidence, "gram_adapted")[0].spec["source_seed"] == 1


# The exploration of settings


def test_settings_are_explored_by_twelve_meta_trainings_none_of_which_sees_a_downstream_task():
    made = [cell.resolved for cell in cells_of(MINIATURE, "gram_settings", "coop+gram")]
    assert {(s["inner_rate"], s["rate"], s["begins_at"]) for s in made} == {
        (alpha, rate, begins) for alpha in (0.1, 1.0) for rate in (2e-5, 2e-4) for begins in ("phrase", "random")
    }
    others = [cell.resolved for cell in cells_of(MINIATURE, "gram_settings", "vpt+gram")]
    assert len(made) + len(others) == 12
    assert {settings["begins_at"] for settings in others} == {"random"}
    names = [name for name in MINIATURE.parameters.experiments if name.startswith("gram_settings")]
    read = {task for job in MINIATURE.every_job if job.experiment in names for task in job.tasks_read}
    assert read == {"corpus_rest", "topics_1", "topics_2", "topics_3"}


def test_every_explored_start_is_adapted_and_told_apart():
    cells = cells_of(MINIATURE, "gram_settings_adapted", "coop+gram@gram")
    made = cells_of(MINIATURE, "gram_settings", "coop+gram")
    assert {cell.start_swept for cell in cells} == {cell.swept for cell in made}
    assert {cell.swept for cell in cells} == {""}
    assert {cell.resolved["rate"] for cell in cells} == {0.02}, "lambda_1 is of the start, not of the adaptation"
    assert len(cells) == len(set(cells)) == 8 * 3 * 3


def test_what_is_explored_is_run_on_request_and_in_no_table():
    asked = {name for name, experiment in MINIATURE.parameters.experiments.items() if experiment.on_request}
    assert asked == {"gram_settings", "gram_settings_adapted", "gram_settings_alone"}
    assert asked.isdisjoint(job.experiment for job in MINIATURE.jobs)
    assert asked < {job.experiment for job in MINIATURE.every_job}
    assert not [job for output in MINIATURE.outputs.values() for job in output.jobs if job.partition("/")[0] in asked]


def test_a_sweep_of_another_setting_than_the_start_has_is_refused():
    raw = yaml.safe_load(FILE.read_text())
    raw["experiments"]["gram_settings_adapted"]["sweep"] = [{"context_length": [8]}]
    plan = make_plan(parse_parameters(raw, "miniature"))
    with pytest.raises(ParameterError, match="gram_settings makes no prompts with"):
        _ = plan.jobs


def test_where_meta_training_begins_is_swept_under_protocol_meta_alone():
    raw = yaml.safe_load(FILE.read_text())
    raw["experiments"]["gram_curves"]["sweep"] = [{"begins_at": ["random"]}]
    with pytest.raises(ParameterError, match="coop has no setting 'begins_at'"):
        parse_parameters(raw, "miniature")


# Batches in GRAM's study


@pytest.mark.parametrize(("scale", "cocoop"), [("paper", 1), ("miniature", 4)])
def test_all_methods_of_grams_study_have_batches_of_four_but_cocoop(scale, cocoop):
    plan = make_plan(load_parameters(FILE, scale))
    named = [cell for cell in plan.cells if cell.experiment.startswith("gram") and cell.method.by_steps]
    for cell in named:
        expected = cocoop if cell.method.learner == "cocoop" else 32 if cell.experiment == "gram_pretraining" else 4
        assert cell.tuned.batch == expected, (cell.experiment, cell.recipe)
    coop = {cell.experiment for cell in named if cell.method == recipe_of("coop")}
    assert coop >= {"gram_curves", "gram_initialisations", "gram_long", "gram_context", "gram_transfer"}
