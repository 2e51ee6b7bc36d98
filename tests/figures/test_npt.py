"""NPT's figures from fake records; tests/tables/fake_npt.py makes them."""

import itertools
import json

import fake_npt
import numpy as np
import pytest
from scipy.stats import t as student_t

from reprompt.figures.npt import npt_figure1, npt_figure2, npt_figure4, npt_figure5
from reprompt.figures.npt.collapse import degrees, plane, polygon, share_kept, simplex_radius
from reprompt.figures.npt.degrees import scope_of_degrees
from reprompt.tables.npt import npt_table1
from reprompt.tables.scope import Which, scope_of
from reprompt.tasks.groups import members

DATASETS_11 = members("datasets11")


@pytest.fixture(scope="module")
def records():
    return fake_npt.make_npt_records()


@pytest.fixture(scope="module")
def smoke():
    return fake_npt.make_npt_records(scale="smoke", tasks=("dtd", "eurosat"), seeds=(1, 2))


@pytest.fixture(scope="module")
def table1(records):
    return npt_table1(records)


@pytest.fixture(scope="module")
def figure2(records):
    return npt_figure2(records)


@pytest.mark.parametrize("classes", [3, 5, 8])
def test_an_exact_simplex_is_mapped_to_a_regular_polygon(classes):
    simplex = fake_npt.simplex(classes, 20, np.random.default_rng(3))
    on_page = simplex @ plane(simplex)
    assert on_page == pytest.approx(simplex_radius(classes) * polygon(classes), abs=1e-9)
    assert share_kept(simplex, plane(simplex)) == pytest.approx(2 / (classes - 1))


def test_three_vectors_of_a_simplex_lose_nothing():
    simplex = fake_npt.simplex(3, 20, np.random.default_rng(4))
    assert np.linalg.norm(simplex @ plane(simplex), axis=1) == pytest.approx(np.ones(3))


def test_the_map_is_orthogonal_whatever_the_classes():
    classes = fake_npt.normalised(np.random.default_rng(5).normal(size=(6, 20)) + 1)
    assert plane(classes).T @ plane(classes) == pytest.approx(np.eye(2), abs=1e-9)


def test_degrees_are_zero_for_a_simplex_with_every_image_on_its_text():
    simplex, targets = fake_npt.simplex(4, 20, np.random.default_rng(6)), np.array([0, 1, 1, 3])
    assert degrees(simplex, simplex[targets], targets) == pytest.approx((0, 0), abs=1e-9)


def test_degrees_of_a_case_worked_by_hand():
    classes, images = np.array([[1.0, 0], [0.6, 0.8]]), np.array([[1.0, 0], [1.0, 0], [0, 1.0]])
    # one pair with cosine 0.6 and K = 2: 0.6 + 1; own cosines 1, 0.6 and 0.8: their mean less 1
    assert degrees(classes, images, np.array([0, 1, 1])) == pytest.approx((1.6, 0.8 - 1))


def test_figure_1_has_the_panels_of_the_paper_and_every_mark(records):
    points = npt_figure1(records).points
    assert points[["panel", "recipe", "tau"]].drop_duplicates().values.tolist() == [
        ["a", "zero_shot", 1.0],
        ["b", "maple", 1.0],
        ["c", "maple", 0.01],
        ["d", "maple_npt", 0.01],
    ]
    per_panel = points.groupby("panel")["kind"].value_counts().unstack()
    assert (per_panel["text"] == 5).all()
    assert (per_panel["image"] == 5 * 60).all()


def test_crowded_texts_give_short_arrows(records):
    points = npt_figure1(records).points
    texts = points[points["kind"] == "text"]
    length = np.hypot(texts["x"], texts["y"]).groupby(texts["panel"]).mean()
    assert length["a"] < length["c"] < length["d"]
    lcd = texts.groupby("panel")["delta_lcd"].first()
    assert lcd["a"] > lcd["c"] > lcd["d"]


def test_a_degree_is_the_mean_of_absolute_values_over_base_and_new():
    rows = fake_npt.make_npt_records(tasks=("dtd",), taus=(1.0,), seeds=(1,))
    rows = rows[(rows["experiment"] == "imbalanced") & (rows["recipe"] == "maple")]
    lcd = (rows["metric"] == "delta_lcd") & (rows["split"] == "base")
    rows.loc[lcd, "value"] = -0.2
    rows.loc[(rows["metric"] == "delta_lcd") & ~lcd & (rows["split"] == "new"), "value"] = 0.4
    scope = scope_of_degrees(rows, scope_of(rows, "imbalanced"), "delta_lcd")
    assert scope.average(Which("maple", 16, "both")).estimate == pytest.approx(0.3)


def test_figure_2_sets_degrees_against_the_average_h_of_table_1(records, figure2, table1):
    points = figure2.points
    assert points.groupby(["panel", "delta"]).size().to_dict() == {
        ("a", "delta_lcd"): 3,
        ("a", "delta_mid"): 3,
        ("b", "delta_lcd"): 9,
        ("b", "delta_mid"): 9,
    }
    point = points.query("panel == 'b' and delta == 'delta_mid' and recipe == 'maple' and tau == 0.01").iloc[0]
    rows = records.query("experiment == 'imbalanced' and recipe == 'maple' and tau == 0.01 and metric == 'delta_mid'")
    by_seed = rows["value"].abs().groupby(rows["seed"]).mean()
    assert point["degree"] == pytest.approx(by_seed.mean())
    half = student_t.ppf(0.975, 2) * by_seed.std(ddof=1) / np.sqrt(3)
    assert point["high"] - point["degree"] == pytest.approx(half)
    cell = table1.at("Imbalance ratio τ = 0.01", "MaPLe", "Avg")
    assert point[["H", "H_low", "H_high", "published_H"]].tolist() == pytest.approx(
        cell[["regenerated", "low", "high", "published"]].tolist()
    )


def test_the_correlation_of_figure_2_is_pearsons(records, figure2):
    panel = figure2.points.query("panel == 'b' and delta == 'delta_lcd'")
    assert panel["correlation"].nunique() == 1
    assert panel["correlation"].iloc[0] == pytest.approx(np.corrcoef(panel["degree"], panel["H"])[0, 1])
    two = records[~((records["recipe"] == "maple") & (records["tau"] == 1.0))]
    assert npt_figure2(two).points.query("panel == 'a'")["correlation"].isna().all()


def test_degrees_keep_four_decimals_in_the_csv(figure2):
    first = figure2.to_csv().splitlines()[2].split(",")
    assert len(first[4].partition(".")[2]) == 4


def test_gains_of_figure_4_are_paired_by_seed(records):
    points = npt_figure4(records).points
    assert len(points) == 2 * 2 * 12
    new = records.query("experiment == 'imbalanced' and tau == 0.05 and split == 'new' and metric == 'accuracy'")
    grid = new.pivot(index=["task", "seed"], columns="recipe", values="value")
    gain = (grid["maple_npt"] - grid["maple"]).unstack("task")
    of_dtd = points.query("tau == 0.05 and split == 'new' and task == 'dtd'").iloc[0]
    assert of_dtd["gain"] == pytest.approx(gain["dtd"].mean())
    assert of_dtd["high"] - of_dtd["gain"] == pytest.approx(
        student_t.ppf(0.975, 2) * gain["dtd"].std(ddof=1) / np.sqrt(3)
    )
    average = points.query("tau == 0.05 and split == 'new' and task == 'average'").iloc[0]
    assert average["gain"] == pytest.approx(gain.mean(axis=1).mean())


def test_figure_5_joins_the_sweep_with_the_default_and_has_a_line_without_npt(records, table1):
    points = npt_figure5(records).points
    curves = points[points["recipe"] == "maple_npt"].groupby("panel")
    assert {panel: curve[panel].tolist() for panel, curve in curves} == {
        "w1": [0.0, 0.1, 0.3, 0.5, 0.7, 1.0],
        "w2": [0.0, 0.2, 0.5, 0.8, 1.0, 1.5],
    }
    for label, points_of in (("MaPLe", points["recipe"] == "maple"), ("MaPLe + NPT", points["published"] == 71.85)):
        cell = table1.at("Imbalance ratio τ = 0.01", label, "Avg")
        assert points_of.sum() == 2
        assert points.loc[points_of, "regenerated"].tolist() == pytest.approx([cell["regenerated"]] * 2)


def test_a_point_of_the_sweep_is_its_runs_alone(records):
    runs = records[records["swept"] == json.dumps({"w_isomorphism": 0.8, "w_language": 0.5}, separators=(",", ":"))]
    base, new = (
        runs[runs["split"] == half].pivot(index="seed", columns="task", values="value") for half in ("base", "new")
    )
    points = npt_figure5(records).points
    (point,) = points.loc[(points["panel"] == "w1") & (points["w1"] == 0.5), "regenerated"]
    assert point == pytest.approx((2 * base * new / (base + new)).mean(axis=None))


def test_labels_of_figure_2_do_not_cover_each_other(figure2):
    for axes in figure2.figure.axes:
        boxes = [text.get_window_extent() for text in axes.texts]
        assert len(boxes) in (3, 9)
        assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))


def test_a_subset_of_tasks_keeps_every_row_of_figure_4(smoke):
    points = npt_figure4(smoke).points
    assert set(points["task"]) == {"dtd", "eurosat", "average"}
    labels = [tick.get_text() for tick in npt_figure4(smoke).figure.axes[0].get_yticklabels()]
    assert len(labels) == 1 + len(DATASETS_11)
