"""The table of recipes: what a row may combine, and that its columns and settings are those of its modules."""

import importlib

import pytest

from reprompt.cells.recipes import AXES, RECIPES, TEACHER, Recipe


@pytest.mark.parametrize(
    ("axes", "settings", "reason"),
    [
        (("zero_shot", "cross_entropy", "plain", "context"), {}, "takes no gradient steps"),
        (("linear_probe", None, "prograd"), TEACHER, "takes no gradient steps"),
        (("text_context", "cross_entropy", None, "context"), {}, "needs objective, gradient rule and initialisation"),
        (("text_context", "cross_entropy", "prograd", "context"), {}, "need a teacher"),
        (("text_context", "distillation", "plain", "context"), {}, "need a teacher"),
    ],
)
def test_a_row_that_makes_no_sense_is_refused(axes, settings, reason):
    with pytest.raises(ValueError, match=reason):
        Recipe("Odd", *axes, settings=settings)


def test_regulating_what_is_no_prompt_is_refused():
    with pytest.raises(ValueError, match="has none"):
        Recipe("Odd", "cosine_classifier", "cross_entropy", "regulated", "context", closed=True)


def test_a_regulator_from_nowhere_is_refused():
    with pytest.raises(ValueError, match="meta-learned, or comes with a meta-learned start"):
        Recipe("Odd", "text_context", "cross_entropy", "regulated", "context")


@pytest.mark.parametrize("name", RECIPES)
def test_the_columns_name_modules_that_give_what_the_axis_asks(name):
    recipe = RECIPES[name]
    gives = {"learner": {"Learner", "solve", "classes"}, "objective": {"objective"}, "gradient": {"rule"}}
    gives["initialisation"] = {"start"}
    for axis, folder in AXES.items():
        if member := getattr(recipe, axis):
            assert gives[axis] & set(dir(importlib.import_module(f"reprompt.{folder}.{member}")))


def test_two_rows_have_two_labels():
    assert len({recipe.label for recipe in RECIPES.values()}) == len(RECIPES)
