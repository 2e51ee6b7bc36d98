"""A table as a picture at print size, set like the paper's: rules above and below, no vertical lines."""

from io import BytesIO

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from reprompt.tables.layout import DARK, FONT, LEFT, RIGHT, SMALL, WIDTH, Layout, Line, height, layout, wrapped
from reprompt.tables.table import Table

DOTS_PER_INCH = 200


def to_png(table: Table) -> bytes:
    """The picture as PNG: the same bytes for the same table, with no date or version inside."""
    with matplotlib.rc_context({**matplotlib.rcParamsDefault, "font.family": FONT}):
        buffer = BytesIO()
        to_figure(table).savefig(buffer, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    return buffer.getvalue()


def to_figure(table: Table) -> Figure:
    """Draw the table from the top down, measuring in inches."""
    place = layout(table)
    across = RIGHT - LEFT
    heading, setting = wrapped(table.heading, 9, across, weight="bold"), wrapped(table.setting, 7.5, across)
    notes = [line for note in table.footnotes for line in wrapped(note, SMALL, across)]
    groups = [block for block in table.blocks if block]
    above = 0.1 + 0.17 * len(heading) + 0.15 * len(setting) + 0.06
    body = sum(place.row(block, row) for block in table.blocks for row in table.rows(block))
    total = above + place.head + body + 0.25 * len(groups) + 0.1 + 0.125 * len(notes) + 0.1
    figure = Figure(figsize=(WIDTH, total))
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, WIDTH), ylim=(total, 0))
    axes.axis("off")
    for number, text in enumerate(heading):
        axes.text(LEFT, 0.18 + 0.17 * number, text, fontsize=9, weight="bold", va="center")
    for number, text in enumerate(setting):
        y = 0.1 + 0.17 * len(heading) + 0.15 * number + 0.09
        axes.text(LEFT, y, text, fontsize=7.5, color=DARK, va="center")
    _draw_head(axes, place, above)
    y = above + place.head
    for block in table.blocks:
        if block:
            if block != table.blocks[0]:
                _rule(axes, y, 0.4)
            axes.text(LEFT, y + 0.14, block, fontsize=7, style="italic", va="center")
            y += 0.25
        for row in table.rows(block):
            tall = place.row(block, row)
            _write(axes, LEFT, y + tall / 2, place.labels[block, row])
            for column in table.columns:
                _write(axes, place.centre(column), y + tall / 2, place.cells[block, row, column], "center")
            _write(axes, RIGHT - place.gains + 0.1, y + tall / 2, place.words.get((block, row), []))
            y += tall
    _rule(axes, y + 0.02, 1.0)
    for number, text in enumerate(notes):
        axes.text(LEFT, y + 0.13 + 0.125 * number, text, fontsize=SMALL, color=DARK, va="center")
    return figure


def _draw_head(axes: Axes, place: Layout, top: float) -> None:
    """Column heads between two rules, under the heads that span several."""
    table, tall = place.table, place.head
    _rule(axes, top, 1.0)
    for label, columns in table.spans.items():
        ends = place.centre(columns[0]) - place.step * 0.46, place.centre(columns[-1]) + place.step * 0.46
        axes.text(sum(ends) / 2, top + 0.11, label, fontsize=7, ha="center", va="center")
        axes.plot(ends, [top + 0.2] * 2, color="black", linewidth=0.4)
    middle = top + tall / 2 + (0.1 if table.spans else 0)
    _write(axes, LEFT, middle, place.corner)
    for column in table.columns:
        _write(axes, place.centre(column), middle, place.heads[column], "center")
    if place.gains:
        _write(axes, RIGHT - place.gains + 0.1, middle, [Line("Gain, where it holds", 7.5)])
    _rule(axes, top + tall - 0.02, 0.6)


def _write(axes: Axes, x: float, y: float, lines: list[Line], align: str = "left") -> None:
    """Lines around a middle, top to bottom."""
    top = y - height(lines) / 2
    for line in lines:
        style = {"color": line.colour, "style": line.style}
        axes.text(x, top + line.height / 2, line.text, fontsize=line.size, ha=align, va="center", **style)
        top += line.height


def _rule(axes: Axes, y: float, width: float) -> None:
    axes.plot([LEFT, RIGHT], [y, y], color="black", linewidth=width, solid_capstyle="butt")
