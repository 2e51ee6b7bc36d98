"""The figures of GRAM's corpus; they read what `reprompt corpus` wrote, not records.

The filter: the paper drops mismatched pairs by a model that it does not name and shows nothing of it; on rendered pairs
the truth is known. The topics: the counterpart of the example in the paper's Figure 2.
"""

import json
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure

from reprompt.corpus.pictures import CorpusFigureData
from reprompt.figures.figure import FigureSpec, Measured, PaperFigure
from reprompt.figures.looks import BLUE, DASHED, ORANGE
from reprompt.figures.page import DARK, GREY, Labels, say_not_run
from reprompt.figures.panels import Axis, Panel, Panels
from reprompt.figures.scatter import HALO

NONE = "none"
KEPT, DROPPED = ("matched_kept", "mismatched_kept"), ("matched_dropped", "mismatched_dropped")


@dataclass(frozen=True)
class Corpus:
    """What `reprompt corpus` wrote: pictures.npz and quality.json."""

    pictures: CorpusFigureData
    quality: dict


def corpus_figure(name: str, folder: Path) -> PaperFigure:
    """A figure from the pictures and numbers in the folder that `reprompt corpus` wrote."""
    quality = json.loads((folder / "quality.json").read_text())
    return CORPUS_FIGURES[name](Corpus(CorpusFigureData.read(folder / "pictures.npz"), quality))


@dataclass(frozen=True)
class Filter:
    """The ROC curve of image-text similarity, and what the chosen threshold keeps and loses."""

    columns: tuple[str, ...] = ("mark", "threshold", "mismatched_stay", "matched_stay")

    def of(self, corpus: Corpus) -> Measured:
        """The chosen threshold and the curve; of real pairs the first alone, as the truth is not known."""
        counts = corpus.quality["filter"]
        chosen, threshold = {"mark": "chosen", "threshold": counts["threshold"]}, f"Threshold {counts['threshold']:.3f}"
        if "area_under_roc" not in counts:
            words = f"{threshold}: {counts['kept']:,} pairs kept, {counts['dropped']:,} dropped"
            facts = {"kept": "Which of these pairs are mismatched is not known, so there is no curve."}
            return Measured(pd.DataFrame([chosen], columns=list(self.columns)), words, facts)
        for what in ("mismatched", "matched"):
            kept, dropped = counts[f"{what}_kept"], counts[f"{what}_dropped"]
            chosen[f"{what}_stay"] = kept / max(kept + dropped, 1)
        stay = {name: getattr(corpus.pictures, name) for name in self.columns[2:]}
        points = pd.concat([pd.DataFrame([chosen]), pd.DataFrame(stay).assign(mark="curve")])[list(self.columns)]
        numbers = [f"{counts[name]:,}" for name in (*KEPT, *DROPPED)]
        kept = (
            "The threshold keeps {} matched and {} mismatched pairs and drops {} matched and {} mismatched ones. It "
            "was chosen without the truth. Mismatched: the caption belongs to another picture, but it may happen to "
            "fit."
        ).format(*numbers)
        return Measured(
            points, f"Area under the curve {counts['area_under_roc']:.4f}; {threshold.lower()}", {"kept": kept}
        )


@dataclass(frozen=True, kw_only=True)
class Roc(Panels):
    """The whole curve in the first panel, and in the other its upper left corner, where the threshold lies."""

    def fill(self, axes: Axes, points: pd.DataFrame, x: Axis, measured: Measured) -> list[Labels]:
        """The curve, the threshold on it, and what it keeps; nothing where the truth is not known."""
        chosen, curve = points.iloc[0], points[points["mark"] == "curve"]
        if curve.empty:
            axes.axis("off")
            return []
        across, up = chosen[["mismatched_stay", "matched_stay"]]
        whole = not axes.get_subplotspec().colspan.start
        limit = 1.0 if whole else min(1.0, 2 * max(across, 1 - up, 0.02))
        axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.6, linestyle=DASHED)
        axes.plot(curve["mismatched_stay"], curve["matched_stay"], color=BLUE, linewidth=1.2)
        axes.plot(across, up, "o", color=ORANGE, markersize=5, zorder=3)
        words = f"{up:.1%} of matched,\n{across:.1%} of mismatched"
        axes.annotate(words, (across, up), (8, -14), textcoords="offset points", color=DARK, va="top")
        axes.set(xlim=(-0.01 * limit, limit), ylim=(1 - limit, 1 + 0.01 * limit))
        return []


@dataclass(frozen=True)
class Topics:
    """Captions on a map, by the family of their picture and by topic; and pictures of the domains of some topics."""

    def of(self, corpus: Corpus) -> Measured:
        """A point per caption. The pictures are the corpus's."""
        topics, shown = corpus.quality["topics"], corpus.pictures
        words = f"{topics['kept_without_topic']:.1%} of the kept pairs are in no topic"
        size, facts = topics["pairs_per_topic"], {"topics": str(topics["topics"]), "coloured": "", "agreement": ""}
        if "families" in topics:
            truths = [topics[truth] for truth in ("families", "concepts")]
            words += "; purity in families {:.2f}, in concepts {:.2f}".format(*(truth["purity"] for truth in truths))
            facts["coloured"] = "; colours: the family of the picture, which the clustering does not see"
            agreement = " Adjusted Rand index: families {:.2f}, concepts {:.2f}."
            facts["agreement"] = agreement.format(*(truth["adjusted_rand_index"] for truth in truths))
        facts["sizes"] = f"{size['least']:,} to {size['most']:,} pairs, {size['median']:,.0f} in the median"
        named = np.array([*shown.topic_words, NONE])[shown.map_topic]  # topic -1 is the last
        points = pd.DataFrame(shown.map_xy, columns=["x", "y"])
        points = points.assign(family=shown.map_family, topic=shown.map_topic, word=named)
        return Measured(points, words, facts, shown)


@dataclass(frozen=True)
class MapAndPictures:
    """The map above, and a row of pictures per topic below: its domains side by side."""

    map: float  # inches
    row: float

    def inches(self, measured: Measured) -> float:
        """The map and all rows."""
        return self.map + 0.2 + self.row * max(len(measured.pictures.examples), 1)

    def draw(self, body: SubFigure, measured: Measured) -> list[Labels]:
        """Map, pictures, and the words on the map as labels."""
        examples = measured.pictures.examples
        above, below = body.subfigures(2, 1, height_ratios=(self.map, self.inches(measured) - self.map))
        labels = self._draw_map(above.subplots(), measured.points)
        if not len(examples):
            say_not_run(below.subplots())
            return labels
        framed = np.pad(examples, [(0, 0)] * 3 + [(1, 1)] * 2 + [(0, 0)], constant_values=255)
        every = below.subplots(*examples.shape[:2], squeeze=False)
        for down, topic in enumerate(measured.pictures.example_topics):
            for domain, axes in enumerate(every[down]):
                axes.imshow(np.concatenate(framed[down, domain], axis=1), interpolation="nearest")
                axes.set(xticks=[], yticks=[])
                axes.spines[:].set_visible(False)
                if down == 0:
                    axes.set_title(f"domain {domain + 1}", loc="center")
            every[down][0].set_ylabel(measured.pictures.topic_words[topic], rotation=0, ha="right", va="center")
        return labels

    def _draw_map(self, axes: Axes, points: pd.DataFrame) -> list[Labels]:
        """Points in colours of families, with the words of topics."""
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        for colour, (family, captions) in zip(cycle(colormaps["tab20"].colors), points.groupby("family"), strict=False):
            axes.scatter(captions["x"], captions["y"], s=2.5, color=colour, linewidths=0, label=family)
        if points["family"].any():
            axes.figure.legend(loc="outside right center", markerscale=3, handletextpad=0)
        style = {"ha": "center", "va": "center", "color": DARK, "path_effects": HALO, "in_layout": False}
        texts = [
            axes.text(*topic[["x", "y"]].median(), topic["word"].iloc[0], **style)
            for _, topic in points[points["topic"] >= 0].groupby("topic")
        ]
        return [Labels(axes, texts, np.empty((0, 2)))]


gram_figure_filter = FigureSpec(
    "GRAM, the corpus: which pairs the filter keeps",
    Filter(),
    Roc(
        (Panel("all thresholds"), Panel("around the chosen one")),
        Axis("mismatched_stay", "share of mismatched pairs that stay"),
        "share of matched pairs that stay",
        height=2.5,
    ),
    "{kept}\n"
    "The paper removes mismatched pairs by a model that it does not name, and says neither how many nor how well.",
    decimals=4,
)
gram_figure_topics = FigureSpec(
    "GRAM, the corpus: {topics} topics of captions and the domains in them",
    Topics(),
    MapAndPictures(map=4.6, row=0.58),
    "Map: distinct captions, their embeddings in two dimensions by UMAP (topics are found in more){coloured}. Words: "
    "topics, each named by equation 3.\n"
    "Topics have {sizes}.{agreement} Below: the first pictures of each domain (k-means on image features) of topics "
    "from large to small.",
)
CORPUS_FIGURES = {"gram_figure_filter": gram_figure_filter, "gram_figure_topics": gram_figure_topics}
