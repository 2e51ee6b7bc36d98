"""ProGrad's Figure 4 from fake records."""

import pytest

from reprompt.figures import FIGURES
from reprompt.figures.prograd import prograd_figure4
from reprompt.figures.write import write_figure
from reprompt.published import DATASETS_11
from reprompt.tables.prograd import prograd_table1


@pytest.fixture(scope="module")
def figure4(records):
    return prograd_figure4(records)


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


def test_the_title_names_the_scale(figure4):
    assert "scale miniature (rendered data)" in figure4.title
    assert any("scale miniature" in text.get_text() for text in figure4.figure.texts)


def test_the_same_records_give_the_same_bytes(figure4, records):
    again = prograd_figure4(records.sample(frac=1, random_state=1))
    assert again.to_csv() == figure4.to_csv()
    picture = figure4.to_png()
    assert again.to_png() == picture
    assert b"tEXt" not in picture


def test_missing_tasks_and_methods_leave_empty_panels_and_no_error(make, records):
    few = make(tasks=("dtd",), seeds=(1,)).query("recipe != 'prograd_ensemble'")
    assert len(prograd_figure4(few).figure.axes) == 12
    assert prograd_figure4(records.iloc[:0]).figure is not None


def test_writing_leaves_a_picture_and_its_numbers(figure4, tmp_path):
    write_figure(figure4, tmp_path / "prograd_figure4")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["prograd_figure4.csv", "prograd_figure4.png"]
    assert set(FIGURES) == {"prograd_figure4"}
