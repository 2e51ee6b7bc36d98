"""Identities: all that a cell depends on but the code, and nothing of other draws, tasks or seeds."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from project import PROJECT
from reprompt.data.draws import draw
from reprompt.data.splits import Split
from reprompt.foundation.digests import canonical
from reprompt.planning.parameters import load_parameters
from reprompt.planning.plan import make_plan
from reprompt.records.identity import identity, key

PLAN = make_plan(load_parameters(PROJECT / "params.yaml", "smoke"))
NAMES = ["cat", "dog", "tree", "car"]
TRAIN, TEST = np.arange(200) % 4, np.arange(60) % 4
SEVERAL = (np.random.default_rng(0).random((200, 4)) < 0.4).astype(int)


def split(task, seeds=(1, 2), most_shots=16, **changes):
    """A task of four classes; VOC 2007's images belong to several."""
    train, test = (SEVERAL, SEVERAL[:60]) if task == "voc2007" else (TRAIN, TEST)
    draws = {str(seed): draw(train, 4, task, seed, most_shots) for seed in seeds}
    made = Split(task, NAMES, "a photo of a {}.", train.tolist(), test.tolist(), draws, most_shots)
    return replace(made, **changes)


def pictures(**changes):
    return {"train": "a", "views": "b", "test": "c"} | changes


def cell_of(experiment, **which):
    """The first cell of an experiment with these fields."""
    for cell in PLAN.cells:
        if cell.experiment == experiment and all(getattr(cell, name) == value for name, value in which.items()):
            return cell
    raise LookupError((experiment, which))


def tasks_of(cell):
    return {*cell.trained_on, *(test.task for test in cell.tests)}


def identity_of(cell, partners=(), prompt=None, weights="w", splits=None, shown=None):
    """The identity with splits and pictures of the same shape for all tasks, but those that are given."""
    tasks = {*tasks_of(cell), *partners}
    splits, shown = (
        {task: split(task) for task in tasks} | (splits or {}),
        dict.fromkeys(tasks, pictures()) | (shown or {}),
    )
    return identity(cell, splits, shown, weights, (*cell.trained_on, *partners), prompt or {})


FEW = cell_of("few_shot", recipe="coop")
KINDS = {
    "tuned": FEW,
    "nothing learned": cell_of("few_shot", recipe="zero_shot"),
    "fitted": cell_of("cross_domain", recipe="linear_probe"),
    "base to new": cell_of("base_to_new", recipe="coop"),
    "held out": cell_of("elevater"),
    "several classes an image": cell_of("elevater", task="voc2007"),
    "grid": cell_of("transfer_grid"),
    "together": cell_of("multitask_11"),
    "meta-trained": cell_of("gram"),
}


def test_of_meta_training_the_domains_of_held_out_images_count():
    cell = KINDS["meta-trained"]
    domains = {"corpus": split("corpus", domains=[0] * 200, test_domains=(TEST // 2).tolist())}
    others = {"corpus": split("corpus", domains=[0] * 200, test_domains=[0] * 60)}
    assert identity_of(cell, splits=domains) != identity_of(cell, splits=others)


@pytest.mark.parametrize("kind", ["tuned", "fitted"])
def test_the_images_of_the_smallest_class_are_said_where_it_has_fewer_than_shots(kind):
    """Class 3 has as many as are asked for less one; where it has enough nothing is said."""
    cell = KINDS[kind]
    train = np.array([0, 1, 2] * 40 + [3] * (cell.shots - 1))
    draws = {str(seed): draw(train, 4, cell.task, seed, 16) for seed in (1, 2)}
    few = {cell.task: split(cell.task, train_labels=train.tolist(), draws=draws)}
    (of_few,), (of_enough,) = identity_of(cell, splits=few)["train"], identity_of(cell)["train"]
    assert of_few["fewest"] == cell.shots - 1
    assert "fewest" not in of_enough


def test_topics_are_as_large_as_they_are_found():
    cell = cell_of("gram_pretraining")
    corpus = split("corpus", domains=[0] * 200, draws={"1": [[0]] * 4})
    (train,) = identity_of(cell, splits={"corpus": corpus})["train"]
    assert "fewest" not in train


def test_a_cell_that_is_run_again_is_another_and_one_that_is_not_says_nothing_of_it():
    assert "repeat" not in identity_of(FEW) and "repeat" not in FEW.spec
    again = cell_of("few_shot_again")
    assert again.spec["repeat"] == identity_of(again)["repeat"] == 1
    assert identity_of(replace(FEW, repeat=1)) == identity_of(FEW) | {"repeat": 1}


def test_which_source_seed_a_start_has_is_said_by_its_prompt():
    cell = cell_of("gram_adapted", seed=2)
    prompts = [{"context": torch.full((2, 3), value)} for value in (1.0, 2.0)]
    assert cell.source_seed == 2
    assert identity_of(cell, prompt=prompts[0]) == identity_of(replace(cell, source_seed=1), prompt=prompts[0])
    assert identity_of(cell, prompt=prompts[0]) != identity_of(cell, prompt=prompts[1])


@pytest.mark.parametrize("kind", KINDS)
def test_one_more_seed_leaves_the_identity(kind):
    more = {task: split(task, seeds=(1, 2, 3)) for task in tasks_of(KINDS[kind])}
    assert identity_of(KINDS[kind], splits=more) == identity_of(KINDS[kind])


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "fitted"])
def test_more_shots_than_before_leave_the_identity(kind):
    """But of a fitted classifier: its validation images come after the largest number of shots."""
    more = {task: split(task, most_shots=30) for task in tasks_of(KINDS[kind])}
    assert identity_of(KINDS[kind], splits=more) == identity_of(KINDS[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_the_weights_the_settings_and_the_test_images_count(kind):
    cell = KINDS[kind]
    test = cell.tests[0].task
    others = [
        identity_of(cell, weights="other"),
        identity_of(replace(cell, settings=canonical(cell.resolved | {"epochs": 99}))),
        identity_of(cell, shown={test: pictures(test="other")}),
        identity_of(cell, splits={test: split(test, template="{}.")}),
        identity_of(cell, splits={test: split(test, class_names=["bus", *NAMES[1:]])}),
        identity_of(replace(cell, measures=("features",))),
        identity_of(replace(cell, keeps_prompt=not cell.keeps_prompt)),
    ]
    assert all(other != identity_of(cell) for other in others)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("nothing learned", "grid")])
def test_the_images_that_it_is_trained_on_count(kind):
    cell = KINDS[kind]
    task = cell.trained_on[-1]
    made = split(task)
    draws = {seed: [of[::-1] for of in drawn] for seed, drawn in made.draws.items()}
    labels = {"train_labels": TRAIN[::-1].tolist()} if kind == "meta-trained" else {}
    assert identity_of(cell, splits={task: replace(made, draws=draws, **labels)}) != identity_of(cell)
    assert identity_of(cell, shown={task: pictures(train="other", views="other")}) != identity_of(cell)


def test_of_pictures_only_the_kinds_that_are_used_count():
    plain = replace(FEW, settings=FEW.settings.replace('"views"', '"none"'))
    views, train = ({FEW.task: pictures(**{kind: "other"})} for kind in ("views", "train"))
    assert identity_of(FEW, shown=train) == identity_of(FEW) != identity_of(FEW, shown=views)
    assert identity_of(plain, shown=views) == identity_of(plain) != identity_of(plain, shown=train)


def test_another_seed_has_other_images():
    one, other = (identity_of(replace(FEW, seed=seed)) for seed in (1, 2))
    assert one["train"][0]["images"] != other["train"][0]["images"]


def test_held_out_images_count():
    held = identity_of(KINDS["held out"])["train"][0]
    assert held["held_out"] != held["images"] and held["held_out_pictures"] == "a"
    assert "held_out" not in identity_of(FEW)["train"][0]


def test_partners_count_in_their_order_and_only_the_target_is_held_out_from():
    cell = cell_of("grouped", task="voc2007")
    one, other = (identity_of(cell, partners=partners) for partners in (("dtd", "mnist"), ("mnist", "dtd")))
    assert one != other
    assert ["held_out" in task for task in one["train"]] == [True, False, False]


def test_the_one_prompt_that_it_starts_from_or_evaluates_counts():
    prompts = [{"context": torch.full((2, 3), value)} for value in (0.1, 0.2)]
    for cell in (KINDS["grid"], FEW):
        assert identity_of(cell, prompt=prompts[0]) != identity_of(cell, prompt=prompts[1])
    assert identity_of(FEW, prompt={"context": prompts[0]["context"].double()}) != identity_of(FEW, prompt=prompts[0])


def test_an_oracle_sees_the_whole_training_set():
    prograd = {
        "lambda": 1.0,
        "projection": "per_tensor",
        "temperature": 1.0,
        "teacher": "oracle",
        "oracle_epochs": 2,
        "floor": 0.0,
    }
    cell = replace(FEW, recipe="coop+prograd_oracle", settings=canonical(FEW.resolved | prograd))
    made = split(cell.task)
    unused = next(n for n in range(200) if all(n not in of for drawn in made.draws.values() for of in drawn))
    labels = [(label + 1) % 4 if n == unused else label for n, label in enumerate(made.train_labels)]
    changed = {cell.task: replace(made, train_labels=labels)}
    assert identity_of(cell, splits=changed) != identity_of(cell)
    assert identity_of(FEW, splits=changed) == identity_of(FEW)


def test_the_similarity_of_tasks_is_that_of_whole_training_sets():
    cell = KINDS["grid"]
    assert "similarity" in cell.measures
    source, without = {cell.task: pictures(train="other")}, replace(cell, judged_on=("fer2013",), measures=())
    assert identity_of(cell, shown=source) != identity_of(cell)
    assert identity_of(without, shown=source) == identity_of(without)


def test_the_name_of_an_experiment_is_not_in_it():
    assert identity_of(replace(FEW, experiment="renamed")) == identity_of(FEW)


def test_a_key_is_of_an_identity_and_the_code():
    of_cell = identity_of(FEW)
    assert key(of_cell, "code") == key(dict(reversed(of_cell.items())), "code")
    assert len({key(of_cell, "code"), key(of_cell, "other"), key(of_cell | {"weights": "v"}, "code")}) == 3
