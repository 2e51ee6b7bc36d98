"""Where everything of a table goes when it is a picture as wide as a page: sizes, line breaks, widths and heights.

A page is upright; one with more columns than fit lies on its side.
"""

from dataclasses import dataclass, replace
from functools import cache

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from reprompt.tables.table import Entry, Table, in_cell, pieces

WIDTH = 7.0  # inches: the text width of a two-column paper
SIDEWAYS = 10.5  # inches, for a table of more than so many columns
UPRIGHT = 14
LEFT = 0.1  # inches: the margins
FONT = "DejaVu Sans"
GREY, DARK = "#6b6b6b", "#333333"
SIZES = (7.5, 7.0, 6.5, 6.0, 5.5)  # points, for the numbers: the largest that fits
SMALL = 6.0  # points, for printed values and notes
STUB = (0.75, 1.7)  # inches for the row labels, at least and at most
PART = 0.12  # inches between the parts of a label
GAINS = 2.05  # inches for the words at the end of a row
GAP, CLOSE = 0.08, 0.03  # inches between columns, at least; in a wide table
LEADING = 1.3  # from baseline to baseline, in font sizes
# A verdict where its words are wider than the column.
MARKS = {"reproduced": "=", "higher": "↑", "lower": "↓"}
LEGEND = "Beside a published value: = reproduced; ↑ ours is higher, ↓ lower; without a mark, not comparable."


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
    right: float
    stubs: list[float]
    gains: float
    corners: list[list[Line]]
    labels: dict[tuple[str, str], list[list[Line]]]
    heads: dict[str, list[Line]]
    cells: dict[tuple[str, str, str], list[Line]]
    words: dict[tuple[str, str], list[Line]]
    notes: tuple[str, ...]

    @property
    def step(self) -> float:
        """The width of a column of numbers."""
        return _step(self.table, self.right, self.stubs, self.gains)

    def part(self, place: int) -> float:
        """Where a part of the row labels begins."""
        return LEFT + sum(self.stubs[:place])

    def centre(self, panel: int, column: str) -> float:
        """Where a column of numbers is centred; panels are counted from the left, from 0."""
        columns = self.table.columns
        return self.part(len(self.stubs)) + self.step * (panel * len(columns) + columns.index(column) + 0.5)

    def spans(self, band: list[str]) -> list[tuple[str, float, float]]:
        """The heads over several columns, with where they begin and end; panels have their block's name as head."""
        first, last = self.table.columns[0], self.table.columns[-1]
        if self.table.abreast > 1:
            over = [(block, (panel, first), (panel, last)) for panel, block in enumerate(band)]
        else:
            over = [(label, (0, columns[0]), (0, columns[-1])) for label, columns in self.table.spans.items()]
        air = self.step * 0.46
        return [(label, self.centre(*begin) - air, self.centre(*end) + air) for label, begin, end in over]

    @property
    def head(self) -> float:
        """The height of the column heads, with the heads that span several."""
        tallest = max(height(lines) for lines in (*self.corners, *self.heads.values()))
        return tallest + 0.13 + (0.2 if self.table.spans or self.table.abreast > 1 else 0)

    def row(self, band: list[str], row: str) -> float:
        """The height of a row: of its tallest entry, and some air."""
        entries = [*self.labels[band[0], row], self.words.get((band[0], row), [])]
        entries += [self.cells[block, row, column] for block in band for column in self.table.columns]
        return max(map(height, entries)) + 0.09


def layout(table: Table) -> Layout:
    """Fit the table into the width of a page: smaller numbers, the interval on its own line, heads in two lines."""
    labels = {
        (block, row): [[Line(line, 7.5) for line in wrapped(part, 7.5, STUB[1])] for part in table.label(row)]
        for block in table.blocks
        for row in table.rows(block)
    }
    corners = [[Line(line, 7.5) for line in wrapped(corner, 7.5, STUB[1])] for corner in table.corners]
    stubs = [
        max((line.width for parts in (*labels.values(), corners) for line in parts[place]), default=0.0) + PART
        for place in range(len(corners))
    ]
    stubs[0] = min(max(stubs[0], STUB[0] if len(stubs) == 1 else 0.0), STUB[1])
    words = {} if table.wide else {at: _words(found) for at, found in table.gains.items()}
    gains = GAINS if words else 0.0
    right = (SIDEWAYS if table.abreast * len(table.columns) > UPRIGHT else WIDTH) - LEFT
    step = _step(table, right, stubs, gains)
    room = step - (CLOSE if table.wide else GAP)
    entries = _entries(table)
    marked = any(line.width > room for entry in entries.values() if entry for line in _verdict(entry, room))
    cells, heads = _cells(entries, step - GAP, room, marked), _heads(table, room)
    notes = table.footnotes + ((LEGEND,) if marked else ())
    return Layout(table, right, stubs, gains, corners, labels, heads, cells, words, notes)


def _entries(table: Table) -> dict[tuple[str, str, str], Entry | None]:
    """What every cell shows; None where the paper's table has a dash. A verdict that all cells share is a note."""
    entries = {}
    for block in table.blocks:
        for row in table.rows(block):
            for column in table.columns:
                cell = table.at(block, row, column)
                entry = None if cell is None else table.entry(cell, decimals=1)
                entries[block, row, column] = replace(entry, verdict="") if entry and table.common_verdict else entry
    return entries


def _cells(entries: dict, airy: float, tight: float, marked: bool) -> dict[tuple[str, str, str], list[Line]]:
    """Every cell in the largest size that fits, value and interval in one line if that leaves air between columns."""
    for broken, room in ((False, airy), (True, tight)):
        for size in SIZES[: None if broken else -2]:
            cells = {at: _cell(entry, size, broken, room, marked) for at, entry in entries.items()}
            if max(line.width for lines in cells.values() for line in lines) <= room:
                return cells
    return cells


def _cell(entry: Entry | None, size: float, broken: bool, room: float, marked: bool) -> list[Line]:
    """Ours, the printed value beneath, and the verdict under both, or `marked` by a sign beside the printed value."""
    small = SIZES[-1] if broken else min(SMALL, size)
    if entry is None:
        return [Line("–", size, GREY)]
    beside = entry.mark or (entry.half and f"±{entry.half}")
    if not entry.was_run:
        lines = [Line(part, max(size - 1, SIZES[-1]), GREY, "italic") for part in wrapped(entry.value, size, room)]
    elif beside and broken:
        lines = [Line(entry.value, size), Line(beside, small)]
    else:
        lines = [Line(f"{entry.value} {beside}".strip(), size)]
    sign = MARKS.get(in_cell(entry.verdict), "") if marked else ""
    if entry.published:
        lines.append(Line(f"{entry.published} {sign}".strip(), small, GREY))
    return lines if marked else lines + _verdict(entry, room, small)


def _verdict(entry: Entry, room: float, size: float = SIZES[-1]) -> list[Line]:
    """The words of a verdict, as lines."""
    return [Line(part, size, GREY) for part in wrapped(in_cell(entry.verdict), size, room)]


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
        for part in wrapped(f"{where}: {words}" if where else words, SMALL, GAINS - GAP, indent="  ")
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


def _step(table: Table, right: float, stubs: list[float], gains: float) -> float:
    return (right - LEFT - sum(stubs) - gains) / (table.abreast * len(table.columns))
