"""Figure 3: what ProGrad does to a gradient, drawn as equation 4 computes it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure

from reprompt.figures.figure import Measured
from reprompt.figures.looks import BLUE, ORANGE, YELLOW
from reprompt.figures.page import GREY, Labels

SYMBOLS = {
    "g_task": ("$G_d$", ORANGE, (-7, 7)),  # with points from the arrow head to its symbol
    "g_general": ("$G_g$", YELLOW, (0, -9)),
    "aligned": (r"$G_{\mathrm{prograd}}$", BLUE, (12, 9)),
}


def align(g_task: np.ndarray, g_general: np.ndarray) -> np.ndarray:
    """Equation 4 for two plane vectors; `gradients/prograd.py` has it for learned tensors."""
    return g_task - min(g_task @ g_general, 0) / (g_general @ g_general) * g_general


@dataclass(frozen=True)
class Projections:
    """Pairs of plane vectors, G_d and G_g, by panel, and what equation 4 makes of them; needs no records."""

    cases: Mapping[str, tuple[tuple[float, float], tuple[float, float]]]

    def of(self, records: pd.DataFrame) -> Measured:
        """A point for the end of each vector."""
        rows = [
            (panel, name, *end)
            for panel, pair in self.cases.items()
            for name, end in zip(SYMBOLS, (*pair, align(*map(np.array, pair))), strict=True)
        ]
        return Measured(pd.DataFrame(rows, columns=["panel", "vector", "x", "y"]), "a diagram: equation 4 as computed")


@dataclass(frozen=True)
class Diagram:
    """Two pairs of vectors and the pipeline, with a title for each."""

    titles: Mapping[str, str]
    height: float

    def inches(self, measured: Measured) -> float:
        """The height of all three."""
        return self.height

    def draw(self, body: SubFigure, measured: Measured) -> list[Labels]:
        """Side by side."""
        every = body.subplots(1, 3, width_ratios=(1.5, 1.5, 3.75))
        for axes, (panel, title) in zip(every, self.titles.items(), strict=True):
            axes.set(title=title, xticks=[], yticks=[])
            axes.spines[:].set_visible(False)
            vectors = measured.points[measured.points["panel"] == panel].set_index("vector")[["x", "y"]]
            if len(vectors):
                _draw_vectors(axes, vectors)
            else:
                _draw_pipeline(axes)
        return []


def _draw_vectors(axes: Axes, vectors: pd.DataFrame) -> None:
    """Arrows from one origin; the removed part, where there is one, dotted."""
    axes.set(xlim=(-2.0, 3.4), ylim=(-0.9, 2.9))
    axes.set_aspect("equal", adjustable="datalim")
    task, kept = vectors.loc["g_task"], vectors.loc["g_task"].equals(vectors.loc["aligned"])
    for name, (symbol, colour, shift) in SYMBOLS.items():
        end, same = vectors.loc[name], kept and name == "aligned"
        style = {"arrowstyle": "-|>", "color": colour, "linewidth": 1.4, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", end, (0, 0), arrowprops=style | {"linestyle": (0, (2, 2)) if same else "-"})
        words, shift = (f"= {symbol}", (22, 7)) if same else (symbol, shift)
        axes.annotate(words, end, shift, textcoords="offset points", ha="center", va="center", color=colour)
    if not kept:
        axes.plot(*zip(task, vectors.loc["aligned"], strict=True), color=GREY, linewidth=0.8, linestyle=":")
    axes.plot([-1.9, 2.9], [0, 0], color=GREY, linewidth=0.4, zorder=0)
    axes.plot([0, 0], [-0.9, 2.8], color=GREY, linewidth=0.4, zorder=0)


def _draw_pipeline(axes: Axes) -> None:
    """Boxes from the inputs to the update of the context."""
    axes.set(xlim=(0, 3.55), ylim=(0, 1.65))
    steps = {
        "template": ("template + class", 0.5, 1.4, GREY),
        "image": ("image", 0.5, 0.9, GREY),
        "context": ("context + class", 0.5, 0.4, BLUE),
        "CLIP": ("text tower", 1.55, 1.4, GREY),
        "images": ("image tower", 1.55, 0.9, GREY),
        "prompted": ("text tower", 1.55, 0.4, GREY),
        "KL": ("KL from CLIP\n$G_g$", 2.5, 1.2, YELLOW),
        "loss": ("cross-entropy\n$G_d$", 2.5, 0.6, ORANGE),
        "rule": ("eq. 4", 3.27, 0.9, BLUE),
    }
    boxes = {}
    for name, (words, x, y, colour) in steps.items():
        frame = {"boxstyle": "round,pad=0.6", "edgecolor": colour, "facecolor": "white", "linewidth": 0.8}
        boxes[name] = axes.text(x, y, words, ha="center", va="center", bbox=frame, zorder=3)
    arrow = {"color": GREY, "linewidth": 0.7, "arrowstyle": "->"}
    pairs = "template CLIP, image images, context prompted, CLIP KL, images KL, prompted KL, images loss, prompted loss"
    for start, end in (pair.split() for pair in (pairs + ", KL rule, loss rule").split(", ")):
        patches = {"patchA": boxes[start].get_bbox_patch(), "patchB": boxes[end].get_bbox_patch()}
        axes.annotate("", steps[end][1:3], steps[start][1:3], arrowprops=arrow | patches)
    axes.plot([3.27, 3.27, 0.5], [0.9, 0.08, 0.08], color=BLUE, linewidth=0.9)
    patches = {"patchB": boxes["context"].get_bbox_patch(), "shrinkA": 0}
    axes.annotate("", (0.5, 0.4), (0.5, 0.08), arrowprops=arrow | patches | {"color": BLUE, "linewidth": 0.9})
    axes.text(2.4, 0.11, r"update by $G_{\mathrm{prograd}}$", color=BLUE, ha="center", va="bottom")
