"""Figures of rows: categories down, values across, as bars or dots with their 95 % intervals; and shares of a whole."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure
from matplotlib.patches import Patch

from reprompt.figures.figure import Measured
from reprompt.figures.looks import Look
from reprompt.figures.page import GREY, Labels
from reprompt.figures.panels import Axis, Panels

ROW = 0.21  # inches


@dataclass(frozen=True, kw_only=True)
class Rows(Panels):
    """Panels of rows, one for each value of `down`; points that differ in `by` share a row and look as `looks` has it.

    `down.ticks` are the rows in their order; without, they are what the points have. Without `by`, the look "" is that
    of all rows but those that have their own. Marks are dots, or bars from 0.
    """

    down: Axis
    by: str = ""
    looks: Mapping
    bars: bool = False

    def inches(self, measured: Measured) -> float:
        """What titles and axis need, and the rows."""
        return self.height + ROW * max(len(self._rows(measured)), 3)

    def fill(self, axes: Axes, points: pd.DataFrame, x: Axis, measured: Measured) -> list[Labels]:
        """The rows of one panel."""
        rows = self._rows(measured)
        step = 0.76 / len(self.looks) if self.by else 0
        for place, row in enumerate(rows):
            if row not in set(points[self.down.column]):
                axes.text(0, place, " not run", va="center", color=GREY, style="italic")
        for number, (key, look) in enumerate(self.looks.items()):
            shown = points[points[self.by or self.down.column] == key] if key else points
            y = shown[self.down.column].map(list(rows).index) + step * (number - (len(self.looks) - 1) / 2)
            style = {"color": look.colour, "zorder": 2}
            if self.bars:
                style |= {"hatch": look.hatch, "edgecolor": "white", "linewidth": 0}
                axes.barh(y, shown[x.column], height=0.95 * step, **style)
                axes.hlines(y, shown["low"], shown["high"], color="black", linewidth=0.7, zorder=4)
            else:
                axes.hlines(y, shown["low"], shown["high"], color=look.colour, linewidth=0.8, alpha=0.6)
                axes.plot(shown[x.column], y, look.marker, markersize=4.5, markerfacecolor=look.face, **style)
        if self.bars:
            axes.axvline(0, color="black", linewidth=0.6, zorder=3)
            axes.axhline(0.5, color="#bbbbbb", linewidth=0.5)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_yticks(range(len(rows)), rows.values())
        axes.tick_params(axis="y", length=0)
        return []

    def finish(self, body: SubFigure, measured: Measured) -> list[Labels]:
        """The key of the bars."""
        if self.by:
            style = {"edgecolor": "white", "linewidth": 0}
            keys = [
                Patch(facecolor=look.colour, hatch=look.hatch, label=look.label, **style)
                for look in self.looks.values()
            ]
            body.legend(handles=keys, loc="outside upper right", ncols=len(keys), borderpad=0)
        return []

    def _rows(self, measured: Measured) -> Mapping:
        return self.down.ticks or {row: row for row in measured.points[self.down.column].unique()}


@dataclass(frozen=True, kw_only=True)
class Shares(Panels):
    """Columns of two parts that make a whole: `below` is what the points have in percent, `above` the rest."""

    below: Look
    above: Look

    def fill(self, axes: Axes, points: pd.DataFrame, x: Axis, measured: Measured) -> list[Labels]:
        """A column per point, in their order."""
        share, places = points["regenerated"].to_numpy(), range(len(points))
        for look, low, part in ((self.below, 0 * share, share), (self.above, share, 100 - share)):
            columns = axes.bar(
                places, part, 0.6, low, color=look.colour, hatch=look.hatch, edgecolor="white", linewidth=0
            )
            axes.bar_label(columns, fmt="{:.0f} %", label_type="center")
            axes.text(1.0, low[-1] + part[-1] / 2, look.label, transform=axes.get_yaxis_transform(), va="center")
        axes.vlines(
            [place + 0.2 for place in places],
            points["low"].clip(0),
            points["high"].clip(upper=100),
            "black",
            linewidth=0.8,
        )
        axes.set_xticks(places, [x.words.format(**row) for row in points.to_dict("records")])
        axes.set_ylim(0, 100)
        return []
