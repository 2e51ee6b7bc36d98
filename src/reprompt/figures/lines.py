"""Figures of lines: over shots, epochs, steps or settings, each with its 95 % intervals and named at its right end."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from reprompt.figures.figure import Measured
from reprompt.figures.looks import DASHED, Look
from reprompt.figures.page import GREY, Labels, label_ends
from reprompt.figures.panels import Axis, Panels


@dataclass(frozen=True, kw_only=True)
class Lines(Panels):
    """Panels of lines: points that agree in the columns `by` make one; `looks` has how it
    looks, by these columns or by the first.

    Published values are drawn as dashed lines, as `grey` marks where the data are the paper's, or not at all. A marker
    is filled where its look says so, or with `default` where the point is the paper's setting, which has a printed
    value. Intervals are a band or bars; they count for the limits as far as `reach` beyond the points.
    """

    looks: Mapping
    by: tuple[str, ...] = ("recipe",)
    value: str = "regenerated"
    published: str = ""  # dashed, grey or ""
    default: bool = False
    bars: bool = False
    reach: float = 10
    limits: tuple[float, float] = (0, 100)  # beyond which there are no values
    include: tuple[float, ...] = ()  # values that the scale shows in any case
    level: tuple[float, str] | None = None  # a line across and its name
    legend: bool = False  # above the panels, instead of names at the ends

    def fill(self, axes: Axes, points: pd.DataFrame, x: Axis, measured: Measured) -> list[Labels]:
        """The lines of one panel."""
        places, ends = _places(axes, points, x), []
        lines = dict(iter(points.groupby(list(self.by) if len(self.by) > 1 else self.by[0], sort=False)))
        for number, (key, line) in enumerate(lines.items()):
            look = self.looks[key if key in self.looks else key[0]]
            aside = 0.04 * (number - (len(lines) - 1) / 2) if self.bars else 0
            across = line[x.column].map(places) if places or look.level else line[x.column].astype(float)
            self._draw_line(axes, across + aside, line, look)
            if self.published == "dashed" or (self.published == "grey" and measured.real):
                self._draw_published(axes, across + aside, line, look)
            last = line.iloc[-1]
            ends.append((last[self.value], look.label.format(**last), look.colour))
        if self.level:
            axes.axhline(self.level[0], color=GREY, linewidth=0.8, linestyle=DASHED)
            ends.append((*self.level, GREY))
        ends = [end for end in ends if end[1]]
        self._frame(axes, measured.points if self.one_scale else points, measured)
        return [] if self.legend or not ends else [label_ends(axes, ends)]

    def finish(self, body: SubFigure, measured: Measured) -> list[Labels]:
        """The legend, where there is one."""
        if self.legend:
            shown = set(measured.points[self.by[0]])
            handles = [_handle(look) for key, look in self.looks.items() if key in shown]
            printed = Line2D([], [], color=GREY, linewidth=0.8, linestyle=DASHED, label="published average (RN50)")
            body.legend(handles=[*handles, printed], loc="outside upper left", ncols=len(handles) + 1, borderpad=0)
        return []

    def _draw_line(self, axes: Axes, x: pd.Series, line: pd.DataFrame, look: Look) -> None:
        colour, y = look.colour, line[self.value]
        if look.level:
            axes.axhline(y.iloc[0], color=colour, linewidth=0.8, linestyle=look.dash)
            axes.plot(x, y, look.marker, markersize=6, color=colour, zorder=4, clip_on=False)
            if line["low"].notna().all():
                axes.axhspan(line["low"].iloc[0], line["high"].iloc[0], color=colour, alpha=0.12, linewidth=0)
            return
        if self.bars:
            axes.vlines(x, line["low"], line["high"], color=colour, linewidth=0.8, alpha=0.6)
        else:
            axes.fill_between(x, line["low"], line["high"], color=colour, alpha=0.18, linewidth=0)
        style = {"color": colour, "marker": look.marker, "markersize": 6 if look.marker == "*" else 3.5}
        style["markevery"] = max(len(line) // 8, 1)
        face = "white" if self.default else look.face
        axes.plot(x, y, **style, linewidth=1.1, linestyle=look.dash, markerfacecolor=face)
        if self.default:
            usual = line["published"].notna()
            axes.plot(x[usual], y[usual], **style, linestyle="")

    def _draw_published(self, axes: Axes, x: pd.Series, line: pd.DataFrame, look: Look) -> None:
        if self.published == "grey":
            style = {"color": "#999999", "linestyle": "", "marker": look.marker, "markersize": 2.5}
        elif look.level:
            style = {"color": look.colour, "marker": look.marker, "markersize": 6, "markerfacecolor": "white"}
        else:
            style = {"color": look.colour, "linestyle": DASHED, "linewidth": 0.8, "alpha": 0.75}
        axes.plot(x, line["published"], **style)

    def _frame(self, axes: Axes, points: pd.DataFrame, measured: Measured) -> None:
        """Limits around what was measured and printed; intervals count as far as `reach` beyond that.

        The wide bands of three seeds would else flatten everything that can be read from the lines.
        """
        shown = [points[self.value], pd.Series(self.include, dtype=float)]
        if self.published == "dashed" or (self.published == "grey" and measured.real):
            shown.append(points["published"].dropna())
        shown = pd.concat(shown)
        if "low" in points:
            low = points["low"].clip(lower=shown.min() - self.reach)
            shown = pd.concat([shown, low, points["high"].clip(upper=shown.max() + self.reach)])
        margin = 0.04 * (shown.max() - shown.min()) or 1
        floor, ceiling = self.limits
        axes.set_ylim(max(shown.min() - margin, floor), min(shown.max() + margin, ceiling))


@dataclass(frozen=True, kw_only=True)
class Steps(Lines):
    """Lines of logged steps: thin as they were logged, and thick the means of some stretches of equal length."""

    stretches: int

    def _draw_line(self, axes: Axes, x: pd.Series, line: pd.DataFrame, look: Look) -> None:
        axes.plot(x, line[self.value], color=look.colour, linewidth=0.4, alpha=0.35)
        logged = np.column_stack([x, line[self.value]])
        means = [stretch.mean(axis=0) for stretch in np.array_split(logged, self.stretches) if len(stretch)]
        axes.plot(*np.transpose(means), color=look.colour, linewidth=1.4)


def _places(axes: Axes, points: pd.DataFrame, x: Axis) -> dict:
    """Where each value stands across, where values stand at equal distances; else empty."""
    ticks = x.ticks
    if x.ranked:
        first = points.sort_values(x.column).drop_duplicates(x.column)
        ticks = {row[x.column]: x.words.format(**row) for row in first.to_dict("records")}
    if ticks:
        axes.set_xlim(-0.35, len(ticks) - 0.65)
        axes.set_xticks(range(len(ticks)), ticks.values())
    else:
        axes.margins(x=0.02)
        axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10], integer=x.whole))
    return {value: place for place, value in enumerate(ticks)}


def _handle(look: Look) -> Line2D:
    """The key of a method in a legend."""
    size = 6 if look.marker == "*" else 3.5
    style = {"linewidth": 0.8, "linestyle": look.dash} if look.level else {}
    return Line2D([], [], color=look.colour, marker=look.marker, markersize=size, label=look.label, **style)
