"""A figure of a paper as a specification, and what becomes of it with records: its points, and how they are drawn."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import matplotlib
import pandas as pd
from matplotlib.figure import Figure

from reprompt.figures.page import STYLE, page, settle


@dataclass(frozen=True)
class Measured:
    """What the records say: the points of a figure, tidy, and words on where they are from.

    `facts` stand in the figure's title and notes where these have their names in braces. `pictures` is what is drawn
    and is no number.
    """

    points: pd.DataFrame
    words: str
    facts: Mapping[str, str] = field(default_factory=dict)
    pictures: object = None
    real: bool = False  # the papers' own data

    def fill(self, text: str) -> str:
        """A text with the facts in the place of their names; other braces are mathematics."""
        for name, fact in self.facts.items():
            text = text.replace(f"{{{name}}}", fact)
        return text


@dataclass(frozen=True)
class FigureSpec:
    """A figure of a paper, as data: called with records, it is that figure. `title` begins with the paper's number.

    `measure.of(records)` makes the points, also of no records at all. `drawing` is a kind of figure with its panels,
    axes and marks: `inches` is the height that they need, `draw` returns the labels that may collide.
    """

    title: str
    measure: Any
    drawing: Any
    notes: str
    decimals: int = 2

    def __call__(self, records: pd.DataFrame, backbone: str | None = None) -> "PaperFigure":
        """The figure from records of one scale; of several backbones name the one that is meant.

        Raises ValueError where records of several scales or backbones are mixed.
        """
        if backbone is not None:
            records = records[records["backbone"] == backbone]
        return PaperFigure(self, self.measure.of(records))


@dataclass(frozen=True)
class PaperFigure:
    """A regenerated figure. `points` is tidy: every mark is a row, with its interval and printed value."""

    spec: FigureSpec
    measured: Measured

    @property
    def points(self) -> pd.DataFrame:
        return self.measured.points

    @property
    def title(self) -> str:
        """Two lines: what is shown, and from which records."""
        return f"{self.measured.fill(self.spec.title)}\n{self.measured.words}"

    @property
    def figure(self) -> Figure:
        """The matplotlib figure, drawn with one style whatever the user's settings are."""
        with matplotlib.rc_context({**matplotlib.rcParamsDefault, **STYLE}):
            drawing, notes = self.spec.drawing, self.measured.fill(self.spec.notes)
            figure, body = page(self.title, notes, drawing.inches(self.measured))
            settle(figure, drawing.draw(body, self.measured))
            return figure

    def to_csv(self) -> str:
        """The points as CSV: fixed decimals, one order, the same bytes for the same records."""
        return self.points.to_csv(index=False, float_format=f"%.{self.spec.decimals}f", lineterminator="\n")

    def to_png(self) -> bytes:
        """The picture as PNG: the same bytes for the same points, with no date or version inside."""
        buffer = BytesIO()
        figure = self.figure
        with matplotlib.rc_context({**matplotlib.rcParamsDefault, **STYLE}):
            figure.savefig(buffer, format="png", metadata={"Software": None})
        return buffer.getvalue()
