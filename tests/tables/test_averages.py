"""Cells, on a handful of runs worked by hand."""

import math
from dataclasses import replace

import pandas as pd
import pytest

from reprompt.tables.averages import Averages
from reprompt.tables.heads import average, learners, methods, shots, tasks
from reprompt.tables.scope import Adaptation, Scope, restricted
from reprompt.tables.specification import Details, Head, Row, Specification

# Two tasks, two seeds: CoOp is at 60 and 62 on average, zero-shot CLIP at 55.
VALUES = [
    *(("zero_shot", 0, "dtd", 0, 40.0), ("zero_shot", 0, "eurosat", 0, 70.0)),
    *(("coop", 4, "dtd", 1, 40.0), ("coop", 4, "eurosat", 1, 80.0)),
    *(("coop", 4, "dtd", 2, 44.0), ("coop", 4, "eurosat", 2, 80.0)),
]
BY_SHOTS = Specification(
    name="by_shots",
    heading="By shots",
    corner="",
    rows=(*methods("zero_shot", shots=0), *methods("coop", "prograd")),
    columns=shots(0, 4),
    experiments=("few_shot",),
    printed=("prograd", 1),
    backbone="RN50",
    tasks=("dtd", "eurosat", "ucf101"),
    details=Details(),
)
BY_TASK = replace(
    BY_SHOTS,
    rows=methods("zero_shot", "coop"),
    columns=(*tasks("dtd", "eurosat"), *average("Average", 11)),
    runs={"shots": 4},
    printed=("prograd", 4),
)


def records_of(values, **same) -> pd.DataFrame:
    records = pd.DataFrame(values, columns=["recipe", "shots", "task", "seed", "value"])
    of_all = {"scale": "paper", "experiment": "few_shot", "backbone": "RN50", "metric": "accuracy", "split": "all"}
    settings = pd.Series([{"augmentation": "none"}] * len(records), index=records.index)
    return records.assign(settings=settings, **of_all | {"tau": 1.0, "swept": "", "start": ""} | same)


@pytest.fixture
def records() -> pd.DataFrame:
    return records_of(VALUES)


def test_a_cell_is_the_mean_over_tasks_then_over_seeds_beside_print(records):
    cell = BY_SHOTS(records).at("", "CoOp", "4")
    assert (cell["regenerated"], cell["published"], cell["seeds"]) == (61, 66.79, 2)
    assert cell["high"] - 61 == pytest.approx(12.7062 * math.sqrt(2) / math.sqrt(2), abs=1e-3)  # t_1 * s / sqrt(n)
    assert cell["difference"] == pytest.approx(61 - 66.79)
    assert cell["pattern"] == "inconclusive against zero-shot CLIP: interval includes 0"


def test_a_cell_of_one_task_has_its_own_seeds_and_its_own_gain(records):
    table = BY_TASK(records)
    assert table.at("", "CoOp", "EuroSAT")["regenerated"] == 80
    assert table.at("", "CoOp", "EuroSAT")["pattern"] == "above zero-shot CLIP"  # which has no printed number there
    assert table.at("", "CoOp", "DTD")["pattern"] == "inconclusive against zero-shot CLIP: interval includes 0"
    assert table.at("", "CoOp", "DTD")["published"] == 35.32


def test_what_was_not_run_has_no_value_and_no_gain(records):
    cell = BY_SHOTS(records).at("", "ProGrad", "4")
    assert (math.isnan(cell["regenerated"]) and cell["published"] == 68.46) or cell["published"] > 0
    assert (cell["verdict"], cell["pattern"]) == ("not run", "")
    lost = replace(BY_TASK, columns=tasks("ucf101"))(records)
    assert set(lost.cells["verdict"]) == {"not run"}


def test_an_average_over_too_few_tasks_cannot_be_compared_but_one_task_can(records):
    table = BY_TASK(records)
    assert table.at("", "CoOp", "Average")["verdict"] == "not comparable: 2 of 3 tasks"
    assert table.at("", "CoOp", "EuroSAT")["verdict"].startswith(("higher", "lower"))
    assert any("ucf101" in note for note in table.notes)


def test_notes_name_what_is_missing_and_where_a_class_has_fewer_images_than_shots(records):
    of_dtd = (records["task"] == "dtd") & (records["shots"] > 0)
    few = records.assign(source=records["task"], fewest=of_dtd.map({True: 2.0, False: None}))
    said = Averages(BY_SHOTS, few)
    assert "2 of 3 tasks" in said.setting
    assert "Not in the numbers, because no run or not every run has them: ucf101." in said.notes
    words = "Classes with fewer images than shots are trained on all they have; the smallest has, of dtd 2 at 4 shots."
    assert words in said.notes and words not in Averages(BY_SHOTS, records).notes


def test_what_is_untuned_stands_under_no_shots_and_is_compared_with_at_all(records):
    table = BY_SHOTS(records)
    assert {(row, column) for row, column in zip(table.cells["row"], table.cells["column"], strict=True)} == {
        *(("Zero-shot CLIP", "0"), ("CoOp", "4"), ("ProGrad", "4"))
    }


def test_details_have_a_row_for_each_task_and_runs_once(records):
    blocks = (Head("4", {"shots": 4}), Head("again", {"shots": 4}))
    details = replace(BY_SHOTS, rows=methods("coop", "zero_shot"), columns=(Head("all"),), blocks=blocks)(
        records
    ).details
    assert details[["task", "recipe", "regenerated"]].to_numpy().tolist() == [
        ["dtd", "coop", 42],
        ["dtd", "zero_shot", 40],
        ["eurosat", "coop", 80],
        ["eurosat", "zero_shot", 70],
    ]
    assert "start" not in details


def test_runs_that_a_table_does_not_show_cost_it_no_task(records):
    other = records_of([("lwf", 4, "dtd", 1, 10.0)])
    assert Averages(BY_SHOTS, pd.concat([records, other])).scope(next(BY_SHOTS.places())).tasks == ("dtd", "eurosat")


def test_draws_that_one_shown_run_lacks_are_left_out_of_all(records):
    prograd = records_of([("prograd", 4, "dtd", 1, 50.0), ("prograd", 4, "eurosat", 1, 70.0)])
    table = BY_SHOTS(pd.concat([records, prograd]))
    assert table.at("", "CoOp", "4")["regenerated"] == 60 and table.at("", "CoOp", "4")["seeds"] == 1
    assert table.at("", "ProGrad", "4")["pattern"].startswith("equal to CoOp")


def test_a_sweep_is_found_by_the_settings_that_a_row_names(records):
    swept = records_of([("coop", 4, task, 1, 50.0) for task in ("dtd", "eurosat")], swept='{"length":2.0,"words":"a"}')
    row = Row("two", {"recipe": "coop", "swept": {"length": 2}}, key="two")
    table = replace(BY_SHOTS, rows=(row,), columns=shots(4), printed=None)(pd.concat([records, swept]))
    assert table.at("", "two", "4")["regenerated"] == 50
    assert table.at("", "two", "4")["verdict"] == "no published value"


def test_a_setting_that_no_runs_have_is_refused(records):
    with pytest.raises(TypeError, match="swpet"):
        replace(BY_SHOTS, runs={"swpet": 1})(records)


def test_a_printed_number_that_heads_do_not_tell_from_others_is_refused(records):
    with pytest.raises(ValueError, match="5 printed numbers have"):
        replace(BY_SHOTS, rows=methods("coop"), columns=(Head("all", {"shots": 4}, {}),))(records)


def test_the_row_of_the_best_less_the_best_is_paired_by_draw(records):
    rows = (
        *methods("coop", "prograd", "zero_shot"),
        Row("Δ", key="delta", name="CLIP", best=(("coop", "prograd"), ("zero_shot",))),
    )
    better = records_of([("prograd", *row[1:4], row[4] + 20) for row in VALUES if row[0] == "coop"])
    table = replace(BY_SHOTS, rows=rows, columns=shots(4), printed=None, details=None)(pd.concat([records, better]))
    cell = table.at("", "Δ", "4")
    assert cell["regenerated"] == 81 - 55 and table.signed == ("Δ",)
    assert cell["pattern"] == "above CLIP"
    assert table.at("", "CoOp", "4")["regenerated"] == 61  # the worse of the two


def test_runs_may_be_told_apart_by_other_columns():
    rows = [
        ("coop", "random", "dtd", 1, 40.0),
        ("coop", "imagenet", "dtd", 1, 45.0),
        ("coop", "random", "mnist", 1, 50.0),
    ]
    runs = pd.DataFrame(rows, columns=["method", "init", "task", "seed", "value"])
    runs = runs.assign(backbone="RN50", shots=20, adapt="single")
    scope: Scope = restricted(runs, "paper", None, ("dtd", "mnist"), by=Adaptation.by)
    assert scope.tasks == ("dtd",)  # the run from ImageNet lacks the other
    random, imagenet = (Adaptation("coop", init, "single", 20) for init in ("random", "imagenet"))
    assert scope.gain(imagenet, random).over_seeds.estimate == 5


def test_a_learner_names_the_row_of_its_own_that_it_is_judged_against():
    rows = learners("multitask_20", "multitask_best", over=("random", "single"))
    assert [row.label for row in rows] == ["MCoOp | M | Best M", "MVPT | M | Best M", "MUPT | M | Best M"]
    assert [row.over for row in rows] == [f"{name} random single" for name in ("coop", "vpt", "upt")]
    assert rows[1].name == "MVPT (M, Best M)" and learners("random", "single")[1].name == "VPT"
