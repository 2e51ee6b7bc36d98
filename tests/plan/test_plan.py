"""The plan: what the parameters come to."""

from pathlib import Path

import pytest
import yaml

import reprompt
from reprompt.plan.parameters import load_parameters, parse_parameters
from reprompt.plan.plan import make_plan
from reprompt.plan.recipes import RECIPES

FILE = Path(__file__).parents[2] / "params.yaml"
PLAN = make_plan(load_parameters(FILE, "miniature"))


def plan_with(**methods):
    raw = yaml.safe_load(FILE.read_text())
    for name, settings in methods.items():
        raw["methods"][name].update(settings)
    return make_plan(parse_parameters(raw, "miniature"))


def test_few_shot_has_every_task_shot_and_seed_of_a_learned_recipe():
    cells = [c for c in PLAN.cells if c.protocol == "few_shot" and c.recipe == "coop"]
    assert len(cells) == len(set(cells)) == 11 * 5 * 3


def test_a_recipe_that_learns_nothing_is_one_cell_per_task():
    cells = [c for c in PLAN.cells if c.protocol == "few_shot" and c.recipe == "zero_shot"]
    assert [(c.shots, c.seed) for c in cells] == [(0, 0)] * 11


def test_every_task_is_in_exactly_one_part():
    assert sum(PLAN.parts.values(), ()) == PLAN.tasks


def test_changing_lambda_changes_the_prograd_jobs_and_no_others():
    changed = plan_with(prograd={"lambda": 0.5})
    names = {new.name for old, new in zip(PLAN.jobs, changed.jobs, strict=True) if old.spec != new.spec}
    assert names == {job.name for job in PLAN.jobs if job.recipe == "prograd"}


def test_changing_lambda_leaves_the_cells_at_its_own_shots_alone():
    """An exception under `where` sets 16 shots: its cells keep their content address, so they are not trained again."""
    old, new = (
        {
            (c.task, c.shots, c.seed): c.key("data")
            for c in plan.cells
            if (c.recipe, c.protocol) == ("prograd", "few_shot")
        }
        for plan in (PLAN, plan_with(prograd={"lambda": 0.5}))
    )
    assert {which[1] for which in old if old[which] == new[which]} == {16}


def test_a_key_depends_on_settings_data_and_code():
    cell = PLAN.cells[-1]
    assert cell.key("data", "code") == cell.key("data", "code")
    assert len({cell.key("data", "code"), cell.key("other", "code"), cell.key("data", "changed")}) == 3


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipes_modules_exist(name):
    package = Path(reprompt.__file__).parent
    for module in RECIPES[name].modules:
        assert (package / module).is_file(), module


def test_every_recipe_that_is_run_has_its_block():
    for protocol in type(PLAN.parameters.protocols).model_fields:
        for recipe in getattr(PLAN.parameters.protocols, protocol).methods:
            assert getattr(PLAN.parameters.methods, recipe) is not None


def settings_of(recipe, **block):
    cells = [c for c in plan_with(**{recipe: block}).cells if (c.protocol, c.recipe) == ("base_to_new", recipe)]
    return {(c.task, c.shots): c.resolved for c in cells}


def test_a_method_may_set_its_own_tuning():
    tuning = PLAN.parameters.protocols.base_to_new.tuning
    for settings in settings_of("coop", batch=4, epochs=7, rate=0.5).values():
        assert (settings["batch"], settings["epochs"], settings["rate"]) == (4, 7, 0.5)
        assert settings["momentum"] == tuning.momentum


def test_exceptions_hold_where_they_say_and_later_ones_win():
    where = [{"shots": 16, "rate": 0.3}, {"shots": 16, "task": "dtd", "rate": 0.4}, {"protocol": "few_shot", "rate": 1}]
    rates = {which: settings["rate"] for which, settings in settings_of("coop", rate=0.2, where=where).items()}
    assert rates["dtd", 16] == 0.4
    assert rates["eurosat", 16] == 0.3
    assert rates["dtd", 4] == 0.2


def test_an_unknown_job_is_an_error():
    with pytest.raises(KeyError, match="reprompt plan"):
        PLAN.job("few_shot/copo/ViT-B-16/part1")
