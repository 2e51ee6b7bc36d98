"""MVLPT, Figure 4: how well the prompt of one task does on another, for every pair of the twenty tasks."""

import itertools
import math
from collections.abc import Iterator

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from reprompt.evidence.adaptation import ALONE, LABELS
from reprompt.evidence.statistics import interval_over_seeds
from reprompt.figures.canvas import DARK, GREY, add_axes, page, say_not_run
from reprompt.figures.figure import PaperFigure
from reprompt.figures.lines import MEASURED, measured
from reprompt.figures.mvlpt.heat import OWN, ink, lowest_shade, relative_grid, shade, tasks_of, without_own
from reprompt.tables.scope import Scope, the_only
from reprompt.tasks.card import card_of
from reprompt.tasks.groups import members
from reprompt.training.groups import grid_of, normalised

POINT_COLUMNS = ["learner", "source", "target", *MEASURED, "relative"]
LEFT, CELL, LINE = 0.95, 0.275, 0.102  # inches: from the edge to the cells; width and height of a cell
ABOVE, BETWEEN = 0.6, 0.16  # inches: over the cells for the names of targets; between panels
LEAST = 4  # tasks for which there is room at least
NOTES = (
    "Each number: the score on the target (column) of the prompt that was tuned on the source (row) and is used as it "
    "is, in percent of the best score that any source's prompt reaches on that target; means over seeds. Framed: the "
    "task's own prompt; the means leave it out. Every task has its own metric.",
    "The paper prints colours without numbers. Scores in percent and their intervals are in the figure's csv.",
)


def mvlpt_figure4(records: pd.DataFrame) -> PaperFigure:
    """MVLPT, Figure 4: relative score of every source's prompt on every target, for each learner."""
    runs = records[(records["protocol"] == "transfer_grid") & (records["metric"] == "score")]
    points = pd.DataFrame(list(_points(runs)), columns=POINT_COLUMNS)
    scale = the_only(runs, "scale", "read the records of one results/<scale> folder")
    backbone = the_only(runs, "backbone", "choose the records of one")
    words = Scope(runs, scale, backbone, tuple(tasks_of(points)), members("elevater20")).words
    shots = ", ".join(map(str, sorted(runs["shots"].unique()))) or "20"
    title = f"MVLPT Figure 4. Transferability: {shots}-shot prompts of source tasks on target tasks\n{words}"
    return PaperFigure("mvlpt_figure4", title, points, _draw, decimals=4)


def _points(runs: pd.DataFrame) -> Iterator[tuple]:
    """Every pair that was run: its score in percent with its interval over seeds, and its relative score."""
    for learner, recipe in ALONE.items():
        relative = normalised(grid_of(runs, recipe))
        of_recipe = runs[runs["recipe"] == recipe]
        pairs = {pair: of.set_index("seed")["value"] for pair, of in of_recipe.groupby(["source", "task"])}
        for source, target in itertools.product(members("elevater20"), repeat=2):
            if (source, target) in pairs:
                score = measured(interval_over_seeds(pairs[source, target]))
                yield (learner, source, target, *score, relative.loc[source, target])


def _draw(figure4: PaperFigure) -> Figure:
    """A panel per learner, beneath each other, their tasks in one order."""
    points = figure4.points
    tasks = tasks_of(points)
    size = max(len(tasks), LEAST)
    height = ABOVE + LINE * (size + 1.5)
    figure, bottom = page(figure4.title, len(ALONE) * (height + BETWEEN) - BETWEEN / 2, NOTES)
    for place, (panel, learner) in enumerate(zip("abc", ALONE, strict=True)):
        low = bottom + BETWEEN / 2 + (len(ALONE) - 1 - place) * (height + BETWEEN) + 1.5 * LINE
        axes = add_axes(figure, LEFT, low, CELL * size, LINE * size)
        title = {"xytext": (-62, 33), "textcoords": "offset points", "ha": "left", "annotation_clip": False}
        axes.annotate(f"({panel}) {LABELS[learner]}", (0, 1), xycoords="axes fraction", fontsize=8, **title)
        of_learner = points[points["learner"] == learner]
        if of_learner.empty:
            say_not_run(axes)
        else:
            _draw_grid(axes, relative_grid(of_learner, tasks), lowest_shade(points["relative"]))
    return figure


def _draw_grid(axes: Axes, grid: pd.DataFrame, lowest: float) -> None:
    """A number on its shade per pair, and the means beside and beneath."""
    n = len(grid)
    axes.set(xlim=(0, n), ylim=(n, 0), xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    for down, across in itertools.product(range(n), range(n)):
        value = grid.iat[down, across]
        if not math.isnan(value):
            axes.add_patch(Rectangle((across, down), 1, 1, facecolor=shade(value, lowest), linewidth=0))
            _write(axes, across + 0.5, down + 0.5, f"{100 * value:.0f}", color=ink(value, lowest))
        if down == across:
            frame = {"fill": False, "edgecolor": OWN, "linewidth": 0.8, "zorder": 3}
            axes.add_patch(Rectangle((across + 0.03, down + 0.06), 0.94, 0.88, **frame))
    transfer = without_own(grid)
    for place, task in enumerate(grid):
        _write(axes, -0.15, place + 0.5, card_of(task).printed, ha="right", fontsize=6)
        _write(axes, place + 0.35, -0.2, card_of(task).printed, ha="left", va="bottom", rotation=40, fontsize=6)
        _write(axes, n + 0.75, place + 0.5, _mean(transfer.loc[task]), color=DARK)
        _write(axes, place + 0.5, n + 0.9, _mean(transfer[task]), color=DARK)
    _write(axes, n + 0.5, -0.2, "mean", ha="left", va="bottom", rotation=40, fontsize=6, color=GREY)
    _write(axes, -0.15, n + 0.9, "mean", ha="right", fontsize=6, color=GREY)
    _write(axes, n + 0.75, n + 0.9, _mean(transfer.stack()), color=DARK)


def _write(axes: Axes, x: float, y: float, words: str, **style: object) -> None:
    style = {"ha": "center", "va": "center", "fontsize": 5.5} | style
    axes.text(x, y, words, rotation_mode="anchor", **style)


def _mean(values: pd.Series) -> str:
    """Their mean in percent with one decimal; nothing where none was run."""
    return "" if values.isna().all() else f"{100 * values.mean():.1f}"
