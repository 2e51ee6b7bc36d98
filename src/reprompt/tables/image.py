"""A table as a picture at print size, set like the paper's: rules above and below, no vertical lines."""

from io import BytesIO

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from reprompt.tables.layout import DARK, FONT, LEFT, SMALL, Layout, Line, height, layout, wrapped
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
    across = place.right - LEFT
    heading, scope = wrapped(table.heading, 9, across, weight="bold"), wrapped(table.setting, 7.5, across)
    notes = [line for note in place.notes for line in wrapped(note, SMALL, across)]
    panels = table.abreast > 1
    above = 0.1 + 0.17 * len(heading) + 0.15 * len(scope) + 0.06
    titles = 0.25 * (0 if panels else len([block for block in table.blocks if block]))
    body = sum(place.row(band, row) for band in table.bands for row in table.rows(band[0]))
    heads = place.head * (len(table.bands) if panels else 1)
    total = above + heads + titles + body + 0.1 + 0.125 * len(notes) + 0.1
    figure = Figure(figsize=(place.right + LEFT, total))
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, place.right + LEFT), ylim=(total, 0))
    axes.axis("off")
    for number, text in enumerate(heading):
        axes.text(LEFT, 0.18 + 0.17 * number, text, fontsize=9, weight="bold", va="center")
    for number, text in enumerate(scope):
        y = 0.1 + 0.17 * len(heading) + 0.15 * number + 0.09
        axes.text(LEFT, y, text, fontsize=7.5, color=DARK, va="center")
    y = above
    for band in table.bands:
        if panels or band == table.bands[0]:
            _draw_head(axes, place, band, y)
            y += place.head
        if not panels and band[0]:
            if band != table.bands[0]:
                _rule(axes, place, y, 0.4)
            axes.text(LEFT, y + 0.14, band[0], fontsize=7, style="italic", va="center")
            y += 0.25
        for row in table.rows(band[0]):
            tall = place.row(band, row)
            _draw_row(axes, place, band, row, y + tall / 2)
            y += tall
    _rule(axes, place, y + 0.02, 1.0)
    for number, text in enumerate(notes):
        axes.text(LEFT, y + 0.13 + 0.125 * number, text, fontsize=SMALL, color=DARK, va="center")
    return figure


def _draw_head(axes: Axes, place: Layout, band: list[str], top: float) -> None:
    """Column heads between two rules, under the heads that span several."""
    table, tall, spans = place.table, place.head, place.spans(band)
    _rule(axes, place, top, 1.0)
    for label, *ends in spans:
        axes.text(sum(ends) / 2, top + 0.11, label, fontsize=7, ha="center", va="center")
        axes.plot(ends, [top + 0.2] * 2, color="black", linewidth=0.4)
    middle = top + tall / 2 + (0.1 if spans else 0)
    for part, corner in enumerate(place.corners):
        _write(axes, place.part(part), middle, corner)
    for panel in range(len(band)):
        for column in table.columns:
            _write(axes, place.centre(panel, column), middle, place.heads[column], "center")
    if place.gains:
        _write(axes, place.right - place.gains + 0.1, middle, [Line("Gain, where it holds", 7.5)])
    _rule(axes, place, top + tall - 0.02, 0.6)


def _draw_row(axes: Axes, place: Layout, band: list[str], row: str, middle: float) -> None:
    """A row's label, its cells in every panel, and its gains in words."""
    for part, label in enumerate(place.labels[band[0], row]):
        _write(axes, place.part(part), middle, label)
    for panel, block in enumerate(band):
        for column in place.table.columns:
            _write(axes, place.centre(panel, column), middle, place.cells[block, row, column], "center")
    _write(axes, place.right - place.gains + 0.1, middle, place.words.get((band[0], row), []))


def _write(axes: Axes, x: float, y: float, lines: list[Line], align: str = "left") -> None:
    """Lines around a middle, top to bottom."""
    top = y - height(lines) / 2
    for line in lines:
        style = {"color": line.colour, "style": line.style}
        axes.text(x, top + line.height / 2, line.text, fontsize=line.size, ha=align, va="center", **style)
        top += line.height


def _rule(axes: Axes, place: Layout, y: float, width: float) -> None:
    axes.plot([LEFT, place.right], [y, y], color="black", linewidth=width, solid_capstyle="butt")
