"""Cells, on a handful of runs worked by hand."""

import math
from typing import NamedTuple

import pandas as pd
import pytest
from reprompt.tables.average import Over, average_cell, notes_of, obstacle_to, of_task, task_details

from reprompt.tables.scope import Scope, Which, restricted

# Two tasks, two seeds: CoOp is at 60 and 62 on average, zero-shot CLIP at 55.
VALUES = [
    *(("zero_shot", 0, "dtd", 0, 40.0), ("zero_shot", 0, "eurosat", 0, 70.0)),
    *(("coop", 4, "dtd", 1, 40.0), ("coop", 4, "eurosat", 1, 80.0)),
    *(("coop", 4, "dtd", 2, 44.0), ("coop", 4, "eurosat", 2, 80.0)),
]
COOP, ZERO_SHOT = Which("coop", 4), Which("zero_shot", 4)


@pytest.fixture
def scope() -> Scope:
    records = pd.DataFrame(VALUES, columns=["recipe", "shots", "task", "seed", "value"])
    tasks = ("dtd", "eurosat")
    return Scope(records.assign(split="all", tau=1.0, swept=""), "paper", "RN50", tasks, (*tasks, "ucf101"))


def test_a_cell_is_the_mean_over_tasks_then_over_seeds_beside_print(scope):
    cell = average_cell(scope, COOP, "CoOp", "4", published=66.79)
    assert (cell["regenerated"], cell["published"], cell["seeds"]) == (61, 66.79, 2)
    assert cell["high"] - 61 == pytest.approx(12.7062 * math.sqrt(2) / math.sqrt(2), abs=1e-3)  # t_1 * s / sqrt(n)
    assert cell["difference"] == pytest.approx(61 - 66.79)


def test_a_cell_of_one_task_has_its_own_seeds_and_its_own_gain(scope):
    over = Over(ZERO_SHOT, "zero-shot CLIP", published=50.0)
    cell = average_cell(scope, COOP, "CoOp", "EuroSAT", 60.0, over=over, task="eurosat")
    assert cell["regenerated"] == 80
    assert cell["pattern"] == "above zero-shot CLIP, as published"
    on_dtd = average_cell(scope, COOP, "CoOp", "DTD", 60.0, over=over, task="dtd")
    assert on_dtd["pattern"] == "inconclusive against zero-shot CLIP: interval includes 0"


def test_what_was_not_run_has_no_value_and_no_gain(scope):
    cell = average_cell(scope, Which("prograd", 4), "ProGrad", "4", 68.45, over=Over(COOP, "CoOp", 66.79))
    assert math.isnan(cell["regenerated"])
    assert (cell["verdict"], cell["pattern"]) == ("not run", "")
    assert of_task(scope, COOP, "ucf101") is None


def test_an_average_over_too_few_tasks_cannot_be_compared_but_one_task_can(scope):
    assert obstacle_to(scope, "RN50") == "2 of 3 tasks"
    assert obstacle_to(scope, "RN50", whole=False) == ""
    assert any("ucf101" in note for note in notes_of(scope, "RN50"))


def test_details_have_a_row_for_each_task_and_runs_once(scope):
    details = task_details(scope, [COOP, ZERO_SHOT, Which("zero_shot", 8), Which("prograd", 4)])
    assert details[["task", "recipe", "regenerated"]].to_numpy().tolist() == [
        ["dtd", "coop", 42],
        ["dtd", "zero_shot", 40],
        ["eurosat", "coop", 80],
        ["eurosat", "zero_shot", 70],
    ]


class Start(NamedTuple):
    """Runs that are told apart by where they start."""

    method: str
    init: str

    @property
    def key(self) -> tuple[str, str]:
        return tuple(self)


def test_runs_may_be_told_apart_by_other_columns():
    rows = [
        ("coop", "random", "dtd", 1, 40.0),
        ("coop", "imagenet", "dtd", 1, 45.0),
        ("coop", "random", "mnist", 1, 50.0),
    ]
    runs = pd.DataFrame(rows, columns=["method", "init", "task", "seed", "value"]).assign(backbone="RN50", shots=1)
    scope = restricted(runs, "paper", None, ("dtd", "mnist"), by=("method", "init"))
    assert scope.tasks == ("dtd",)  # the run from ImageNet lacks the other
    random, imagenet = Start("coop", "random"), Start("coop", "imagenet")
    assert scope.gain(imagenet, random).over_seeds.estimate == 5
    details = task_details(scope, [random, imagenet])
    assert details[["task", "method", "init", "regenerated"]].to_numpy().tolist() == [
        ["dtd", "coop", "random", 40],
        ["dtd", "coop", "imagenet", 45],
    ]
