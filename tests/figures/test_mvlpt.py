"""MVLPT's figures from fake records; fake_transfer.py makes them."""

import math

import fake_transfer
import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text
from scipy.stats import t as student_t

from reprompt.evidence.adaptation import VIT_B_16
from reprompt.figures.mvlpt import MVLPT_FIGURES, mvlpt_figure1, mvlpt_figure4, mvlpt_figure5, mvlpt_figure6
from reprompt.figures.mvlpt.heat import clustered_order, ink, lowest_shade, shade, without_own
from reprompt.learners.upt import Settings
from reprompt.tasks.groups import members
from reprompt.training.groups import grid_of, normalised

ELEVATER_20 = members("elevater20")
FIGURES = {name: MVLPT_FIGURES[name] for name in ("mvlpt_figure1", "mvlpt_figure4", "mvlpt_figure5", "mvlpt_figure6")}
FIRST, SEEDS = (5 + 10 + 15) / 3, 1.0  # what the three targets and the three seeds add to a level


@pytest.fixture(scope="module")
def records():
    return fake_transfer.make_transfer_records()


@pytest.fixture(scope="module")
def figures(records):
    return {name: make_figure(records) for name, make_figure in FIGURES.items()}


def words_of(figure) -> set[str]:
    return {text.get_text() for text in figure.figure.findobj(Text)}


@pytest.mark.parametrize("name", FIGURES)
def test_the_title_names_scale_seeds_and_tasks(figures, name):
    tasks = "4 of 20" if name == "mvlpt_figure4" else "3 of 12"
    assert "scale miniature (rendered data)" in figures[name].title
    assert f"3 seeds, {tasks} tasks" in figures[name].title


# Figure 1


def test_figure_1_averages_the_targets_by_method_and_size(figures):
    points = figures["mvlpt_figure1"].points.set_index(["method", "backbone"])
    assert len(points) == 7 * 3
    assert points.loc[("zero_shot_clip", "ViT-B-16"), "regenerated"] == pytest.approx(40 + FIRST)
    assert points.loc[("vpt", "ViT-B-32"), "regenerated"] == pytest.approx(54 - 4 + FIRST + SEEDS)
    assert points.loc[("mvpt", "ViT-L-14"), "regenerated"] == pytest.approx(54 + 6 + 3 + FIRST + SEEDS)
    assert points.loc[("vpt", "ViT-B-16"), "seeds"] == 3
    half = student_t.ppf(0.975, 2) * 1 / math.sqrt(3)
    assert points.loc[("coop", "ViT-B-16"), "high"] == pytest.approx(50 + FIRST + SEEDS + half)


def test_figure_1_has_the_printed_averages_where_the_paper_has_them(figures):
    published = figures["mvlpt_figure1"].points.set_index(["method", "backbone"])["published"].dropna()
    assert published.to_dict() == {
        ("coop", "ViT-B-16"): 65.87,
        ("vpt", "ViT-B-16"): 66.98,
        ("upt", "ViT-B-16"): 67.62,
        ("mcoop", "ViT-B-16"): 67.60,
        ("mvpt", "ViT-B-16"): 71.73,
        ("mupt", "ViT-B-16"): 72.15,
    }


def test_a_task_that_one_average_lacks_is_left_out_of_all(records):
    lacking = (records["recipe"] == "vpt_source") & (records["task"] == "mnist") & (records["seed"] == 2)
    figure = mvlpt_figure1(records[~lacking])
    assert "2 of 12 tasks" in figure.title
    coop = figure.points.query("method == 'coop' and backbone == 'ViT-B-16'").iloc[0]
    assert coop["regenerated"] == pytest.approx(50 + 7.5 + SEEDS)


def test_a_size_that_was_not_run_has_no_point(records):
    points = mvlpt_figure1(records[~records["experiment"].str.startswith("scaling")]).points
    assert set(points["backbone"]) == {"ViT-B-16"}


# Figure 4


def test_a_relative_score_is_the_scores_mean_over_the_best_of_its_column(figures, records):
    points = figures["mvlpt_figure4"].points.query("learner == 'vpt'")
    grid = points.pivot(index="source", columns="target", values="relative")
    by_hand = records.query("protocol == 'transfer_grid' and recipe == 'vpt_deep' and metric == 'score'")
    by_hand = by_hand.groupby(["source", "task"])["value"].mean().unstack()
    assert grid.to_numpy() == pytest.approx((by_hand / by_hand.max()).to_numpy())
    assert (grid.max() == 1).all()
    pair = points.query("source == 'mnist' and target == 'gtsrb'").iloc[0]
    assert pair["regenerated"] == pytest.approx(by_hand.loc["mnist", "gtsrb"])
    assert pair["seeds"] == 3


def test_tasks_stand_in_the_papers_order(figures):
    points = figures["mvlpt_figure4"].points
    assert list(points["learner"].unique()) == ["coop", "vpt", "upt"]
    for column in ("source", "target"):
        assert list(points[column].unique()) == [task for task in ELEVATER_20 if task in fake_transfer.TASKS]


def test_means_leave_out_the_tasks_own_prompt(records):
    grid = normalised(grid_of(records, "upt"))
    transfer = without_own(grid)
    assert transfer["mnist"].mean() == pytest.approx((grid["mnist"].sum() - grid.loc["mnist", "mnist"]) / 3)
    means = {f"{100 * mean:.1f}" for mean in (*transfer.mean(axis=0), *transfer.mean(axis=1))}
    assert means <= words_of(mvlpt_figure4(records))


def test_a_learner_or_a_pair_that_was_not_run_leaves_its_place_empty(records):
    lacking = (records["recipe"] == "upt") | ((records["source"] == "mnist") & (records["task"] == "gtsrb"))
    figure = mvlpt_figure4(records[~lacking])
    assert set(figure.points["learner"]) == {"coop", "vpt"}
    assert len(figure.points) == 2 * 15
    assert "not run" in words_of(figure)


def test_tasks_that_serve_each_other_come_to_stand_together():
    random = np.random.default_rng(0)
    names = list("adbecf")  # two groups, abc and def, interleaved
    together = np.array([[(name in "abc") == (other in "abc") for other in names] for name in names])
    grid = pd.DataFrame(0.6 + 0.2 * together + 0.01 * random.random((6, 6)), index=names, columns=names)
    order = "".join(clustered_order(grid))
    assert {frozenset(order[:3]), frozenset(order[3:])} == {frozenset("abc"), frozenset("def")}


def test_good_sources_and_easy_targets_do_not_make_a_cluster():
    names = list("adbecf")
    together = np.array([[(name in "abc") == (other in "abc") for other in names] for name in names])
    grid = pd.DataFrame(0.4 + 0.1 * together, index=names, columns=names)
    grid["a"] += 0.3  # easy for all prompts
    grid.loc["d"] += 0.2  # good for all tasks
    order = "".join(clustered_order(grid))
    assert {frozenset(order[:3]), frozenset(order[3:])} == {frozenset("abc"), frozenset("def")}


def test_an_order_holds_every_task_once_also_where_pairs_are_missing():
    grid = pd.DataFrame(np.eye(4), index=list("abcd"), columns=list("bcde"))
    grid.loc["a"] = math.nan
    assert sorted(clustered_order(grid)) == list("abcde")
    assert clustered_order(grid.iloc[:0, :2]) == ["b", "c"]


def test_a_number_can_be_read_on_its_shade():
    assert lowest_shade(pd.Series([0.1, *[0.57] * 9, 1.0])) == pytest.approx(0.5)
    assert shade(0.1, 0.5) == shade(0.5, 0.5)
    assert lowest_shade(pd.Series([1.0])) == pytest.approx(0.9)
    for relative in np.linspace(0.5, 1, 26):
        red, green, blue = (int(shade(relative, 0.5)[place : place + 2], 16) / 255 for place in (1, 3, 5))
        light = 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2
        contrast = 1.05 / (light + 0.05) if ink(relative, 0.5) == "white" else (light + 0.05) / 0.05
        assert contrast > 4.5, relative


# Figure 5


def test_figure_5_joins_the_sweep_with_the_default_lengths(figures):
    points = figures["mvlpt_figure5"].points.set_index(["method", "M"])
    assert len(points) == 6 * 3
    assert points.loc[("coop", 16), "regenerated"] == pytest.approx(50 + FIRST + SEEDS)
    assert points.loc[("coop", 4), "regenerated"] == pytest.approx(50 + FIRST + SEEDS + 0.5)
    assert points.loc[("mupt", 16), "regenerated"] == pytest.approx(58 + 3 + FIRST + SEEDS + 4)
    assert points["published"].dropna().index.tolist() == [
        *(("coop", 16), ("vpt", 16), ("upt", 4)),
        *(("mcoop", 16), ("mvpt", 16), ("mupt", 4)),
    ]


def test_the_range_of_each_line_is_in_its_panels_title(figures):
    assert "range: VPT 1.0, MVPT 2.0" in words_of(figures["mvlpt_figure5"])


def test_a_learner_without_runs_leaves_its_panel_empty(records):
    figure = mvlpt_figure5(records[~records["recipe"].str.startswith("upt")])
    assert "not run" in words_of(figure)
    assert len(figure.points) == 4 * 3


# Figure 6


def test_the_default_block_stands_in_every_panel_between_its_neighbours(figures):
    points = figures["mvlpt_figure6"].points
    assert {panel: of[panel].tolist() for panel, of in points.groupby("panel")} == {
        "mix_heads": [1, 2, 4],
        "mix_layers": [1, 2],
        "mix_width": [64, 128, 256],
    }
    default = points[points["default"]]
    assert default["regenerated"].tolist() == pytest.approx([58 + FIRST + SEEDS] * 3)
    assert default["published"].tolist() == [67.62] * 3


def test_the_size_of_a_point_is_its_parameters_over_the_fewest(figures):
    points = figures["mvlpt_figure6"].points
    assert points.loc[points["default"], "parameters"].tolist() == [566_400] * 3
    fewest = Settings.of(fake_transfer.UPT | {"mix_width": 64}).learned_numbers(VIT_B_16)
    widest = Settings.of(fake_transfer.UPT | {"mix_width": 256}).learned_numbers(VIT_B_16)
    assert points["relative"].min() == 1
    assert points["relative"].max() == pytest.approx(widest / fewest)
    heads = points.query("panel == 'mix_heads'")
    assert heads["relative"].nunique() == 1


def test_without_the_default_the_sweep_still_stands(records):
    points = mvlpt_figure6(records[records["experiment"] != "elevater"]).points
    assert not points["default"].any()
    assert points["panel"].tolist() == ["mix_heads", "mix_heads", "mix_layers", "mix_width", "mix_width"]
