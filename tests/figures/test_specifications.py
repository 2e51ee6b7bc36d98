"""What holds for every figure, from made-up records: specifications are data, pages can be read, none are needed."""

import itertools
from collections.abc import Mapping
from dataclasses import fields, is_dataclass

import fake_grid
import fake_npt
import fake_records
import fake_transfer
import pandas as pd
import pytest
from matplotlib.axis import Axis
from matplotlib.text import Text

from reprompt.figures import FIGURES
from reprompt.figures.gram.corpus import CORPUS_FIGURES
from reprompt.figures.lines import Lines
from reprompt.figures.page import SIZE

MAKERS = {
    "prograd": fake_records.make_records,
    "npt": fake_npt.make_npt_records,
    "mvlpt": fake_transfer.make_transfer_records,
    "gram": fake_records.make_gram_records,
    "mvlpt_figure_similarity": fake_grid.make_grid,
}
OF_RECORDS = [name for name in FIGURES if name != "prograd_figure3"]
SHOWN = pytest.mark.parametrize("name", FIGURES)


@pytest.fixture(scope="session")
def records_of():
    """Records for a figure by its name, made once for each paper."""
    made: dict[str, pd.DataFrame] = {}

    def records(name: str) -> pd.DataFrame:
        maker = name if name in MAKERS else name.partition("_")[0]
        if maker not in made:
            made[maker] = MAKERS[maker]()
        return made[maker]

    return records


def words_of(figure) -> list[Text]:
    """The words that are drawn: those of ticks out of view are not."""
    ticks = [(tick, axis.get_view_interval()) for axis in figure.findobj(Axis) for tick in axis.get_major_ticks()]
    unseen = {tick.label1 for tick, view in ticks if not min(view) <= tick.get_loc() <= max(view)}
    texts = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    return [text for text in texts if text not in unseen]


def held(value: object):
    """Everything that a specification holds, down to what holds nothing."""
    if is_dataclass(value):
        parts = [getattr(value, field.name) for field in fields(value)]
    elif isinstance(value, Mapping):
        parts = [*value, *value.values()]
    elif isinstance(value, tuple):
        parts = list(value)
    else:
        parts = [value]
        yield value
    if parts != [value]:
        for part in parts:
            yield from held(part)


@pytest.mark.parametrize("spec", [*FIGURES.values(), *CORPUS_FIGURES.values()])
def test_a_specification_holds_data_and_no_function(spec):
    assert {type(value) for value in held(spec)} <= {str, int, float, bool, type(None)}


@pytest.mark.parametrize("which", ["full", "one seed"])
@SHOWN
def test_words_are_on_the_page_and_large_enough(name, which, records_of):
    records = records_of(name)
    figure = FIGURES[name](records if which == "full" else records[records["seed"] < 2]).figure
    page, renderer = figure.bbox, figure.canvas.get_renderer()
    for text in words_of(figure):
        box = text.get_window_extent(renderer)
        assert page.x0 <= box.x0 and box.x1 <= page.x1, text.get_text()
        assert page.y0 <= box.y0 and box.y1 <= page.y1, text.get_text()
        assert text.get_fontsize() >= SIZE, text.get_text()


@pytest.mark.parametrize("name", [name for name, spec in FIGURES.items() if isinstance(spec.drawing, Lines)])
def test_names_of_lines_do_not_cover_each_other_and_legends_no_data(name, records_of):
    figure = FIGURES[name](records_of(name)).figure
    panels = [axes.get_window_extent() for axes in figure.findobj(lambda artist: hasattr(artist, "get_xticks"))]
    for axes in figure.axes:
        boxes = sorted((text.get_window_extent() for text in axes.texts), key=lambda box: box.y0)
        assert all(low.y1 <= high.y0 + 3 for low, high in itertools.pairwise(boxes))
        assert not any(box.overlaps(panel.padded(-1)) for box, panel in itertools.product(boxes, panels))
    legends = [legend for body in figure.subfigs for inner in body.subfigs for legend in inner.legends]
    for legend, panel in itertools.product(legends, panels):
        assert not legend.get_window_extent().overlaps(panel)


@pytest.mark.parametrize("name", OF_RECORDS)
def test_no_records_at_all_say_so(name, records_of):
    figure = FIGURES[name](records_of(name).iloc[:0])
    assert figure.points.empty
    assert "not run" in {text.get_text() for text in words_of(figure.figure)}


@pytest.mark.parametrize("name", OF_RECORDS)
def test_records_in_any_order_give_the_same_points(name, records_of):
    figure = FIGURES[name](records_of(name))
    assert FIGURES[name](records_of(name).sample(frac=1, random_state=1)).to_csv() == figure.to_csv()
    assert "scale miniature (rendered data)" in figure.title


@pytest.mark.parametrize("name", [name for name in OF_RECORDS if name != "mvlpt_figure1"])
def test_records_of_two_backbones_must_be_told_apart(name, records_of):
    records = records_of(name)
    usual = records[records["backbone"] == "ViT-B-16"]
    both = pd.concat([usual, usual.assign(backbone="RN50", file="other.npz")])
    with pytest.raises(ValueError, match="more than one backbone"):
        FIGURES[name](both)
    assert FIGURES[name](both, backbone="RN50").points.equals(FIGURES[name](usual).points)
