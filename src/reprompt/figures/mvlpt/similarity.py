"""Beyond MVLPT: every pair of tasks, how well its prompt transfers against how alike the tasks are."""

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from scipy.stats import rankdata

from reprompt.evidence.adaptation import LABELS, LEARNERS
from reprompt.evidence.explanation import OTHER, grids_of_learner
from reprompt.figures.canvas import DARK, add_axes, page, say_not_run
from reprompt.figures.figure import PaperFigure
from reprompt.figures.mvlpt.marks import COLOURS
from reprompt.figures.npt.labels import place_labels
from reprompt.figures.npt.marks import signed
from reprompt.tables.scope import scope_of
from reprompt.tasks.card import card_of
from reprompt.tasks.groups import members

NAMED = 3  # outliers of a panel that are named, each of another target
GROUPS = 5  # of equally many pairs, whose medians are drawn
POINT_COLUMNS = ["learner", "similarity", "source", "target", "value", "transfer", "outlier", "correlation", "p"]
NOTES = (
    "Each point is an ordered pair of different tasks, seed mean. Up: the score of the source's prompt on the target, "
    "divided by the target's best. Across: similarity as the frozen CLIP sees it, of class names (mean over the "
    "target's classes of the largest cosine with a class of the source) or of training images (cosine of the mean "
    "features). Only the order of similarities counts.",
    "Steps: medians of five groups of equally many pairs. ρ: Spearman's correlation, p: two-sided Mantel test, which "
    "relabels the tasks. Named: the pairs (source → target) farthest from the line through the ranks, one per target.",
)


def mvlpt_figure_similarity(records: pd.DataFrame, backbone: str | None = None) -> PaperFigure:
    """Beyond MVLPT: normalised transfer against label and image similarity of every pair, by learner."""
    scope = scope_of(records, "transfer_grid", backbone=backbone, tasks=members("elevater20"))
    grid = records[(records["experiment"] == "transfer_grid") & (records["backbone"] == scope.backbone)]
    title = f"Beyond MVLPT. What explains transfer? Label and image similarity\n{scope.words}"
    rows = [row for learner in LEARNERS for similarity in OTHER for row in _points(grid, learner, similarity)]
    return PaperFigure("mvlpt_figure_similarity", title, pd.DataFrame(rows, columns=POINT_COLUMNS), _draw, decimals=4)


def outliers(similarity: np.ndarray, transfer: np.ndarray, targets: list[str]) -> np.ndarray:
    """The pairs farthest from the least-squares line through their ranks, at most one per target: places (NAMED,)."""
    x, y = (rankdata(values) - (len(values) + 1) / 2 for values in (similarity, transfer))
    slope = x @ y / (x @ x) if x.any() else 0.0
    away = np.abs(y - slope * x)
    ordered = pd.Series(targets)[np.argsort(-away, kind="stable")]
    return ordered.drop_duplicates().index[:NAMED].to_numpy()


def _points(records: pd.DataFrame, learner: str, similarity: str) -> Iterator[tuple]:
    """Every pair of a panel; nothing where the grid was not run."""
    grids = grids_of_learner(records, learner)
    if grids is None:
        return
    relation, tasks = grids.related(similarity), list(grids.transfer)
    pairs = [(source, target) for source in tasks for target in tasks if source != target]
    values, transfers = (
        np.array([grid.at[pair] for pair in pairs]) for grid in (getattr(grids, similarity), grids.transfer)
    )
    marked = outliers(values, transfers, [target for _, target in pairs])
    for place, (pair, value, transfer) in enumerate(zip(pairs, values, transfers, strict=True)):
        yield (learner, similarity, *pair, value, transfer, place in marked, relation.correlation, relation.p)


def _draw(figure: PaperFigure) -> Figure:
    """Learners down, the two similarities across; one scale of transfer, and one of similarity per column."""
    points = figure.points
    drawn, bottom = page(figure.title, 6.0, NOTES)
    for row, learner in enumerate(LEARNERS):
        for column, similarity in enumerate(OTHER):
            axes = add_axes(drawn, 0.5 + 3.4 * column, bottom + 4.32 - 1.98 * row, 3.0, 1.45)
            axes.set_title(f"{LABELS[learner]}, {similarity} similarity", fontsize=7.5, pad=4, loc="left")
            here = points[(points["learner"] == learner) & (points["similarity"] == similarity)]
            if here.empty:
                say_not_run(axes)
                continue
            across = points.loc[points["similarity"] == similarity, "value"]
            axes.set(xlim=_limits(across), ylim=_limits(points["transfer"]))
            axes.set_xlabel(f"{similarity} similarity", labelpad=2)
            axes.set_ylabel("normalised transfer" if column == 0 else "", labelpad=2)
            _draw_panel(axes, here, COLOURS[learner])
    return drawn


def _limits(values: pd.Series) -> tuple[float, float]:
    margin = 0.06 * (values.max() - values.min()) or 0.1
    return values.min() - margin, values.max() + margin


def _draw_panel(axes: Axes, points: pd.DataFrame, colour: str) -> None:
    marked = points[points["outlier"]]
    axes.scatter(points["value"], points["transfer"], s=5, color=colour, alpha=0.45, linewidths=0, zorder=2)
    axes.scatter(
        marked["value"], marked["transfer"], s=12, facecolor="none", edgecolor="black", linewidths=0.6, zorder=4
    )
    steps = list(_medians(points))
    for step in steps:
        axes.plot(*step.T, color="black", linewidth=1.2, zorder=3)
    correlation, p = points[["correlation", "p"]].iloc[0]
    words = "no correlation" if math.isnan(correlation) else f"ρ = {signed(correlation, 2)}, p = {p:.3f}"
    axes.set_title(f"{words}, {len(points)} pairs", fontsize=7, pad=4, loc="right", color=DARK)
    labels = pd.DataFrame({"x": marked["value"], "y": marked["transfer"], "colour": DARK})
    place_labels(axes, labels.assign(words=[_pair(*pair) for pair in marked[["source", "target"]].to_numpy()]), steps)
    for label in axes.texts:
        label.set_path_effects([withStroke(linewidth=1.5, foreground="white")])  # readable over points


def _medians(points: pd.DataFrame) -> Iterator[np.ndarray]:
    """The median transfer of each fifth of the pairs, as a line (2, 2) over the similarities that it spans."""
    ordered = points.sort_values("value", kind="stable")
    for places in np.array_split(np.arange(len(ordered)), GROUPS):
        group = ordered.iloc[places]
        if len(group):
            middle = group["transfer"].median()
            yield np.array([(group["value"].min(), middle), (group["value"].max(), middle)])


def _pair(source: str, target: str) -> str:
    return f"{card_of(source).printed} → {card_of(target).printed}"
