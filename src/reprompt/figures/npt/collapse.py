"""NPT, Figure 1: text features (arrows) and image features (points) of the novel classes of EuroSAT.

The features have E dimensions, the page has two. K unit vectors form a simplex ETF where all their inner products are
-1 / (K - 1). The map is linear and orthogonal, and the same for texts and images of a panel: with c_k the k-th corner
of a regular K-gon, it goes onto the plane nearest to sum_k g_k c_k^T (its polar factor), from the mean of the g_k. An
exact simplex ETF lands on the corners of a regular K-gon of radius sqrt(2 / (K - 1)), class k on corner k; texts that
crowd together give short arrows, and the plane's orientation is the same in every panel.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Circle

from reprompt.evaluation.metrics import delta_lcd, delta_mid
from reprompt.figures.figure import Measured
from reprompt.figures.looks import BLACK, BLUE, GREEN, ORANGE, SKY, YELLOW
from reprompt.figures.page import Labels
from reprompt.figures.panels import Axis, Panels
from reprompt.figures.remarks import signed
from reprompt.tables.scope import scope_of

IMAGES_PER_CLASS = 60  # drawn, evenly spaced in the test set; the degrees are of all images
COLOURS = (BLUE, ORANGE, GREEN, "#CC79A7", YELLOW, SKY, BLACK, "#F0E442")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
COLUMNS = ["panel", "recipe", "tau", "accuracy", "delta_lcd", "delta_mid", "text_share", "image_share"]
COLUMNS += ["kind", "class", "x", "y"]
LCD, MID = r"$\Delta_{\mathrm{LCD}}$", r"$\Delta_{\mathrm{MID}}$"


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


@dataclass(frozen=True)
class Features:
    """Text and image features of one task's novel classes on the plane, of the recipe and imbalance of each panel."""

    experiment: str
    task: str
    panels: Mapping[str, tuple[str, float]]

    def of(self, records: pd.DataFrame) -> Measured:
        """Every arrow and point of each panel's first run; nothing where it was not made."""
        scope = scope_of(records, self.experiment, tasks=(self.task,))
        runs = scope.records[scope.records["split"] == "new"].sort_values("seed")
        rows = []
        for panel, (recipe, tau) in self.panels.items():
            for run in runs[(runs["recipe"] == recipe) & (runs["tau"] == tau)][:1].to_dict("records"):
                rows += [(panel, recipe, tau, run["value"], *mark) for mark in _marks(run)]
        return Measured(pd.DataFrame(rows, columns=COLUMNS), scope.words)


def _marks(run: Mapping) -> Iterator[tuple]:
    """Degrees, shares, kind, class and place of every arrow and point of a run."""
    classes, images = (run["measured"][name].astype(np.float64) for name in ("class_features", "image_features"))
    targets, directions = np.asarray(run["targets"]), plane(classes)
    centre = classes.mean(axis=0)
    shares = (share_kept(classes, directions), share_kept(images, directions))
    of_panel = (*degrees(classes, images, targets), *shares)
    for k, end in enumerate((classes - centre) @ directions, start=1):
        yield (*of_panel, "text", k, *end)
        own = images[targets == k - 1]
        shown = own[np.linspace(0, len(own) - 1, min(IMAGES_PER_CLASS, len(own))).astype(int)]
        for point in (shown - centre) @ directions:
            yield (*of_panel, "image", k, *point)


@dataclass(frozen=True, kw_only=True)
class Simplexes(Panels):
    """Panels of arrows and points on one scale, the degrees beneath."""

    def fill(self, axes: Axes, points: pd.DataFrame, x: Axis, measured: Measured) -> list[Labels]:
        """One plane, with where an exact simplex would end."""
        classes = int(points["class"].max())
        radius, texts = simplex_radius(classes), points[points["kind"] == "text"].set_index("class")
        reach = 1.04 * max(
            1.2 * simplex_radius(measured.points["class"].max()), measured.points[["x", "y"]].abs().max().max()
        )
        axes.set(xlim=(-reach, reach), ylim=(-reach, reach), xticks=[], yticks=[], aspect="equal")
        axes.spines[:].set(visible=True, color="#cccccc")
        axes.add_patch(Circle((0, 0), radius, fill=False, edgecolor="#dddddd", linewidth=0.6))
        arrow = {"arrowstyle": "-|>,head_width=0.18,head_length=0.35", "linewidth": 1.3, "shrinkA": 0, "shrinkB": 0}
        for k, corner in enumerate(radius * polygon(classes), start=1):
            colour, marker = COLOURS[(k - 1) % len(COLOURS)], MARKERS[(k - 1) % len(MARKERS)]
            images = points[(points["kind"] == "image") & (points["class"] == k)]
            axes.scatter(images["x"], images["y"], s=4, marker=marker, color=colour, alpha=0.45, linewidths=0, zorder=2)
            axes.plot(*corner, "o", markersize=4, markerfacecolor="white", color=colour, markeredgewidth=0.8, zorder=3)
            axes.text(*(1.15 * corner), str(k), color=colour, ha="center", va="center", weight="bold", zorder=5)
            axes.annotate("", texts.loc[k, ["x", "y"]], (0, 0), arrowprops={**arrow, "color": colour}, zorder=4)
        first = points.iloc[0]
        axes.set_xlabel(
            f"{LCD} {signed(first['delta_lcd'], 3)}   {MID} {signed(first['delta_mid'], 3)}\n"
            f"novel accuracy {first['accuracy']:.1f} %\n"
            f"kept: text {first['text_share']:.0%}, images {first['image_share']:.0%}"
        )
        return []
