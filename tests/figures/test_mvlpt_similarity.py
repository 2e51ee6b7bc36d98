"""The figure of what explains transfer; tests/tables/fake_grid.py makes the records."""

import itertools

import fake_grid
import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from reprompt.figures.mvlpt import mvlpt_figure_similarity
from reprompt.figures.mvlpt.pairs import outliers
from reprompt.tasks.card import card_of
from reprompt.training.groups import grid_of, normalised


@pytest.fixture(scope="module")
def records():
    return fake_grid.make_grid()


@pytest.fixture(scope="module")
def figure(records):
    return mvlpt_figure_similarity(records)


def words(figure) -> str:
    return "\n".join(text.get_text() for text in figure.figure.findobj(Text))


def test_every_pair_of_different_tasks_is_a_point_in_every_panel(figure):
    counts = figure.points.groupby(["learner", "similarity"]).size()
    assert len(counts) == 6 and (counts == 56).all()
    assert (figure.points["source"] != figure.points["target"]).all()


def test_a_point_has_the_grids_values(records, figure):
    point = figure.points.query("learner == 'vpt' and similarity == 'label'").iloc[10]
    where = point["source"], point["target"]
    assert point["transfer"] == normalised(grid_of(records, "vpt_deep")).at[where]
    assert point["value"] == grid_of(records, "vpt_deep", "label_similarity").at[where]


def test_correlation_and_p_stand_over_every_panel(figure):
    drawn = words(figure)
    for _, panel in figure.points.groupby(["learner", "similarity"]):
        correlation, p = panel["correlation"].iloc[0], panel["p"].iloc[0]
        assert f"ρ = {correlation:.2f}".replace("-", "−") + f", p = {p:.3f}, 56 pairs" in drawn


def test_the_named_are_few_and_of_different_targets(figure):
    marked = figure.points[figure.points["outlier"]]
    assert (marked.groupby(["learner", "similarity"]).size() == 3).all()
    assert not marked.duplicated(["learner", "similarity", "target"]).any()
    names = {f"{card_of(pair.source).printed} → {card_of(pair.target).printed}" for pair in marked.itertuples()}
    assert names <= set(words(figure).split("\n"))


def test_names_of_pairs_do_not_cover_each_other(figure):
    for axes in figure.figure.axes:
        boxes = [text.get_window_extent() for text in axes.texts]
        assert len(boxes) == 3
        assert not any(box.overlaps(other) for box, other in itertools.combinations(boxes, 2))


def test_the_pair_that_breaks_the_rule_is_named_first():
    """Transfer follows similarity but for one pair, the most similar one, which transfers worst."""
    similarity = np.linspace(0, 1, 20)
    transfer = similarity.copy()
    transfer[-1] = -1
    targets = [f"task {place % 5}" for place in range(20)]
    marked = outliers(similarity, transfer, targets)
    assert marked[0] == 19 and len(marked) == 3
    assert len({targets[place] for place in marked}) == 3


def test_a_constant_similarity_has_no_line_but_outliers(records):
    flat = records.assign(value=records["value"].where(records["metric"] != "image_similarity", 0.9))
    figure = mvlpt_figure_similarity(flat)
    assert figure.points.query("similarity == 'image'")["correlation"].isna().all()
    assert "no correlation" in words(figure)
    assert figure.to_png()


def test_a_learner_without_a_grid_is_not_run():
    figure = mvlpt_figure_similarity(fake_grid.make_grid(recipes=("upt",)))
    assert set(figure.points["learner"]) == {"upt"}
    assert words(figure).count("not run") == 4


def test_records_of_other_experiments_have_no_part(records, figure):
    other = records.assign(experiment="elevater", protocol="elevater", value=50.0)
    assert mvlpt_figure_similarity(pd.concat([records, other])).to_csv() == figure.to_csv()
