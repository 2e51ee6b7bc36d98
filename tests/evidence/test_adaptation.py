"""Runs in MVLPT's words, and the choice between groups, on a handful of rows worked by hand."""

import pandas as pd
import pytest

from reprompt.evidence.adaptation import ADAPTATION_COLUMNS, LABELS, LEARNERS, adaptations, method_of
from reprompt.tables.scope import swept

COLUMNS = ["scale", "experiment", "protocol", "recipe", "backbone", "task", "shots", "seed", "swept", "start", "group"]
COLUMNS += ["settings", "metric", "value", "images", "cell", "file"]
SETTINGS = {"context_length": 16, "visual_length": 8}


def run(recipe, score, validation=None, *, experiment="elevater", protocol="elevater", task="dtd", seed=1, **other):
    """The rows of one run: its score, its accuracy and, if it is tuned, its validation score."""
    row = {"sweep": "", "start": "", "group": "", "settings": SETTINGS, "shots": 20} | other
    cell = f"{experiment} {recipe} {task} {seed} {row['sweep']} {row['start']} {row['group']}"
    before = ("paper", experiment, protocol, recipe, "ViT-B-16", task, row["shots"], seed, row["sweep"], row["start"])
    values = {"score": score, "accuracy": score - 1, "validation": validation}
    return [
        (*before, row["group"], row["settings"], metric, value, 100, cell, f"{experiment}.npz")
        for metric, value in values.items()
        if value is not None
    ]


def frame(*runs):
    return pd.DataFrame([row for rows in runs for row in rows], columns=COLUMNS)


def groups(*validations, scores=(60.0, 61.0, 62.0), seed=1, start="", names=("", "best_2", "best_3")):
    """Single-task adaptation and two groups of CoOp, with these validation scores."""
    recipes = ("coop_middle", "mcoop", "mcoop") if not start else ("coop_source", "mcoop_source", "mcoop_source")
    return [
        run(
            recipe,
            score,
            validation,
            experiment="grouped" if group else "elevater",
            group=group,
            seed=seed,
            start=start,
        )
        for recipe, score, validation, group in zip(recipes, scores, validations, names, strict=True)
    ]


def only(table, **chosen):
    """The one row with these entries."""
    for column, entry in chosen.items():
        table = table[table[column] == entry]
    assert len(table) == 1
    return table.iloc[0]


def test_a_run_is_one_row_with_its_own_metric_and_its_validation_score():
    table = adaptations(frame(run("coop_middle", 70.0, 80.0)))
    assert tuple(table.columns) == ADAPTATION_COLUMNS
    row = only(table)
    assert (row["value"], row["validation"], row["group_size"]) == (70.0, 80.0, 1)
    assert (row["method"], row["learner"], row["init"], row["adapt"]) == ("coop", "coop", "random", "single")


def test_zero_shot_clip_has_no_learner_no_start_and_no_tokens():
    row = only(adaptations(frame(run("zero_shot", 50.0, shots=0, seed=0))))
    assert row[["method", "learner", "init", "adapt", "M"]].tolist() == ["zero_shot_clip", "", "", "", 0]
    assert pd.isna(row["validation"])


@pytest.mark.parametrize(
    ("start", "init", "method"),
    [
        ("multitask_1", "imagenet", "vpt"),
        ("multitask_10", "multitask_10", "mvpt"),
        ("multitask_11", "multitask_11", "mvpt"),
        ("scaling_sources", "multitask_11", "mvpt"),
        ("length_sources", "multitask_11", "mvpt"),
        ("multitask_20", "multitask_20", "mvpt"),
    ],
)
def test_a_start_is_called_as_the_paper_calls_its_sources(start, init, method):
    row = only(adaptations(frame(run("vpt_source", 70.0, 80.0, start=start))))
    assert (row["init"], row["method"]) == (init, method)


def test_the_tokens_of_vpt_are_visual_and_those_of_the_others_are_of_context():
    table = adaptations(frame(*(run(recipe, 70.0, 80.0) for recipe in ("coop_middle", "vpt_deep", "upt"))))
    assert table["M"].tolist() == [16, 8, 16]


def test_a_sweep_of_lengths_stands_in_m_and_any_other_sweep_under_its_name():
    both = swept(context_length=4, visual_length=4)
    four = {"context_length": 4, "visual_length": 4}
    table = adaptations(
        frame(
            run("upt", 70.0, 80.0, experiment="length", sweep=both, settings=four),
            run("upt", 70.0, 80.0, experiment="upt_block", sweep=swept(mix_heads=2), settings=four),
        )
    )
    assert table["M"].tolist() == [4, 4]
    assert table["swept"].tolist() == ["", swept(mix_heads=2)]


def test_other_protocols_and_other_recipes_are_left_out():
    table = adaptations(
        frame(
            run("mcoop", 70.0, 80.0, experiment="multitask_11", protocol="multitask"),
            run("coop_middle", 70.0, 80.0, experiment="transfer_grid", protocol="transfer_grid"),
            run("linear_probe", 70.0, 80.0),
        )
    )
    assert len(table) == 0 and tuple(table.columns) == ADAPTATION_COLUMNS


def test_the_group_with_the_highest_validation_score_is_chosen_whatever_it_scores():
    best = only(adaptations(frame(*groups(75.0, 78.0, 77.0))), adapt="multitask_best")
    assert (best["value"], best["group_size"], best["method"]) == (61.0, 2, "mcoop")
    assert (best["recipe"], best["learner"], best["init"]) == ("mcoop", "coop", "random")
    worse = only(adaptations(frame(*groups(79.0, 78.0, 77.0))), adapt="multitask_best")
    assert (worse["value"], worse["group_size"], worse["recipe"]) == (60.0, 1, "coop_middle")


@pytest.mark.parametrize(
    ("validations", "size"), [((75, 75, 75), 1), ((74, 75, 75), 2), ((75, 74, 75), 1), ((74, 74, 75), 3)]
)
def test_ties_go_to_the_smaller_group(validations, size):
    for rows in (groups(*validations), groups(*validations)[::-1]):
        assert only(adaptations(frame(*rows)), adapt="multitask_best")["group_size"] == size


def test_every_draw_chooses_for_itself():
    table = adaptations(frame(*groups(75.0, 78.0, 77.0, seed=1), *groups(75.0, 71.0, 77.0, seed=2)))
    best = table[table["adapt"] == "multitask_best"].set_index("seed")["group_size"]
    assert best.to_dict() == {1: 2, 2: 3}
    assert (table["adapt"] == "single").sum() == 2


def test_the_worst_groups_never_leave_a_task_alone():
    rows = groups(99.0, 71.0, 72.0, start="multitask_20", names=("", "worst_2", "worst_3"))
    table = adaptations(frame(*rows))
    worst = only(table, adapt="multitask_worst")
    assert (worst["group_size"], worst["value"], worst["init"]) == (3, 62.0, "multitask_20")
    assert "multitask_best" not in set(table["adapt"])


def test_a_choice_needs_every_size_and_its_validation_score():
    lost = groups(75.0, 78.0, 77.0)[:2]
    assert set(adaptations(frame(*lost))["adapt"]) == {"single"}
    unknown = groups(75.0, 78.0, None)
    assert set(adaptations(frame(*unknown))["adapt"]) == {"single"}


def test_a_start_chooses_among_its_own_groups():
    table = adaptations(frame(*groups(75.0, 78.0, 77.0), *groups(79.0, 70.0, 70.0, start="multitask_20")))
    best = table[table["adapt"] == "multitask_best"].set_index("init")["group_size"]
    assert best.to_dict() == {"random": 2, "multitask_20": 1}


def test_the_paper_says_m_where_tasks_share_a_prompt_at_either_stage():
    assert method_of("upt", "random", "single") == method_of("upt", "imagenet", "single") == "upt"
    assert method_of("upt", "random", "multitask_best") == method_of("upt", "multitask_10", "single") == "mupt"
    assert set(LABELS) == {method_of(learner, init, "single") for learner in LEARNERS for init in ("random", "other")}


def test_no_records_give_an_empty_frame():
    table = adaptations(frame())
    assert len(table) == 0 and tuple(table.columns) == ADAPTATION_COLUMNS


def test_two_groups_of_the_same_tasks_are_one_cell_and_two_runs():
    """Where there are few tasks the best and the worst partners are the same ones."""
    names = ("", "best_2", "best_3", "worst_2", "worst_3")
    runs = [run("coop_middle", 60.0, 70.0)]
    runs += [run("mcoop", 61.0, 80.0, experiment="grouped", group=group) for group in names[1:]]
    table = adaptations(frame(*runs).assign(cell="the same"))
    assert only(table, adapt="multitask_best")["value"] == only(table, adapt="multitask_worst")["value"] == 61.0
