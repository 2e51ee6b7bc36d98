"""The topics and domains of GRAM's corpus: a map of captions, and pictures of each domain of some topics.

The counterpart of the example in the paper's Figure 2. Read from pictures.npz (`map_xy`, `map_topic`, `map_family`,
`topic_words`, `example_topics`, `examples`) and quality.json (`topics`) of `reprompt corpus`.
"""

from functools import partial

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.transforms import Bbox

from reprompt.corpus.pictures import CorpusFigureData
from reprompt.figures.canvas import DARK, add_axes, page, say_not_run
from reprompt.figures.figure import PaperFigure

MAP = 4.6  # inches
LEGEND = 1.0
SIDE = 0.46  # of an example picture
LETTERS = 6  # points: the size of the words on the map
NONE = "none"
POINT_COLUMNS = ["x", "y", "family", "topic", "word"]


def gram_figure_topics(pictures: CorpusFigureData, quality: dict) -> PaperFigure:
    """GRAM's corpus: captions by the family of their picture, named by topic; and domains of some topics."""
    of_topics = quality["topics"]
    title = (
        f"GRAM, the corpus: {of_topics['topics']} topics of captions and the domains in them\n"
        f"{of_topics['kept_without_topic']:.1%} of the kept pairs are in no topic"
    )
    if "families" in of_topics:
        families, concepts = (of_topics[truth]["purity"] for truth in ("families", "concepts"))
        title += f"; purity in families {families:.2f}, in concepts {concepts:.2f}"
    words = np.array([*pictures.topic_words, NONE])  # topic -1 is the last
    points = pd.DataFrame(
        {
            "x": pictures.map_xy[:, 0],
            "y": pictures.map_xy[:, 1],
            "family": pictures.map_family,
            "topic": pictures.map_topic,
            "word": words[pictures.map_topic],
        }
    )
    return PaperFigure(
        "gram_figure_topics", title, points[POINT_COLUMNS], partial(_draw, pictures=pictures, of_topics=of_topics)
    )


def _draw(figure: PaperFigure, pictures: CorpusFigureData, of_topics: dict) -> Figure:
    """The map above, and a row of pictures per topic below: its domains side by side."""
    topics, domains, each = pictures.examples.shape[:3]
    rows = 0.24 + (SIDE + 0.1) * max(topics, 1)
    drawn, bottom = page(figure.title, MAP + 0.15 + rows, _notes(of_topics))
    _draw_map(add_axes(drawn, 0.1, bottom + rows + 0.1, 5.75, MAP), figure.points)
    wide = each * (SIDE + 0.02)
    step = (7.0 - 0.9 - 0.1 - domains * wide) / max(domains - 1, 1) + wide
    if topics == 0:
        say_not_run(add_axes(drawn, 0.9, bottom + 0.05, 5.9, rows - 0.24))
    for row, topic in enumerate(pictures.example_topics):
        low = bottom + rows - 0.24 - (SIDE + 0.1) * (row + 1) + 0.1
        height = drawn.get_size_inches()[1]
        name = str(pictures.topic_words[topic])
        drawn.text(0.85 / 7.0, (low + SIDE / 2) / height, name, ha="right", va="center", fontsize=7.5)
        for domain in range(domains):
            left = 0.9 + step * domain
            if row == 0:
                words = f"domain {domain + 1}"
                drawn.text((left + wide / 2) / 7.0, (low + SIDE + 0.1) / height, words, ha="center", fontsize=7)
            for place in range(each):
                axes = add_axes(drawn, left + place * (SIDE + 0.02), low, SIDE, SIDE)
                axes.set(xticks=[], yticks=[])
                axes.spines[:].set_visible(False)
                axes.imshow(pictures.examples[row, domain, place], interpolation="nearest")
    return drawn


def _draw_map(axes: Axes, points: pd.DataFrame) -> None:
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    colours = colormaps["tab20"].colors
    for place, (family, members) in enumerate(points.groupby("family")):
        axes.scatter(members["x"], members["y"], s=2.5, color=colours[place % len(colours)], linewidths=0, label=family)
    clustered = points[points["topic"] >= 0]
    boxes: list[Bbox] = []
    for _, topic in sorted(clustered.groupby("topic"), key=lambda group: -len(group[1])):
        label = axes.text(topic["x"].median(), topic["y"].median(), topic["word"].iloc[0], fontsize=LETTERS, color=DARK)
        label.set(ha="center", va="center", path_effects=[withStroke(linewidth=1.5, foreground="white")])
        box = label.get_window_extent()
        if any(box.overlaps(other) for other in boxes):
            label.remove()
        else:
            boxes.append(box)
    if points["family"].any():
        axes.legend(
            loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=6, markerscale=3, frameon=False, handletextpad=0
        )


def _notes(of_topics: dict) -> tuple[str, ...]:
    size = of_topics["pairs_per_topic"]
    coloured, agreement = "", ""
    if "families" in of_topics:
        coloured = "; colours: the family of the picture, which the clustering does not see"
        agreement = (
            f" Adjusted Rand index: families {of_topics['families']['adjusted_rand_index']:.2f}, concepts "
            f"{of_topics['concepts']['adjusted_rand_index']:.2f}."
        )
    return (
        f"Map: distinct captions, their embeddings in two dimensions by UMAP (topics are found in more){coloured}. "
        "Words: topics, each named by equation 3, the larger ones first, as far as there is room.",
        f"Topics have {size['least']:,} to {size['most']:,} pairs, {size['median']:,.0f} in the median.{agreement} "
        "Below: the first pictures of each domain (k-means on image features) of topics from large to small.",
    )
