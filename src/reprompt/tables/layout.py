"""Where everything of a table goes when it is a picture as wide as a page: sizes, line breaks, widths and heights."""

import math
from dataclasses import dataclass
from functools import cache

import pandas as pd
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from reprompt.tables.table import Table, in_cell, pieces

WIDTH = 7.0  # inches: the text width of a two-column paper
LEFT, RIGHT = 0.1, WIDTH - 0.1
FONT = "DejaVu Sans"
GREY, DARK = "#6b6b6b", "#333333"
SIZES = (7.5, 7.0, 6.5, 6.0, 5.5)  # points, for the numbers: the largest that fits
SMALL = 6.0  # points, for printed values and notes
STUB = (0.75, 1.7)  # inches for the row labels, at least and at most
GAINS = 2.05  # inches for the words at the end of a row
GAP, CLOSE = 0.08, 0.03  # inches between columns, at least; in a wide table
LEADING = 1.3  # from baseline to baseline, in font sizes


@dataclass(frozen=True)
class Line:
    """A line of text of a cell."""

    text: str
    size: float
    colour: str = "black"
    style: str = "normal"

    @property
    def height(self) -> float:
        """From this line's top to the next one's, in inches."""
        return LEADING * self.size / 72

    @property
    def width(self) -> float:
        """In inches."""
        return _width(self.text, self.size, self.style, "normal")


@dataclass(frozen=True)
class Layout:
    """What is written where: widths in inches, and the lines of every label, head and cell."""

    table: Table
    stub: float
    gains: float
    corner: list[Line]
    labels: dict[tuple[str, str], list[Line]]
    heads: dict[str, list[Line]]
    cells: dict[tuple[str, str, str], list[Line]]
    words: dict[tuple[str, str], list[Line]]

    @property
    def step(self) -> float:
        """The width of a column of numbers."""
        return _step(self.table, self.stub, self.gains)

    def centre(self, column: str) -> float:
        """Where a column of numbers is centred."""
        return LEFT + self.stub + self.step * (self.table.columns.index(column) + 0.5)

    @property
    def head(self) -> float:
        """The height of the column heads, with the heads that span several."""
        tallest = max(height(lines) for lines in (self.corner, *self.heads.values()))
        return tallest + 0.13 + (0.2 if self.table.spans else 0)

    def row(self, block: str, row: str) -> float:
        """The height of a row: of its tallest entry, and some air."""
        entries = [self.labels[block, row], self.words.get((block, row), [])]
        entries += [self.cells[block, row, column] for column in self.table.columns]
        return max(map(height, entries)) + 0.09


def layout(table: Table) -> Layout:
    """Fit the table into the width of a page: smaller numbers, the interval on its own line, heads in two lines."""
    labels = {
        (block, row): [Line(part, 7.5) for part in wrapped(row, 7.5, STUB[1])]
        for block in table.blocks
        for row in table.rows(block)
    }
    corner = [Line(part, 7.5) for part in wrapped(table.corner, 7.5, STUB[1])]
    widest = max(line.width for lines in (*labels.values(), corner) for line in lines)
    stub = min(max(widest + 0.12, STUB[0]), STUB[1])
    words = {} if table.wide else {at: _words(found) for at, found in table.gains.items()}
    gains = GAINS if words else 0.0
    room = _step(table, stub, gains) - (CLOSE if table.wide else GAP)
    cells, heads = _cells(table, room), _heads(table, room)
    return Layout(table, stub, gains, corner, labels, heads, cells, words)


def _cells(table: Table, room: float) -> dict[tuple[str, str, str], list[Line]]:
    """Every cell in the largest size that fits, value and interval in one line if the table is narrow enough."""
    at = [(block, row, column) for block in table.blocks for row in table.rows(block) for column in table.columns]
    with_verdict = not table.common_verdict
    for broken in (True,) if table.wide else (False, True):
        for size in SIZES[: None if broken else -2]:
            cells = {key: _cell(table.at(*key), with_verdict, size, broken, room) for key in at}
            if max(line.width for lines in cells.values() for line in lines) <= room:
                return cells
    return cells


def _cell(cell: pd.Series | None, with_verdict: bool, size: float, broken: bool, room: float) -> list[Line]:
    """Value and half interval, the printed value beneath, and the verdict under both where cells differ in it."""
    small = SIZES[-1] if broken else min(SMALL, size)
    if cell is None:
        return [Line("–", size, GREY)]
    if math.isnan(cell["regenerated"]):
        lines = [Line("not run", max(size - 1, SIZES[-1]), GREY, "italic")]
    else:
        value, half = f"{cell['regenerated']:.1f}", f"±{(cell['high'] - cell['low']) / 2:.1f}"
        if math.isnan(cell["low"]):
            lines = [Line(value, size)]
        else:
            lines = [Line(value, size), Line(half, small)] if broken else [Line(f"{value} {half}", size)]
    if not math.isnan(cell["published"]):
        lines.append(Line(f"{cell['published']:.2f}", small, GREY))
    if with_verdict and not math.isnan(cell["difference"]):
        lines += [Line(part, small, GREY) for part in wrapped(in_cell(cell["verdict"]), small, room)]
    return lines


def _heads(table: Table, room: float) -> dict[str, list[Line]]:
    """Every head in the largest size that fits, broken where its name may be broken."""
    for size in SIZES:
        heads = {column: _broken(column, size, room) for column in table.columns}
        if max(line.width for lines in heads.values() for line in lines) <= room:
            return heads
    return heads


def _broken(label: str, size: float, room: float) -> list[Line]:
    lines = [Line("", size)]
    for piece in pieces(label):
        longer = Line(lines[-1].text + piece, size)
        if longer.width <= room or not lines[-1].text:
            lines[-1] = longer
        else:
            lines.append(Line(piece, size))
    return lines


def _words(found: list[tuple[str, str]]) -> list[Line]:
    """The gains of a row, as lines."""
    return [
        Line(part, SMALL)
        for where, words in found
        for part in wrapped(f"{where}: {words}", SMALL, GAINS - GAP, indent="  ")
    ]


def wrapped(text: str, size: float, room: float, weight: str = "normal", indent: str = "") -> list[str]:
    """Text broken at blanks into lines no wider than `room` inches; `indent` stands before all but the first."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and _width(longer, size, "normal", weight) > room:
            lines.append(indent + word)
        else:
            lines[-1:] = [longer]
    return lines


def height(lines: list[Line]) -> float:
    """Of lines beneath each other, in inches."""
    return sum(line.height for line in lines)


@cache
def _width(text: str, size: float, style: str, weight: str) -> float:
    font = FontProperties(family=FONT, size=size, style=style, weight=weight)
    outline = text_to_path.get_text_width_height_descent(text, font, ismath=False)[0] / 72
    return 1.02 * outline  # letters that are fitted to pixels are a little wider


def _step(table: Table, stub: float, gains: float) -> float:
    return (RIGHT - LEFT - stub - gains) / len(table.columns)
