"""Expressions: how they are read and written, what they resolve to, and what makes no sense together."""

import re

import pytest

from reprompt.cells.members import AXES, NAME, members
from reprompt.cells.recipes import (
    ALIASES,
    LABELS,
    VARIANTS,
    from_path,
    in_path,
    member_of,
    names_of,
    papers_name,
    recipe_of,
)

SETTINGS = {  # of every learner, where one of them is asked what it learns
    "context_length": 4,
    "visual_length": 2,
    "visual_depth": 1,
    "text_depth": 1,
    "depth": 1,
    "mix_width": 8,
    "attention": "itself",
    "cache_views": 1,
    "lora_text_layers": 1,
    "lora_image_layers": 1,
    **{"largest_c": 1, "smallest_c": 1, "coarse": 1, "bisections": 1, "iterations": 1},
}


def refusal(expression, protocol="few_shot", tower="vit", **settings):
    recipe = recipe_of(expression)
    return recipe.refusal(protocol, tower, recipe.settings("learner", SETTINGS | settings))


@pytest.mark.parametrize(
    ("expression", "canonical"),
    [
        ("coop", "coop"),
        ("coop+cross_entropy+plain@own", "coop"),
        ("prograd", "coop+prograd"),
        ("maple+prograd+npt", "maple+npt+prograd"),
        ("maple_npt+prograd", "maple+npt+prograd"),
        ("upt@multitask+prograd", "upt+prograd@multitask"),
        ("mcoop+prograd", "coop_middle+multitask+prograd"),
        ("unigram", "joint+gram@gram"),
        ("zero_shot", "zero_shot"),
    ],
)
def test_every_way_to_write_a_recipe_has_one_canonical_form(expression, canonical):
    assert recipe_of(expression).expression == canonical
    assert recipe_of(canonical) == recipe_of(expression)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("copo", "copo: no learner 'copo'; did you mean 'coop'?"),
        ("prograt", "prograt: no learner 'prograt'; did you mean 'prograd'?"),
        ("coop+ntp", "coop+ntp: no objective or gradient rule 'ntp'; did you mean 'npt'?"),
        ("coop@gran", "coop@gran: no start 'gran'; did you mean 'gram'?"),
        ("coop+prograd+gram", "coop+prograd+gram: prograd and gram are both on the axis of the gradient"),
        ("lwf+npt", "coop+lwf+npt: lwf and npt are both on the axis of the objective"),
        ("zero_shot+prograd", "zero_shot+prograd: zero_shot takes no gradient steps: nothing is added to it"),
        (
            "linear_probe@multitask",
            "linear_probe@multitask: linear_probe takes no gradient steps: nothing is added to it",
        ),
        ("coop+", "coop+: no objective or gradient rule ''"),
    ],
)
def test_what_is_no_expression_is_an_error_with_the_nearest_name(expression, reason):
    with pytest.raises(ValueError, match=f"^{re.escape(reason)}"):
        recipe_of(expression)


def every_recipe():
    """All expressions of one member on every axis, and those of one learner with everything."""
    yield from (expression for expression, _ in ALIASES.values())
    yield from names_of("learner")
    for objective in names_of("objective"):
        for gradient in names_of("gradient"):
            yield from (f"maple+{objective}+{gradient}@{start}" for start in names_of("start"))


def test_in_a_path_every_recipe_has_a_name_of_its_own_that_needs_no_escape_and_comes_back():
    written = {in_path(recipe_of(expression).expression): recipe_of(expression) for expression in every_recipe()}
    for part, recipe in written.items():
        assert re.fullmatch(r"[a-z0-9_-]+", part), part
        assert recipe_of(from_path(part)) == recipe
    assert len({part.lower() for part in written}) == len({recipe_of(expression) for expression in every_recipe()})
    assert in_path("joint+gram@gram") == "joint-gram-from-gram"


def test_no_name_can_be_taken_for_another_axis_or_for_the_escape():
    added = [*names_of("objective"), *names_of("gradient")]
    assert len(added) == len(set(added)), "after a + a name says which axis it is on"
    for axis in AXES:
        assert all(NAME.fullmatch(name) for name in names_of(axis))
        assert all(member_of(axis, name) in members(axis) for name in VARIANTS[axis])
    assert not set(ALIASES) & set(names_of("learner"))
    assert all(recipe_of(expression).expression == expression for expression, _ in ALIASES.values())
    assert NAME.fullmatch("from") is None


def test_the_names_of_papers_come_back_from_the_canonical_form():
    assert papers_name("coop+prograd") == "prograd" and papers_name("maple+npt+prograd") == "maple+npt+prograd"
    for alias, (expression, _) in ALIASES.items():
        assert recipe_of(papers_name(expression)) == recipe_of(alias)


def test_two_recipes_have_two_labels():
    labels = [recipe_of(expression).label for expression in dict.fromkeys(every_recipe())]
    assert recipe_of("maple+npt+prograd").label == "MaPLe + NPT + ProGrad"
    assert recipe_of("upt+prograd@multitask").label == "UPT + ProGrad from a source prompt"
    assert len({*labels}) == len({recipe_of(expression).expression for expression in every_recipe()})
    assert LABELS["joint+gram@gram"] == recipe_of("unigram").label == "UNIGRAM"


def test_a_stored_start_is_made_by_the_same_learner():
    made_by = {"upt+prograd@multitask": "upt+multitask", "ivlp+npt@gram": "ivlp+gram", "joint@meta": "joint"}
    assert {recipe: recipe_of(recipe).starts_from.expression for recipe in made_by} == made_by
    assert recipe_of("coop").starts_from is None
    assert recipe_of("mcoop_source").alone.expression == "coop_middle"


@pytest.mark.parametrize(
    ("expression", "where", "reason"),
    [
        ("maple", {"tower": "resnet"}, "a ResNet has none"),
        ("cosine", {"protocol": "base_to_new"}, "cannot name the new classes"),
        ("linear_probe", {"protocol": "base_to_new"}, "cannot name the new classes"),
        ("coop", {"protocol": "base_to_new", "class_specific": True}, "cannot name the new classes"),
        ("cosine", {"protocol": "transfer"}, "cannot name the classes of another task"),
        ("linear_probe", {"protocol": "elevater"}, "fitted to images of one class each"),
        ("vpt+npt", {}, "npt has a term on text features, and vpt learns none: it has no gradient"),
        ("cosine+npt", {}, "cosine learns none"),
        ("vpt+kgcoop", {}, "kgcoop has a term on text features, and vpt learns none: it has no gradient"),
        ("vpt+promptsrc", {}, "promptsrc has a term on text features, and vpt learns none"),
        ("coop+promptsrc", {}, "promptsrc has a term on image features, and coop learns none: it has no gradient"),
        ("coop+kgcoop", {"protocol": "meta"}, "kgcoop is not for the episodes of protocol meta"),
        ("coop+multitask", {}, "the loss of several tasks together, and few_shot trains on one"),
        ("coop+prograd", {"protocol": "multitask"}, "a teacher of one task's classes"),
        ("coop+lwf", {"protocol": "multitask"}, "a teacher of one task's classes"),
        ("cosine+gram@gram", {}, "GRAM regulates the gradients of prompts, and cosine has none"),
        ("coop+gram", {}, "gram needs a regulator, which is meta-learned with a start: add @gram"),
        ("coop+gram@meta", {}, "gram needs a regulator"),
        ("coop@gram", {"protocol": "meta"}, "starts from the learner's own start, not from @gram"),
        ("coop+prograd", {"protocol": "meta"}, "prograd is not for the episodes of protocol meta"),
        ("coop+npt", {"protocol": "meta"}, "npt is not for the episodes of protocol meta"),
        ("cosine", {"protocol": "meta"}, "cosine has weights per class, and every episode has others"),
        ("zero_shot", {"protocol": "meta"}, "nothing is meta-learned"),
        ("tip_adapter", {"protocol": "base_to_new"}, "cannot name the new classes"),
        ("taskres", {"protocol": "transfer"}, "cannot name the classes of another task"),
        ("lpp", {"protocol": "multitask"}, "nothing says how"),
        ("prolip", {"protocol": "meta"}, "every episode has others"),
        ("clip_lora", {"tower": "resnet"}, "choose a ViT"),
        ("prolip+gram@gram", {}, "regulates the gradients of prompts"),
        ("clip_adapter+npt", {}, "learns none"),
        ("tip_adapter+prograd", {}, "takes no gradient steps"),
    ],
)
def test_what_makes_no_sense_together_is_refused_with_the_reason(expression, where, reason):
    assert reason in refusal(expression, **where)


@pytest.mark.parametrize(
    ("expression", "where"),
    [
        ("maple+npt+prograd", {"protocol": "base_to_new"}),
        ("clip_adapter+prograd", {"protocol": "base_to_new", "tower": "resnet"}),
        ("prolip", {"protocol": "transfer", "tower": "resnet"}),
        ("clip_lora+npt+prograd@multitask", {"protocol": "elevater"}),
        ("clip_lora", {"tower": "resnet", "lora_towers": "text"}),
        ("tip_adapter", {"protocol": "elevater"}),
        ("cocoop+kgcoop+prograd@multitask", {"protocol": "transfer"}),
        ("coop+kgcoop", {"protocol": "multitask"}),
        ("promptsrc+prograd", {"protocol": "transfer"}),
        ("upt+prograd@multitask", {"protocol": "elevater"}),
        ("ivlp+npt@gram", {"protocol": "base_to_new"}),
        ("coop", {"tower": "resnet"}),
        ("ivlp", {"tower": "resnet", "visual_depth": 0}),
        ("coop", {"protocol": "meta"}),
        ("coop+gram", {"protocol": "meta"}),
        ("coop@gram", {}),
        ("coop+multitask", {"protocol": "elevater"}),
        ("linear_probe", {"protocol": "transfer"}),
    ],
)
def test_what_makes_sense_together_is_not(expression, where):
    assert refusal(expression, **where) is None


def test_the_code_of_a_recipe_is_that_of_its_members_and_of_what_teaches_or_meta_trains_it():
    assert recipe_of("maple+npt").modules("few_shot") == (
        *("gradients.plain", "initialisation.own", "learners.maple", "objectives.npt"),
    )
    assert {"learners.coop", "learners.vpt"} <= set(recipe_of("vpt+prograd").modules("few_shot"))
    assert "training.meta.learned" in recipe_of("coop").modules("meta")
    assert recipe_of("mcoop").modules("multitask") == recipe_of("coop+multitask").modules("multitask")
