"""The grids of MVLPT's Figure 4: a number on its shade for every pair of tasks, and means beside and beneath."""

import itertools
import math
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from reprompt.figures.figure import Measured
from reprompt.figures.mvlpt import heat
from reprompt.figures.page import DARK, Labels
from reprompt.figures.panels import Axis, Panels
from reprompt.tasks.card import card_of

CELL = 0.125  # inches: the height of a cell
LEAST = 5  # rows for which there is room at least


@dataclass(frozen=True, kw_only=True)
class Grids(Panels):
    """Panels of relative scores, sources down and targets across; a task's own prompt is framed, and in no mean."""

    def inches(self, measured: Measured) -> float:
        """Rows for the tasks, and above them the names of the targets."""
        rows = max(len(heat.tasks_of(measured.points)) + 1, LEAST)
        return len(self.panels) * (self.height + CELL * rows)

    def fill(self, axes: Axes, points: pd.DataFrame, x: Axis, measured: Measured) -> list[Labels]:
        """One grid."""
        tasks, lowest = heat.tasks_of(measured.points), heat.lowest_shade(measured.points["relative"])
        n, grid = len(tasks), heat.relative_grid(points, tasks)
        axes.set(xlim=(-0.5, n + 0.5), ylim=(n + 0.5, -0.5))
        axes.spines[:].set_visible(False)
        for down, across in itertools.product(range(n), repeat=2):
            value = grid.iat[down, across]
            if not math.isnan(value):
                shade = heat.shade(value, lowest)
                axes.add_patch(Rectangle((across - 0.5, down - 0.5), 1, 1, facecolor=shade, linewidth=0))
                _write(axes, across, down, f"{100 * value:.0f}", heat.ink(value, lowest))
        for own in range(n):
            style = {"fill": False, "edgecolor": heat.OWN, "linewidth": 0.8, "zorder": 3}
            axes.add_patch(Rectangle((own - 0.47, own - 0.44), 0.94, 0.88, **style))
        transfer = heat.without_own(grid)
        for place, (by_source, by_target) in enumerate(zip(transfer.mean(axis=1), transfer.mean(), strict=True)):
            _write(axes, n, place, _percent(by_source), DARK)
            _write(axes, place, n, _percent(by_target), DARK)
        _write(axes, n, n, _percent(transfer.stack().mean()), DARK)
        names = [*(card_of(task).printed for task in tasks), "mean"]
        axes.set_yticks(range(n + 1), names)
        axes.xaxis.tick_top()
        axes.set_xticks(range(n + 1), names, rotation=40, ha="left", rotation_mode="anchor")
        axes.tick_params(length=0)
        return []


def _write(axes: Axes, x: float, y: float, words: str, colour: str) -> None:
    axes.text(x, y, words, ha="center", va="center_baseline", color=colour)


def _percent(mean: float) -> str:
    """One decimal; nothing where none was run."""
    return "" if math.isnan(mean) else f"{100 * mean:.1f}"
