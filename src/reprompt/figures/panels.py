"""The grid of panels that most figures are: titles, axes, what is said of a panel, and panels that were not run."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure

from reprompt.figures.figure import Measured
from reprompt.figures.page import DARK, SIZE, Labels, say_not_run
from reprompt.figures.remarks import REMARKS


@dataclass(frozen=True)
class Axis:
    """A column of the points along an axis, and what it is called.

    `ticks` are values at equal distances with their names. Without, `ranked` are the values that there are, named by
    `words`, in which other columns may stand; the rest is a scale of numbers, `whole` or not.
    """

    column: str
    label: str
    ticks: Mapping = field(default_factory=dict)
    ranked: bool = False
    words: str = ""
    whole: bool = False


@dataclass(frozen=True)
class Panel:
    """Points of a panel: those that have the values `where`, or one of several.

    `remark` names what is said of them: remarks.py.
    """

    title: str
    where: Mapping[str, object] = field(default_factory=dict)
    remark: str = ""
    x: Axis | None = None  # where it is not that of the other panels

    def of(self, points: pd.DataFrame) -> pd.DataFrame:
        """The panel's points."""
        for column, value in self.where.items():
            points = points[points[column].isin(value if isinstance(value, tuple) else [value])]
        return points


@dataclass(frozen=True)
class Panels:
    """Panels in rows, `across` in each (left out: two where there are four or six, else three at most).

    A row is `height` inches high. `y` is what the scale up is called; it is `one_scale` for all panels or one for each,
    and that across is common to `none`, to each `col` of panels or to `all`.
    """

    panels: tuple[Panel, ...]
    x: Axis
    y: str = ""
    across: int = 0
    height: float = 2.25
    one_scale: bool = False
    common: str = "none"
    grid: str = "both"  # lines behind the marks: both, x, y or none
    width: float = 1.0  # of the page

    @property
    def _shape(self) -> tuple[int, int]:
        """Rows and panels in each."""
        panels = len(self.panels)
        across = self.across or (2 if panels in (4, 6) else min(panels, 3))
        return -(-panels // across), across

    def inches(self, measured: Measured) -> float:
        """The height of all rows."""
        return self.height * self._shape[0]

    def draw(self, body: SubFigure, measured: Measured) -> list[Labels]:
        """Every panel; returns the labels that may collide."""
        if self.width < 1:
            body = body.subfigures(1, 2, width_ratios=(self.width, 1 - self.width))[0]
        across = self._shape[1]
        every = body.subplots(*self._shape, squeeze=False, sharex=self.common, sharey=self.one_scale).ravel()
        labels = []
        for place, (axes, panel) in enumerate(zip(every, self.panels, strict=True)):
            axes.set_title(panel.title)
            points, x = panel.of(measured.points), panel.x or self.x
            if points.empty:
                say_not_run(axes)
                continue
            if self.grid != "none":
                axes.grid(axis=self.grid)
            if panel.remark:
                axes.set_title(REMARKS[panel.remark](points), loc="right", fontsize=SIZE, color=DARK)
            beneath = self.panels[place + across :: across][:1]
            if not beneath or (beneath[0].x or self.x) != x:
                axes.set_xlabel(x.label)
            if place % across == 0:
                axes.set_ylabel(self.y)
            labels += self.fill(axes, points, x, measured)
        labels += self.finish(body, measured)
        return labels

    def fill(self, axes: Axes, points: pd.DataFrame, x: Axis, measured: Measured) -> list[Labels]:
        """Draw the points of one panel."""
        raise NotImplementedError

    def finish(self, body: SubFigure, measured: Measured) -> list[Labels]:
        """What stands outside of the panels."""
        return []
