"""The figures of GRAM's corpus, from made-up pictures and numbers."""

import json
from dataclasses import replace

import numpy as np
import pytest

from reprompt.corpus.pictures import CorpusFigureData
from reprompt.figures.gram.corpus import CORPUS_FIGURES, Corpus, corpus_figure

FAMILIES = ("objects", "pets", "textures", "words")


@pytest.fixture(scope="module")
def pictures():
    rng = np.random.default_rng(0)
    stay = np.linspace(0, 1, 50, dtype=np.float32)
    return CorpusFigureData(
        mismatched_stay=stay,
        matched_stay=stay**0.1,
        map_xy=rng.normal(size=(400, 2)).astype(np.float32),
        map_topic=rng.integers(-1, 60, 400).astype(np.int16),
        map_family=rng.choice(FAMILIES, 400),
        topic_words=np.array([f"word{topic}" for topic in range(60)]),
        example_topics=np.array([0, 20, 40, 59], np.int16),
        examples=rng.integers(0, 255, (4, 4, 3, 40, 40, 3)).astype(np.uint8),
    )


@pytest.fixture(scope="module")
def quality():
    counts = {"matched_kept": 17_900, "matched_dropped": 900, "mismatched_kept": 60, "mismatched_dropped": 1140}
    same = {"adjusted_rand_index": 0.5, "purity": 0.9}
    return {
        "filter": {"area_under_roc": 0.987, "threshold": 0.213, **counts},
        "topics": {
            **{"topics": 60, "kept_without_topic": 0.12, "families": same, "concepts": same},
            "pairs_per_topic": {"least": 30, "median": 150.0, "most": 2000},
        },
    }


@pytest.fixture(params=["full", "bare"])
def made(request, pictures, quality):
    """Each figure as a function, with everything to show or with no topic that can be shown."""
    if request.param == "bare":
        none = {"example_topics": pictures.example_topics[:0], "examples": pictures.examples[:0]}
        pictures = replace(pictures, **none)
    return {name: make(Corpus(pictures, quality)) for name, make in CORPUS_FIGURES.items()}


def test_the_chosen_threshold_is_a_point_with_the_shares_that_stay(made):
    points = made["gram_figure_filter"].points
    (chosen,) = points[points["mark"] == "chosen"].to_dict("records")
    assert chosen["matched_stay"] == pytest.approx(17_900 / 18_800)
    assert chosen["mismatched_stay"] == pytest.approx(60 / 1200)
    assert (points["mark"] == "curve").sum() == 50


def test_every_caption_is_a_point_with_the_word_of_its_topic(made, pictures):
    points = made["gram_figure_topics"].points
    assert len(points) == 400
    for point in points.itertuples():
        assert point.word == ("none" if point.topic < 0 else f"word{point.topic}")


def test_examples_are_shown_by_topic_and_domain(pictures, quality):
    drawn = CORPUS_FIGURES["gram_figure_topics"](Corpus(pictures, quality)).figure
    shown = [axes.images[0].get_array() for axes in drawn.axes if axes.images]
    strips = np.stack(shown)[:, 1:-1].reshape(16, 40, 3, 42, 3)[:, :, :, 1:-1]  # without the white between pictures
    assert np.array_equal(strips.swapaxes(1, 2).reshape(-1, 40, 40, 3), pictures.examples.reshape(-1, 40, 40, 3))


@pytest.mark.parametrize("name", CORPUS_FIGURES)
def test_no_text_leaves_the_page(name, made):
    drawn = made[name].figure
    drawn.draw_without_rendering()
    legends = [text for axes in drawn.axes if axes.get_legend() for text in axes.get_legend().get_texts()]
    for text in [*drawn.texts, *(text for axes in drawn.axes for text in axes.texts), *legends]:
        box = text.get_window_extent()
        inside = box.x0 >= 0 and box.x1 <= drawn.bbox.x1 and box.y0 >= 0 and box.y1 <= drawn.bbox.y1
        assert inside, text.get_text()


@pytest.mark.parametrize("name", CORPUS_FIGURES)
def test_a_figure_is_read_from_the_folder_of_the_corpus(name, pictures, quality, tmp_path):
    pictures.write(tmp_path / "pictures.npz")
    (tmp_path / "quality.json").write_text(json.dumps(quality))
    assert corpus_figure(name, tmp_path).to_csv() == CORPUS_FIGURES[name](Corpus(pictures, quality)).to_csv()
