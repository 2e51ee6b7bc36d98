"""The transferability grids of the report page."""

import re
from pathlib import Path

import fake_transfer
import pandas as pd
import pytest

from reprompt.claims import claims_frame
from reprompt.figures.mvlpt import mvlpt_figure4
from reprompt.figures.write import write_figure
from reprompt.report.heatmaps import heatmaps
from reprompt.report.page import ScaleResults, Shown, report_page
from reprompt.tasks.card import card_of
from rule import RULE


@pytest.fixture(scope="module")
def records():
    return fake_transfer.make_transfer_records()


@pytest.fixture(scope="module")
def points(records):
    return mvlpt_figure4(records).points


def page_of(records: pd.DataFrame, folder: Path) -> str:
    write_figure(mvlpt_figure4(records), folder / "mvlpt_figure4")
    outputs = [Shown("mvlpt_figure4", "Transferability", folder / "mvlpt_figure4")]
    results = ScaleResults(records, outputs, [], {}, {}, {}, claims_frame(records.iloc[:0], RULE))
    return report_page(folder / "index.html", results)


@pytest.fixture(scope="module")
def page(records, tmp_path_factory):
    return page_of(records, tmp_path_factory.mktemp("page"))


def test_both_orders_hold_every_pair_of_every_learner(points):
    for learner in heatmaps(points)["learners"]:
        paper, clustered = learner["grids"]
        assert paper["heads"] == [card_of(task).printed for task in fake_transfer.TASKS]
        words = [sorted(cell["words"] for row in grid["rows"] for cell in row["cells"]) for grid in (paper, clustered)]
        assert words[0] == words[1]
        assert len(set(words[0])) == 16


def test_the_pointer_is_told_both_tasks_and_the_exact_value(points):
    grid = heatmaps(points)["learners"][1]["grids"][0]
    pair = points.query("learner == 'vpt' and source == 'mnist' and target == 'gtsrb'").iloc[0]
    cell = grid["rows"][3]["cells"][2]
    half = (pair["high"] - pair["low"]) / 2
    assert cell["words"] == (
        f"MNIST → GTSRB: {100 * pair['relative']:.2f} % of the best, "
        f"score {pair['regenerated']:.2f} % ± {half:.2f} over 3 seeds"
    )
    assert cell["number"] == f"{100 * pair['relative']:.0f}"
    assert [row["cells"][place]["own"] for place, row in enumerate(grid["rows"])] == [True] * 4


def test_the_best_is_darkest_and_nothing_is_lighter_than_the_first_shade(points):
    shown = heatmaps(points)
    cells = [
        cell
        for learner in shown["learners"]
        for grid in learner["grids"]
        for row in grid["rows"]
        for cell in row["cells"]
    ]
    assert {cell["step"] for cell in cells if cell["number"] == "100"} == {len(shown["colours"]) - 1}
    assert min(cell["step"] for cell in cells) >= 0


def test_a_pair_that_was_not_run_says_so(points):
    lacking = (points["source"] == "mnist") & (points["target"] == "gtsrb")
    cell = heatmaps(points[~lacking])["learners"][0]["grids"][0]["rows"][3]["cells"][2]
    assert cell == {"number": "", "step": None, "words": "MNIST → GTSRB: not run", "own": False}


def test_the_page_switches_between_the_orders_without_a_script(page):
    assert "<script" not in page
    assert len(re.findall(r'<input type="radio" name="mvlpt_figure4-order"', page)) == 2
    assert len(re.findall(r'<table class="(?:paper|clustered)">', page)) == 2 * 3
    assert "#mvlpt_figure4-clustered:checked ~ .scroll .clustered" in page
    assert page.count('title="MNIST → GTSRB: ') == 2 * 3


def test_without_records_the_page_has_the_picture_that_says_so(records, tmp_path):
    page = page_of(records.iloc[:0], tmp_path)
    assert '<img src="mvlpt_figure4.png"' in page
    assert "<input" not in page
