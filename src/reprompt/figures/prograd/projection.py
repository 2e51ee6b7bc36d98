"""Figure 3: what ProGrad does to a gradient, drawn as equation 4 computes it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from reprompt.figures.canvas import GREY, add_axes, page
from reprompt.figures.figure import PaperFigure

# The paper's two cases: an angle smaller than 90 degrees, and a larger one.
CASES = {"a": ("aligned", (1.5, 1.9), (2.4, 0.0)), "b": ("in conflict", (-1.3, 1.9), (2.4, 0.0))}
TASK, GENERAL, PROJECTED = "#D55E00", "#E69F00", "#0072B2"
SYMBOLS = {
    "g_task": ("$G_d$", TASK),
    "g_general": ("$G_g$", GENERAL),
    "aligned": (r"$G_{\mathrm{prograd}}$", PROJECTED),
}
LABELS = {"g_task": (-6, 7), "g_general": (0, -8), "aligned": (10, 8)}  # points from the arrow head to its symbol
POINT_COLUMNS = ["panel", "vector", "x", "y"]
NOTES = (
    "(a, b) Vectors of two components through equation 4 with λ = 1. "
    "(c) The pipeline; only the context is learned. No records are needed for this figure.",
)


def prograd_figure3(records: pd.DataFrame) -> PaperFigure:
    """ProGrad, Figure 3: G_d is kept where it agrees with G_g, and projected where it does not. `records` unused."""
    rows = []
    for panel, (_, g_task, g_general) in CASES.items():
        aligned = align(np.array(g_task), np.array(g_general))
        for name, (x, y) in zip(SYMBOLS, (g_task, g_general, aligned), strict=True):
            rows.append((panel, name, x, y))
    title = "ProGrad Figure 3. The projection, and where it stands in tuning\na diagram: equation 4 as computed"
    return PaperFigure("prograd_figure3", title, pd.DataFrame(rows, columns=POINT_COLUMNS), _draw)


def align(g_task: np.ndarray, g_general: np.ndarray) -> np.ndarray:
    """Equation 4 for two plane vectors; `gradients/prograd.py` has it for learned tensors."""
    return g_task - min(g_task @ g_general, 0) / (g_general @ g_general) * g_general


def _draw(figure3: PaperFigure) -> Figure:
    """Two pairs of vectors and the pipeline."""
    figure, bottom = page(figure3.title, 2.05, NOTES)
    for place, (panel, (words, _, _)) in enumerate(CASES.items()):
        axes = add_axes(figure, 0.15 + 1.55 * place, bottom + 0.1, 1.5, 1.65)
        axes.set_title(f"({panel}) {words}", fontsize=7.5, pad=4, loc="left")
        vectors = figure3.points[figure3.points["panel"] == panel].set_index("vector")[["x", "y"]]
        _draw_vectors(axes, vectors)
    axes = add_axes(figure, 3.35, bottom + 0.1, 3.55, 1.65)
    axes.set_title("(c) training pipeline", fontsize=7.5, pad=4, loc="left")
    _draw_pipeline(axes)
    return figure


def _bare(axes: Axes) -> None:
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def _draw_vectors(axes: Axes, vectors: pd.DataFrame) -> None:
    """Arrows from one origin; the removed part, where there is one, dashed."""
    _bare(axes)
    axes.set(xlim=(-2.0, 3.1), ylim=(-1.2, 3.0), aspect="equal")
    for name, (x, y) in vectors.iterrows():
        symbol, colour = SYMBOLS[name]
        kept = name == "aligned" and (vectors.loc["aligned"] == vectors.loc["g_task"]).all()
        style = {"arrowstyle": "-|>", "color": colour, "linewidth": 1.4, "shrinkA": 0, "shrinkB": 0}
        if kept:
            style |= {"linestyle": (0, (2, 2))}
        axes.annotate("", (x, y), (0, 0), arrowprops=style)
        words, shift = symbol, LABELS[name]
        if kept:
            words, shift = f"= {symbol}", (20, 7)
        axes.annotate(words, (x, y), shift, textcoords="offset points", ha="center", va="center", color=colour)
    task, projected = vectors.loc["g_task"], vectors.loc["aligned"]
    if not (task == projected).all():
        axes.plot([task["x"], projected["x"]], [task["y"], projected["y"]], color=GREY, linewidth=0.8, linestyle=":")
    axes.plot([-1.9, 2.9], [0, 0], color=GREY, linewidth=0.4, zorder=0)
    axes.plot([0, 0], [-0.9, 2.8], color=GREY, linewidth=0.4, zorder=0)


def _draw_pipeline(axes: Axes) -> None:
    """Boxes from the inputs to the update of the context."""
    _bare(axes)
    axes.set(xlim=(0, 3.55), ylim=(0, 1.65))
    boxes = [
        Box("template + class", 0.55, 1.4, 1.0),
        Box("image", 0.55, 0.9, 1.0),
        Box("context + class", 0.55, 0.4, 1.0, PROJECTED),
        Box("text tower", 1.6, 1.4, 0.78),
        Box("image tower", 1.6, 0.9, 0.78),
        Box("text tower", 1.6, 0.4, 0.78),
        Box("KL from CLIP\n$G_g$", 2.55, 1.2, 0.78, GENERAL),
        Box("cross-entropy\n$G_d$", 2.55, 0.6, 0.78, TASK),
        Box("eq. 4", 3.27, 0.9, 0.44, PROJECTED),
    ]
    for box in boxes:
        box.draw(axes)
    arrow = {"color": GREY, "linewidth": 0.7, "shrinkA": 1, "shrinkB": 1, "arrowstyle": "->"}
    for start, end in ((0, 3), (1, 4), (2, 5), (3, 6), (4, 6), (5, 6), (4, 7), (5, 7), (6, 8), (7, 8)):
        axes.annotate("", boxes[end].left, boxes[start].right, arrowprops=arrow)
    axes.plot([3.27, 3.27, 0.55], [0.75, 0.08, 0.08], color=PROJECTED, linewidth=0.9)
    axes.annotate("", (0.55, 0.25), (0.55, 0.07), arrowprops=arrow | {"color": PROJECTED, "linewidth": 0.9})
    axes.text(2.4, 0.13, r"update by $G_{\mathrm{prograd}}$", fontsize=6, color=PROJECTED, ha="center", va="bottom")


@dataclass(frozen=True)
class Box:
    """A step of the pipeline, centred at (x, y), in inches."""

    words: str
    x: float
    y: float
    width: float
    colour: str = GREY

    @property
    def left(self) -> tuple[float, float]:
        """Where arrows arrive."""
        return self.x - self.width / 2, self.y

    @property
    def right(self) -> tuple[float, float]:
        """Where arrows leave."""
        return self.x + self.width / 2, self.y

    def draw(self, axes: Axes) -> None:
        """A rounded box with its words."""
        height = 0.3
        corner = (self.x - self.width / 2, self.y - height / 2)
        style = {"boxstyle": "round,pad=0,rounding_size=0.05", "edgecolor": self.colour, "facecolor": "white"}
        axes.add_patch(FancyBboxPatch(corner, self.width, height, linewidth=0.8, **style))
        axes.text(self.x, self.y, self.words, fontsize=6, ha="center", va="center", linespacing=1.1)
