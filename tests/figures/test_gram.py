"""GRAM's figures from fake records; tests/tables/fake_records.py makes them."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student_t

from reprompt.figures.gram import gram_figure1a, gram_figure1b, gram_figure3a, gram_figure3b
from reprompt.tables.gram import gram_table1


@pytest.fixture(scope="module")
def records(make_gram):
    return make_gram()


def test_figure_1a_has_every_start_that_was_run_and_the_meta_learned_one_last(records):
    points = gram_figure1a(records).points
    starts = ["random", "“a photo of a”", "“this is one big”", "random, 16 tokens", "meta-learned"]
    assert list(points["initialisation"].unique()) == starts
    assert len(points) == 5 * 3
    rows = records[(records["experiment"] == "gram_initialisations") & records["swept"].str.contains("random")]
    base, new = (rows[rows["split"] == half].groupby("seed")["value"].mean() for half in ("base", "new"))
    expected = {"base": base.mean(), "new": new.mean(), "H": (2 * base * new / (base + new)).mean()}
    random = points[points["initialisation"] == "random"].set_index("split")["regenerated"]
    assert random.to_dict() == pytest.approx(expected)


def test_the_meta_learned_start_is_the_row_of_table_1(records):
    points = gram_figure1a(records).points.set_index(["initialisation", "split"])["regenerated"]
    table = gram_table1(records)
    for split, column in (("base", "Base"), ("new", "New"), ("H", "H")):
        cell = table.at("(a) Average over 11 datasets", "CoOp + GRAM", column)
        assert points["meta-learned", split] == pytest.approx(cell["regenerated"])


def test_the_range_is_of_the_starts_of_four_tokens(records):
    figure = gram_figure1a(records)
    base = figure.points[figure.points["split"] == "base"].set_index("initialisation")["regenerated"]
    title = figure.figure.axes[0].get_title(loc="right")
    four = base.drop(["meta-learned", "random, 16 tokens"])
    assert title == f"range {four.max() - four.min():.1f}"


def test_a_point_of_a_curve_is_the_mean_over_tasks_with_its_interval_over_draws(records):
    points = gram_figure3a(records).points
    assert points.groupby(["split", "recipe"])["epoch"].max().unstack()["vpt_gram"].tolist() == [10, 10]
    rows = records[
        (records["experiment"] == "gram_curves") & (records["recipe"] == "vpt") & (records["split"] == "new")
    ]
    third = [
        100 * int(arrays["curve"][2]) / images for arrays, images in zip(rows["measured"], rows["images"], strict=True)
    ]
    by_seed = pd.Series(third).groupby(rows["seed"].to_numpy()).mean()
    point = points.query("split == 'new' and recipe == 'vpt' and epoch == 3").iloc[0]
    assert point["regenerated"] == pytest.approx(by_seed.mean())
    half = student_t.ppf(0.975, 2) * by_seed.std(ddof=1) / np.sqrt(3)
    assert point["high"] - point["regenerated"] == pytest.approx(half)


def test_figure_1b_is_the_part_of_figure_3a_that_is_coop_on_new_classes(records):
    whole = gram_figure3a(records).points
    part = whole[(whole["split"] == "new") & whole["recipe"].isin(["zero_shot", "coop", "coop_gram"])]
    points = gram_figure1b(records).points
    pd.testing.assert_frame_equal(points[points["recipe"] != "coop_long"], part.reset_index(drop=True))


def test_figure_1b_has_coop_after_a_longer_training_on_the_same_tasks(records):
    rows = records[(records["experiment"] == "gram_long") & (records["split"] == "new")]
    longer = gram_figure1b(records).points.query("recipe == 'coop_long'")
    assert longer[["epoch", "regenerated"]].to_numpy().tolist() == [[20, pytest.approx(rows["value"].mean())]]
    fewer = records.drop(index=rows.index[rows["task"] == "dtd"])
    assert "coop_long" not in set(gram_figure1b(fewer).points["recipe"])


def test_runs_that_were_not_followed_are_in_no_curve(records):
    unfollowed = records.assign(measured=[{} for _ in records.index])
    points = gram_figure3a(unfollowed).points
    assert set(points["recipe"]) == {"zero_shot"}


def test_figure_3b_has_every_logged_step_of_the_three_learners(records):
    points = gram_figure3b(records).points
    assert points.groupby("recipe")["step"].agg(["size", "max"]).to_dict("list") == {
        "size": [120] * 3,
        "max": [595] * 3,
    }
    logged = records[records["recipe"] == "vpt_meta"]["measured"].iloc[0]["inner_product"]
    shown = points.loc[points["recipe"] == "vpt_meta", "inner_product"]
    assert shown.to_numpy() == pytest.approx(logged.astype(float))


def test_figure_3b_says_by_how_much_the_product_rises(records):
    figure = gram_figure3b(records)
    for axes, (_, run) in zip(figure.figure.axes, figure.points.groupby("recipe", sort=False), strict=True):
        product = run["inner_product"].to_numpy()
        assert axes.get_title(loc="right").startswith(f"rise {product[-40:].mean() - product[:40].mean():+.3f} ± ")


def test_too_few_steps_are_drawn_without_words(records):
    short = {name: array[:5] for name, array in records["measured"].iloc[-1].items()}
    figure = gram_figure3b(records.tail(1).assign(measured=[short]))
    assert len(figure.points) == 5
    assert figure.figure.axes[-1].get_title(loc="right") == ""
