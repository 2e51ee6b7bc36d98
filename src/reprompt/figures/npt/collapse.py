"""NPT, Figure 1: text features (arrows) and image features (points) of the novel classes of EuroSAT.

The features have E dimensions, the page has two. K unit vectors form a simplex ETF where all their inner products are
-1 / (K - 1). The map is linear and orthogonal, and the same for texts and images of a panel: with c_k the k-th corner
of a regular K-gon, it goes onto the plane nearest to sum_k g_k c_k^T (its polar factor), from the mean of the g_k. An
exact simplex ETF lands on the corners of a regular K-gon of radius sqrt(2 / (K - 1)), class k on corner k; texts that
crowd together give short arrows, and the plane's orientation is the same in every panel.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from reprompt.evaluation.metrics import delta_lcd, delta_mid
from reprompt.figures.canvas import add_axes, page, say_not_run
from reprompt.figures.figure import PaperFigure
from reprompt.figures.npt.marks import signed
from reprompt.tables.methods import METHODS
from reprompt.tables.scope import scope_of

TASK = "eurosat"
PANELS = {"a": ("zero_shot", 1.0), "b": ("maple", 1.0), "c": ("maple", 0.01), "d": ("maple_npt", 0.01)}
LCD, MID = r"$\Delta_{\mathrm{LCD}}$", r"$\Delta_{\mathrm{MID}}$"
IMAGES_PER_CLASS = 60  # drawn, evenly spaced in the test set; the degrees are of all images
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
PANEL_COLUMNS = ["panel", "recipe", "tau", "accuracy", "delta_lcd", "delta_mid", "text_share", "image_share"]
POINT_COLUMNS = [*PANEL_COLUMNS, "kind", "class", "x", "y"]
NOTES = (
    "Arrows: text features, from their mean. Points: image features, at most 60 per class. Colours and numbers: the "
    "novel classes in label order. Rings: where the arrows of an exact simplex end.",
    "One orthogonal map per panel, for texts and images alike, onto the plane on which an exact simplex becomes this "
    "regular figure. Kept: the shares of the text features' and of the image features' variance in that plane (of an "
    "exact simplex of K classes: 2 / (K − 1)); the rest is not shown.",
    "Δ: equations 2 and 3, signed, from all images in all dimensions; 0 is an exact simplex, and every image on its "
    "text. The paper prints no numbers.",
)


def npt_figure1(records: pd.DataFrame, backbone: str | None = None) -> PaperFigure:
    """NPT, Figure 1: how close text and image features of EuroSAT's novel classes are to one simplex."""
    scope = scope_of(records, "collapse_picture", backbone=backbone, tasks=(TASK,))
    title = f"NPT Figure 1. Text and image features of EuroSAT's novel classes\n{scope.words}"
    rows = [row for panel, (recipe, tau) in PANELS.items() for row in _points(scope.records, panel, recipe, tau)]
    return PaperFigure("npt_figure1", title, pd.DataFrame(rows, columns=POINT_COLUMNS), _draw, decimals=4)


def polygon(corners: int) -> np.ndarray:
    """The corners of a regular polygon of radius 1, clockwise from the top: (K, 2)."""
    angles = np.pi / 2 - 2 * np.pi * np.arange(corners) / corners
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def simplex_radius(classes: int) -> float:
    """How far from the centre the map puts the vectors of an exact simplex ETF: sqrt(2 / (K - 1))."""
    return float(np.sqrt(2 / (classes - 1)))


def plane(classes: np.ndarray) -> np.ndarray:
    """The map's two orthonormal directions (E, 2) for class features (K, E): the module's text says which."""
    left, _, right = np.linalg.svd((classes - classes.mean(axis=0)).T @ polygon(len(classes)), full_matrices=False)
    return left @ right


def share_kept(features: np.ndarray, directions: np.ndarray) -> float:
    """The share of the features' (N, E) variance in the plane of two directions (E, 2)."""
    centred = features - features.mean(axis=0)
    return float(np.square(centred @ directions).sum() / np.square(centred).sum())


def degrees(classes: np.ndarray, images: np.ndarray, targets: np.ndarray) -> tuple[float, float]:
    """Delta_LCD and Delta_MID, signed, of class features (K, E), image features (N, E) and their labels (N,)."""
    own = np.einsum("ne,ne->n", images, classes[targets])
    per_class = np.array([own[targets == k].mean() if (targets == k).any() else 0 for k in range(len(classes))])
    pairs = (classes @ classes.T)[np.triu_indices(len(classes), 1)]
    return delta_lcd(pairs), delta_mid(per_class, targets)


def _points(records: pd.DataFrame, panel: str, recipe: str, tau: float) -> Iterator[tuple]:
    """Every arrow and point of one panel; nothing where the run was not made."""
    runs = records[(records["recipe"] == recipe) & (records["tau"] == tau) & (records["split"] == "new")]
    if runs.empty:
        return
    run = runs.sort_values("seed").iloc[0]
    classes, images = (run["measured"][name].astype(np.float64) for name in ("class_features", "image_features"))
    targets, directions = np.asarray(run["targets"]), plane(classes)
    centre = classes.mean(axis=0)
    shares = (share_kept(classes, directions), share_kept(images, directions))
    of_panel = (panel, recipe, tau, run["value"], *degrees(classes, images, targets), *shares)
    for k, end in enumerate((classes - centre) @ directions, start=1):
        yield (*of_panel, "text", k, *end)
        own = images[targets == k - 1]
        shown = own[np.linspace(0, len(own) - 1, min(IMAGES_PER_CLASS, len(own))).astype(int)]
        for point in (shown - centre) @ directions:
            yield (*of_panel, "image", k, *point)


def _draw(figure1: PaperFigure) -> Figure:
    """Four panels side by side on one scale, their degrees beneath."""
    points = figure1.points
    figure, bottom = page(figure1.title, 2.32, NOTES)
    reach = (
        1.0 if points.empty else max(1.2 * simplex_radius(points["class"].max()), points[["x", "y"]].abs().max().max())
    )
    for place, (panel, (recipe, tau)) in enumerate(PANELS.items()):
        axes = add_axes(figure, 0.1 + 1.72 * place, bottom + 0.45, 1.64, 1.64)
        for spine in axes.spines.values():
            spine.set(visible=True, color="#cccccc")
        tuned = "not tuned" if recipe == "zero_shot" else f"τ = {tau:g}"
        axes.set_title(f"({panel}) {METHODS[recipe].label}, {tuned}", fontsize=7.5, pad=3)
        here = points[points["panel"] == panel]
        if here.empty:
            say_not_run(axes)
            continue
        axes.set(xlim=(-1.04 * reach, 1.04 * reach), ylim=(-1.04 * reach, 1.04 * reach), xticks=[], yticks=[])
        _draw_panel(axes, here)
        first = here.iloc[0]
        beneath = (
            f"{LCD} {signed(first['delta_lcd'], 3)}   {MID} {signed(first['delta_mid'], 3)}",
            f"novel accuracy {first['accuracy']:.1f} %",
            f"kept: text {first['text_share']:.0%}, images {first['image_share']:.0%}",
        )
        for line, words in enumerate(beneath):
            axes.annotate(
                words, (0.5, 0), (0, -7 - 8.5 * line), "axes fraction", "offset points", ha="center", va="center"
            )
    return figure


def _draw_panel(axes: Axes, points: pd.DataFrame) -> None:
    classes = int(points["class"].max())
    radius = simplex_radius(classes)
    axes.add_patch(Circle((0, 0), radius, fill=False, edgecolor="#dddddd", linewidth=0.6))
    texts = points[points["kind"] == "text"]
    for k, corner in enumerate(radius * polygon(classes), start=1):
        colour, marker = COLOURS[(k - 1) % len(COLOURS)], MARKERS[(k - 1) % len(MARKERS)]
        images = points[(points["kind"] == "image") & (points["class"] == k)]
        axes.scatter(images["x"], images["y"], s=4, marker=marker, color=colour, alpha=0.45, linewidths=0, zorder=2)
        axes.plot(
            *corner, marker="o", markersize=4, markerfacecolor="white", color=colour, markeredgewidth=0.8, zorder=3
        )
        axes.text(*(1.15 * corner), str(k), color=colour, ha="center", va="center", fontsize=7, weight="bold", zorder=5)
        end = texts.loc[texts["class"] == k, ["x", "y"]].iloc[0]
        arrow = {"arrowstyle": "-|>,head_width=0.18,head_length=0.35", "color": colour, "linewidth": 1.3}
        axes.annotate("", end, (0, 0), arrowprops={**arrow, "shrinkA": 0, "shrinkB": 0}, zorder=4)
