"""A figure of a paper: the points in it, and how they are drawn."""

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

import matplotlib
import pandas as pd
from matplotlib.figure import Figure

from reprompt.figures.canvas import FONT

DOTS_PER_INCH = 200


@dataclass(frozen=True)
class PaperFigure:
    """A regenerated figure. `points` is tidy: every mark is a row, with its interval and printed value."""

    name: str
    title: str
    points: pd.DataFrame
    draw: Callable[["PaperFigure"], Figure]
    decimals: int = 2

    @property
    def figure(self) -> Figure:
        """The matplotlib figure, drawn with matplotlib's own defaults whatever the user's settings are."""
        with matplotlib.rc_context({**matplotlib.rcParamsDefault, "font.family": FONT, "font.size": 7}):
            return self.draw(self)

    def to_csv(self) -> str:
        """The points as CSV: fixed decimals, one order, the same bytes for the same records."""
        return self.points.to_csv(index=False, float_format=f"%.{self.decimals}f", lineterminator="\n")

    def to_png(self) -> bytes:
        """The picture as PNG: the same bytes for the same points, with no date or version inside."""
        with matplotlib.rc_context({**matplotlib.rcParamsDefault, "font.family": FONT, "font.size": 7}):
            buffer = BytesIO()
            self.draw(self).savefig(buffer, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
        return buffer.getvalue()
