"""Figures of points in a plane, with labels beside them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from reprompt.figures.figure import Measured
from reprompt.figures.looks import DASHED, Look
from reprompt.figures.page import DARK, Labels
from reprompt.figures.panels import Axis, Panels
from reprompt.tasks.card import card_of

HALO = [withStroke(linewidth=1.5, foreground="white")]  # behind words, so that they can be read over points


@dataclass(frozen=True, kw_only=True)
class Scatter(Panels):
    """Panels of points that look as `looks` has it by the column `by`, with labels as `words` names them.

    `up` is the column of their height. Points are joined along what they agree in, with 95 % intervals both ways; or
    they are a cloud with the medians of some groups of equally many as steps, and a ring about those that are named.
    """

    up: str
    by: str
    looks: Mapping
    words: str
    medians: int = 0

    def fill(self, axes: Axes, points: pd.DataFrame, x: Axis, measured: Measured) -> list[Labels]:
        """The points of one panel and their labels."""
        draw = self._draw_cloud if self.medians else self._draw_joined
        lines = draw(axes, points, x.column)
        axes.margins(*((0.06, 0.15) if self.medians else (0.16, 0.16)))
        named = WORDS[self.words](points)
        colours = points[self.by].map(lambda key: DARK if self.medians else self.looks[key].colour)
        style = {"path_effects": HALO, "zorder": 5, "in_layout": False}
        texts = []
        for place, at in enumerate(points.loc[named.index, self.up].sort_values(kind="stable").index):
            va = ("bottom", "top")[place % 2]  # so that words of points at one height part
            texts.append(axes.text(*points.loc[at, [x.column, self.up]], named[at], va=va, color=colours[at], **style))
        dots = [np.linspace(*ends, 12) for ends in lines]
        return [Labels(axes, texts, np.concatenate([points.loc[named.index, [x.column, self.up]], *dots]))]

    def _draw_joined(self, axes: Axes, points: pd.DataFrame, across: str) -> list[np.ndarray]:
        """Points, intervals and what joins them; returns the lines, each (2, 2)."""
        lines = []
        for key, several in points.groupby(self.by, sort=False):
            look: Look = self.looks[key]
            style = {"color": look.colour, "linewidth": 0.8}
            at = several[[across, self.up]].to_numpy()
            axes.plot(*at.T, linestyle=DASHED, zorder=2, **style)
            axes.plot(*at.T, look.marker, color=look.colour, markersize=7 if look.marker == "*" else 4.5, zorder=3)
            axes.hlines(at[:, 1], several["low"], several["high"], alpha=0.6, **style)
            axes.vlines(at[:, 0], several[f"{self.up}_low"], several[f"{self.up}_high"], alpha=0.6, **style)
            lines += [np.stack(ends) for ends in pairwise(at)]
            for (_, point), (x, y) in zip(several.iterrows(), at, strict=True):
                if not np.isnan(point["low"]):
                    lines.append(np.array([(point["low"], y), (point["high"], y)]))
                    lines.append(np.array([(x, point[f"{self.up}_low"]), (x, point[f"{self.up}_high"])]))
        return lines

    def _draw_cloud(self, axes: Axes, points: pd.DataFrame, across: str) -> list[np.ndarray]:
        """Points, rings and steps; returns the steps, each (2, 2)."""
        colour = self.looks[points[self.by].iloc[0]].colour
        marked = points[points["outlier"]]
        axes.scatter(points[across], points[self.up], s=5, color=colour, alpha=0.45, linewidths=0, zorder=2)
        ring = {"facecolor": "none", "edgecolor": "black", "linewidths": 0.6, "zorder": 4}
        axes.scatter(marked[across], marked[self.up], s=12, **ring)
        steps = list(self._medians(points, across))
        for step in steps:
            axes.plot(*step.T, color="black", linewidth=1.2, zorder=3)
        return steps

    def _medians(self, points: pd.DataFrame, across: str) -> Iterator[np.ndarray]:
        """The median height of each group, as a line (2, 2) over what it spans."""
        ordered = points.sort_values(across, kind="stable")
        for places in np.array_split(np.arange(len(ordered)), self.medians):
            group = ordered.iloc[places]
            if len(group):
                middle = group[self.up].median()
                yield np.array([(group[across].min(), middle), (group[across].max(), middle)])


def methods_and_tau(points: pd.DataFrame) -> pd.Series:
    """The method at its first point, and τ where there are several."""
    from reprompt.tables.methods import METHODS

    names = points["recipe"].map(lambda recipe: METHODS[recipe].label).where(~points["recipe"].duplicated(), "")
    if points["tau"].nunique() == 1:
        return names
    return names.where(names == "", names + ", ") + points["tau"].map("τ {:g}".format)


def outlying_pairs(points: pd.DataFrame) -> pd.Series:
    """Source and target of the pairs that are named."""
    marked = points[points["outlier"]]
    names = {task: card_of(task).printed for task in {*marked["source"], *marked["target"]}}
    return marked["source"].map(names) + " → " + marked["target"].map(names)


WORDS: Mapping[str, Callable[[pd.DataFrame], pd.Series]] = {
    words.__name__: words for words in (methods_and_tau, outlying_pairs)
}
