"""What cells of the papers' tables are set to, where paper and released code disagree or an exception was forgotten."""

from functools import cache

import pytest
import yaml

from project import PROJECT
from reprompt.cells.cell import Cell
from reprompt.planning.parameters import load_parameters, parse_parameters
from reprompt.planning.plan import make_plan

FILE = PROJECT / "params.yaml"
SCALES = ("miniature", "paper")


@cache
def cells(scale: str) -> tuple[Cell, ...]:
    return make_plan(load_parameters(FILE, scale)).cells


def of(scale: str, experiment: str, recipe: str, **fields) -> list[Cell]:
    """The cells of a recipe in an experiment with these fields; there are some."""
    chosen = [
        cell
        for cell in cells(scale)
        if (cell.experiment, cell.recipe) == (experiment, recipe)
        and all(getattr(cell, name) == value for name, value in fields.items())
    ]
    assert chosen
    return chosen


def values(found: list[Cell], setting: str) -> set:
    return {cell.resolved[setting] for cell in found}


@pytest.mark.parametrize(
    ("experiment", "fields", "epochs"),
    [
        ("base_to_new", {"shots": 4, "task": "dtd"}, 100),
        ("base_to_new", {"shots": 4, "task": "imagenet"}, 50),
        ("cross_domain", {"shots": 4}, 50),
        ("cross_dataset", {"shots": 4}, 50),
        ("base_to_new", {"shots": 16}, 10),
        ("gram_base_to_new", {}, 10),
        ("imbalanced", {}, 5),
    ],
)
def test_cocoop_trains_as_prograds_released_configurations_where_prograd_prints_it(experiment, fields, epochs):
    found = of("paper", experiment, "cocoop", **fields)
    assert values(found, "epochs") == {epochs}
    assert values(found, "batch") == {4 if experiment == "imbalanced" else 1}


def test_cocoops_own_ten_epochs_come_back_without_the_exceptions():
    raw = yaml.safe_load(FILE.read_text())
    raw["learners"]["cocoop"]["where"] = []
    plan = make_plan(parse_parameters(raw, "paper"))
    found = [cell for cell in plan.cells if cell.recipe == "cocoop" and cell.protocol != "meta"]
    assert {cell.tuned.epochs for cell in found} == {10}


@pytest.mark.parametrize("scale", SCALES)
def test_lambda_is_as_section_4_1_says_whatever_is_compared(scale):
    """1, and 0.8 at 16 shots: of the oracle, without augmentation and on the cosine classifier, too."""
    seen = set()
    for cell in cells(scale):
        if cell.method.gradient in ("prograd", "prograd_ensemble", "prograd_oracle") and '"lambda"' not in cell.swept:
            assert cell.resolved["lambda"] == (0.8 if cell.shots == 16 else 1), cell
            seen.add((cell.experiment, cell.recipe, cell.shots == 16))
    for experiment, recipe in (
        ("few_shot", "coop+prograd"),
        ("few_shot", "coop+prograd_oracle"),
        ("few_shot", "cosine+prograd"),
        ("few_shot_no_augmentation", "coop+prograd"),
        ("base_to_new", "coop+prograd"),
    ):
        assert (experiment, recipe, True) in seen and (experiment, recipe, False) in seen


@pytest.mark.parametrize(("scale", "home", "away"), [("paper", 9, 3), ("miniature", 3, 1)])
def test_maple_is_a_third_as_deep_where_prompts_leave_their_task(scale, home, away):
    for recipe in ("maple", "maple+npt"):
        assert values(of(scale, "imbalanced", recipe), "depth") == {home}
        assert values(of(scale, "imbalanced_transfer", recipe), "depth") == {away}
    for recipe in ("maple+lc", "maple+mi"):
        assert values(of(scale, "imbalanced_losses_transfer", recipe), "depth") == {away}


@pytest.mark.parametrize("scale", SCALES)
def test_prograd_and_distillation_start_at_random_and_at_the_task_s_template(scale):
    starts = {
        "oxford_pets": "... a type of pet, a photo of a",
        "dtd": "... a texture of",
        "ucf101": "... a photo of a person doing",
        "imagenet": "... a photo of a",
    }
    for recipe in ("coop", "coop+prograd", "coop+lwf"):
        found = of(scale, "few_shot_template_start", recipe)
        assert {cell.shots for cell in found} == {1, 2} and values(found, "context_length") == {16}
        assert {cell.swept for cell in found} == {'{"initialisation":"template"}'}
        for task, start in starts.items():
            assert values([cell for cell in found if cell.task == task], "initialisation") == {start}
    assert values(of(scale, "few_shot", "coop+prograd"), "initialisation") == {"random"}
    assert values(of(scale, "few_shot_lwf", "coop+lwf"), "initialisation") == {"random"}


def test_the_template_of_one_task_is_refused_where_several_are_trained_together():
    raw = yaml.safe_load(FILE.read_text())
    raw["tuning"]["source"]["initialisation"] = "template"
    with pytest.raises(ValueError, match=r"experiments\.multitask_11 asks for the template of one task"):
        make_plan(parse_parameters(raw, "paper")).cells  # noqa: B018


def test_a_switch_gives_every_teacher_the_templates_of_prograds_released_trainers():
    raw = yaml.safe_load(FILE.read_text())
    for block in (raw["gradients"]["prograd"], raw["gradients"]["prograd_ensemble"], raw["objectives"]["lwf"]):
        block["templates"] = "prograd"
    switched = make_plan(parse_parameters(raw, "paper")).cells
    for recipe in ("coop+prograd", "coop+prograd_ensemble", "coop+lwf"):
        taught = {cell.task: cell.taught.template for cell in switched if cell.recipe == recipe}
        assert taught["oxford_pets"] == "a type of pet, a photo of a {}."
        assert taught["food101"] == "a type of food, a photo of {}."
        assert taught["dtd"] == "a texture of {}."
        assert taught["stanford_cars"] == "a photo of a {}."
    unswitched = [cell for cell in cells("paper") if cell.method.taught]
    assert unswitched and {cell.taught.template for cell in unswitched} == {""}


@pytest.mark.parametrize(("scale", "epochs"), [("paper", 50), ("miniature", 10)])
def test_the_oracle_has_epochs_of_its_own_at_every_number_of_shots(scale, epochs):
    found = of(scale, "few_shot", "coop+prograd_oracle")
    assert {cell.shots for cell in found} == {1, 2, 4, 8, 16}
    assert {(cell.oracle.epochs, cell.oracle.steps_per_epoch) for cell in found} == {(epochs, None)}


@pytest.mark.parametrize("scale", SCALES)
def test_every_rule_that_projects_along_a_general_gradient_has_the_floor(scale):
    rules = {cell.method.gradient for cell in cells(scale) if cell.method.general_gradient}
    assert {"prograd", "prograd_ensemble", "prograd_oracle", "general", "orthogonal"} <= rules
    assert {cell.settings_of("gradient").floor for cell in cells(scale) if cell.method.general_gradient} == {1e-5}
