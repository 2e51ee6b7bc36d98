"""ProGrad's figures from fake records."""

import numpy as np
import pytest
import torch

import reprompt.gradients.prograd as prograd_rule
from reprompt.figures.prograd import (
    PROGRAD_FIGURES,
    prograd_figure1,
    prograd_figure2,
    prograd_figure3,
    prograd_figure4,
    prograd_figure5,
    prograd_figure6,
    prograd_figure7,
    projection,
)
from reprompt.figures.prograd.failures import failures
from reprompt.figures.prograd.heat import border_and_centre
from reprompt.figures.write import write_figure
from reprompt.tables.prograd import prograd_table1
from reprompt.tables.scope import scope_of, swept
from reprompt.tasks.groups import members

DATASETS_11 = members("datasets11")


@pytest.fixture(scope="module")
def figures(records):
    return {name: make_figure(records) for name, make_figure in PROGRAD_FIGURES.items()}


@pytest.fixture(scope="module")
def figure4(figures):
    return figures["prograd_figure4"]


def test_writing_leaves_a_picture_and_its_numbers(figure4, tmp_path):
    write_figure(figure4, tmp_path / "prograd_figure4")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["prograd_figure4.csv", "prograd_figure4.png"]


# Figure 1


def test_a_curve_of_counts_is_drawn_as_percent_of_the_test_images(records):
    points = prograd_figure1(records).points.query("panel == 'a' and recipe == 'coop'")
    runs = records.query("experiment == 'few_shot' and recipe == 'coop' and task == 'stanford_cars' and shots == 1")
    by_hand = np.mean([100 * run["measured"]["curve"] / run["images"] for _, run in runs.iterrows()], axis=0)
    assert points["epoch"].tolist() == list(range(1, 21))
    assert points["regenerated"].tolist() == pytest.approx(list(by_hand))


def test_runs_with_and_without_augmentation_are_kept_apart(records):
    points = prograd_figure1(records).points.query("panel == 'd' and recipe == 'coop' and shots == 4")
    for augmented, experiment in ((True, "few_shot"), (False, "few_shot_no_augmentation")):
        runs = records[(records["experiment"] == experiment) & (records["task"] == "oxford_pets")]
        by_hand = runs.query("recipe == 'coop' and shots == 4")["value"].mean()
        (value,) = points.loc[points["augmented"] == augmented, "regenerated"]
        assert value == pytest.approx(by_hand)


def test_a_run_that_was_not_followed_has_no_curve(records):
    unfollowed = records.assign(measured=[{} for _ in range(len(records))])
    points = prograd_figure1(unfollowed).points
    assert set(points.loc[points["panel"] == "a", "recipe"]) == {"zero_shot"}
    assert prograd_figure1(unfollowed).figure is not None


# Figure 2


def test_border_and_centre_are_worked_by_hand():
    heat = np.zeros((5, 5), dtype=np.float16)
    heat[0, :] = 1  # 5 of the 16 cells of the border
    heat[2, 2] = 0.9  # one of the 9 cells of the centre
    assert border_and_centre(heat) == pytest.approx((5 / 16, 0.1), abs=1e-3)


def test_every_way_of_tuning_stands_beside_the_image_in_the_papers_order(figures):
    figure2 = figures["prograd_figure2"]
    assert list(figure2.points.query("image == 0")["recipe"]) == [
        "coop",
        "zero_shot",
        "prograd_general",
        "prograd_orthogonal",
        "prograd",
    ]
    assert len(figure2.figure.axes) == 4 * 6


def test_a_way_of_tuning_that_is_missing_leaves_its_column_empty(records):
    figure2 = prograd_figure2(records[records["recipe"] != "prograd_general"])
    assert "prograd_general" not in set(figure2.points["recipe"])
    assert len(figure2.figure.axes) == 4 * 6


# Figure 3


def test_the_drawn_equation_is_the_one_that_tuning_uses():
    g_task, g_general = np.random.default_rng(0).normal(size=(2, 20, 2))
    strength = torch.ones(20, dtype=torch.float64)
    tuned = prograd_rule.align(torch.from_numpy(g_task), torch.from_numpy(g_general), strength)
    drawn = [projection.align(task, general) for task, general in zip(g_task, g_general, strict=True)]
    np.testing.assert_allclose(drawn, tuned.numpy())


def test_the_drawn_projection_is_right_angled_where_gradients_conflict_and_nothing_where_they_agree(records):
    points = prograd_figure3(records).points.set_index(["panel", "vector"])[["x", "y"]]
    assert list(points.loc["a", "aligned"]) == list(points.loc["a", "g_task"])
    assert points.loc["b", "aligned"] @ points.loc["b", "g_general"] == pytest.approx(0)
    assert points.loc["b", "g_task"] @ points.loc["b", "g_general"] < 0


# Figures 4 and 7


def test_there_is_one_panel_for_the_average_and_one_per_dataset(figure4):
    assert list(figure4.points["panel"].unique()) == ["average", *DATASETS_11]
    assert len(figure4.figure.axes) == 12


def test_the_average_panel_agrees_with_table_1(figure4, records):
    cell = prograd_table1(records).at("", "CoOp", "4")
    points = figure4.points.query("panel == 'average' and recipe == 'coop' and shots == 4").iloc[0]
    assert points[["regenerated", "low", "high", "published"]].tolist() == pytest.approx(
        cell[["regenerated", "low", "high", "published"]].tolist()
    )


def test_published_values_stand_in_the_average_panel_only(figure4):
    printed = figure4.points[figure4.points["published"].notna()]
    assert set(printed["panel"]) == {"average"}


def test_a_method_without_records_leaves_figure_4_as_it_is(make):
    few = make(tasks=("dtd",), seeds=(1,)).query("recipe != 'prograd_ensemble'")
    assert len(prograd_figure4(few).figure.axes) == 12


def test_the_oracle_stands_beside_what_it_bounds_and_has_no_printed_value(records):
    points = prograd_figure7(records).points
    assert list(points["recipe"].unique()) == ["zero_shot", "coop", "prograd", "prograd_oracle"]
    assert points.query("recipe == 'prograd_oracle'")["published"].isna().all()
    oracle = records.query("recipe == 'prograd_oracle' and shots == 8")["value"].mean()
    assert points.query("recipe == 'prograd_oracle' and shots == 8")["regenerated"].item() == pytest.approx(oracle)


# Figure 5


def test_failures_are_counted_by_hand_on_four_images(make):
    records = make(tasks=("dtd",), seeds=(1,)).query("experiment == 'few_shot' and shots in (0, 1)")
    predictions = {
        # truth 0, 1, 2, 3. CoOp and not ProGrad is right on images 0, 1 and 3; zero-shot CLIP is wrong on 1 and 3.
        "coop": [0, 1, 0, 3],
        "prograd": [1, 0, 2, 0],
        "zero_shot": [0, 2, 2, 1],
    }
    records = records[records["recipe"].isin(predictions)].copy()
    records["predictions"] = [np.array(predictions[recipe], dtype=np.uint8) for recipe in records["recipe"]]
    records["targets"] = [np.arange(4, dtype=np.uint8)] * len(records)
    (counted,) = failures(scope_of(records, "few_shot")).to_dict("records")
    assert counted == {"task": "dtd", "shots": 1, "seed": 1, "failures": 3, "zero_shot_wrong": 2}
    average = prograd_figure5(records).points.iloc[0]
    assert (average["task"], average["failures"], average["zero_shot_wrong"]) == ("average", 3, 2)
    assert average["regenerated"] == pytest.approx(200 / 3)


def test_the_average_share_is_over_tasks_and_the_counts_are_of_all(figures):
    points = figures["prograd_figure5"].points.query("shots == 4").set_index("task")
    tasks = points.drop("average")
    assert len(tasks) == 11
    assert points.loc["average", "regenerated"] == pytest.approx(tasks["regenerated"].mean())
    assert points.loc["average", "failures"] == tasks["failures"].sum()


def test_a_task_without_failures_has_no_share(make):
    records = make(tasks=("dtd",), seeds=(1,)).query("experiment == 'few_shot'").copy()
    records["predictions"] = records["targets"]
    assert prograd_figure5(records).points.empty


# Figure 6


def test_coop_is_lambda_0_and_prograd_lambda_1_of_the_same_experiment(records):
    points = prograd_figure6(records).points.query("panel == 'b'").set_index("recipe")
    for recipe, strength in (("coop", 0), ("prograd", 1)):
        runs = records[(records["swept"] == swept(**{"lambda": strength})) & (records["task"] == "caltech101")]
        by_hand = np.mean([angle["angle"] for angle in runs["measured"]], axis=0)
        assert points.loc[recipe, "regenerated"].tolist() == pytest.approx(list(by_hand))


def test_a_curve_whose_runs_are_missing_beside_others_has_no_points(records):
    others = records[(records["swept"] != swept(**{"lambda": 1})) | (records["experiment"] != "few_shot_angles")]
    assert set(prograd_figure6(others).points["recipe"]) == {"coop"}


def test_an_epoch_without_an_angle_is_left_out(records):
    def without_the_first(measured: dict) -> dict:
        return {"angle": np.where(np.arange(20) == 0, np.nan, measured["angle"])} if "angle" in measured else measured

    points = prograd_figure6(records.assign(measured=records["measured"].map(without_the_first))).points
    assert sorted(points["epoch"].unique()) == list(range(2, 21))
