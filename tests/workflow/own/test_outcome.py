"""What is said of methods follows from their records: means, intervals, curves and confusions, worked by hand."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from reprompt.workflow.own.outcome import Outcome, confusions, curves, most_confused, outcomes, wilson
from reprompt.workflow.own.page import Shown, write_page


def test_wilsons_interval_is_the_one_of_the_textbook():
    """8 of 10: Agresti and Coull 1998 and Brown, Cai and DasGupta 2001 have 0.490 to 0.943."""
    assert wilson(80.0, 10) == (pytest.approx(49.0, abs=0.05), pytest.approx(94.3, abs=0.05))


def frame(*rows):
    columns = ("recipe", "task", "shots", "seed", "targets", "predictions", "curve")
    made = [dict(zip(columns, row, strict=True)) for row in rows]
    for row in made:
        right = np.mean(np.array(row["targets"]) == np.array(row["predictions"]))
        row |= {"metric": "accuracy", "value": 100 * right, "images": len(row["targets"])}
        row |= {"targets": np.array(row["targets"]), "predictions": np.array(row["predictions"])}
        curve = row.pop("curve")
        row["measured"] = {} if curve is None else {"curve": np.array(curve)}
    return pd.DataFrame(made)


def test_folds_of_a_draw_are_put_together_before_draws_are_averaged():
    records = frame(
        ("coop", "x_fold1", 1, 1, [0, 1, 1], [0, 1, 0], None),
        ("coop", "x_fold2", 1, 1, [0], [0], None),
        ("coop", "x_fold1", 1, 2, [0, 1, 1], [0, 1, 1], None),
        ("coop", "x_fold2", 1, 2, [0], [1], None),
    )
    (outcome,) = outcomes(records, {"coop": 3.04})
    assert (outcome.accuracy, outcome.images, outcome.draws, outcome.seconds) == (75.0, 4, 2, 3.0)
    assert outcome.half_width == 0
    matrix = confusions(records, 2)["coop"]
    assert matrix.tolist() == [[3, 1], [1, 3]]
    assert most_confused(matrix, ["a", "b"]) == [("a", "b", 25.0), ("b", "a", 25.0)]


def test_curves_are_means_over_draws_in_percent():
    records = frame(("coop", "x", 1, 1, [0, 1], [0, 0], [0, 2]), ("coop", "x", 1, 2, [0, 1], [0, 1], [2, 2]))
    assert curves(records)[1]["coop"].tolist() == [50.0, 100.0]


def test_a_page_shows_table_curves_and_confusions_of_classes_with_any_name(tmp_path):
    names = ["a <rose> & $more$", "lily"]
    found = [
        Outcome("zero_shot", 0, 50.0, None, 20.0, 80.0, 8, 1, 0.0),
        Outcome("coop", 4, 75.0, 3.2, 40.0, 93.0, 8, 3, 9.1),
    ]
    matrix = np.array([[3, 1], [1, 3]])
    shown = Shown("flowers", "tiny", found, {4: {"coop": np.array([50.0, 75.0])}}, {"coop": matrix}, names)
    text = write_page(shown, tmp_path).read_text()
    assert "&lt;rose&gt; &amp; $more$ for lily 25 %" in text and "3.2" in text and "40.0 to 93.0" in text
    assert all(Image.open(tmp_path / name).size[0] > 200 for name in ("curves.png", "confusion.png"))
