"""A table as a picture at print size, set like the paper's: rules above and below, no vertical lines."""

import math
import textwrap
from collections.abc import Callable
from io import BytesIO

import matplotlib
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from reprompt.tables.table import Table, columns_in_words

WIDTH = 7.0  # inches: the text width of a two-column paper
DOTS_PER_INCH = 200
LINE = 0.135  # inches from baseline to baseline
GREY = "#6b6b6b"
DARK = "#333333"
STUB, PATTERN = 1.2, 2.05  # inches for the row labels and for the words at the end of a row
PATTERN_CHARACTERS = 41


def to_png(table: Table) -> bytes:
    """The picture as PNG: the same bytes for the same table, with no date or version inside."""
    with matplotlib.rc_context({**matplotlib.rcParamsDefault, "font.family": "DejaVu Sans"}):
        buffer = BytesIO()
        to_figure(table).savefig(buffer, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    return buffer.getvalue()


def to_figure(table: Table) -> Figure:
    """Draw the table from the top down, measuring in inches."""
    lines = {(block, row): _pattern_lines(table, block, row) for block in table.blocks for row in table.rows(block)}
    with_verdict = not table.common_verdict
    heights = {key: LINE * max(3 if with_verdict else 2, len(words)) + 0.1 for key, words in lines.items()}
    setting = textwrap.wrap(table.setting, 110)
    notes = [line for note in (*table.notes, *table.common_verdict) for line in textwrap.wrap(note, 128)]
    groups = [block for block in table.blocks if block]
    above = 0.3 + 0.15 * len(setting) + 0.34
    height = above + sum(heights.values()) + 0.27 * len(groups) + 0.12 + 0.125 * len(notes) + 0.12
    figure = Figure(figsize=(WIDTH, height))
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, WIDTH), ylim=(height, 0))
    axes.axis("off")
    left, right = 0.1, WIDTH - 0.1
    patterned = any(lines.values())
    step = (right - left - STUB - (PATTERN if patterned else 0)) / len(table.columns)
    centres = [left + STUB + step * (place + 0.5) for place in range(len(table.columns))]

    def write(x: float, y: float, text: str, size: float = 7.5, **style: object) -> None:
        axes.text(x, y, text, fontsize=size, va="center", **style)

    def rule(y: float, width: float) -> None:
        axes.plot([left, right], [y, y], color="black", linewidth=width, solid_capstyle="butt")

    write(left, 0.17, table.heading, 9, weight="bold")
    for place, line in enumerate(setting):
        write(left, 0.36 + 0.15 * place, line, 7.5, color=DARK)
    y = above - 0.3
    rule(y, 1.0)
    write(left, y + 0.14, table.corner)
    for x, column in zip(centres, table.columns, strict=True):
        write(x, y + 0.14, column, ha="center")
    if patterned:
        write(right - PATTERN + 0.1, y + 0.14, "Gain, where it holds")
    y = above
    rule(y - 0.02, 0.6)
    for block in table.blocks:
        if block:
            if block != table.blocks[0]:
                rule(y, 0.4)
            write(left, y + 0.14, block, 7, style="italic")
            y += 0.27
        for row in table.rows(block):
            tall = heights[block, row]
            write(left, y + tall / 2, row)
            for x, column in zip(centres, table.columns, strict=True):
                _draw_cell(write, x, y + tall / 2, table.at(block, row, column), with_verdict)
            words = lines[block, row]
            for place, line in enumerate(words):
                write(right - PATTERN + 0.1, y + tall / 2 + LINE * (place - (len(words) - 1) / 2), line, 6)
            y += tall
    rule(y + 0.02, 1.0)
    for place, line in enumerate(notes):
        write(left, y + 0.14 + 0.125 * place, line, 6, color=DARK)
    return figure


def _draw_cell(write: Callable, x: float, y: float, cell: pd.Series | None, with_verdict: bool) -> None:
    """Value and half interval, the printed value beneath, and the verdict under both where cells differ in it."""
    if cell is None:
        write(x, y, "–", color=GREY, ha="center")
        return
    beneath = [] if math.isnan(cell["published"]) else [f"{cell['published']:.2f}"]
    if with_verdict and not math.isnan(cell["difference"]):
        beneath.append(cell["verdict"].split(" (")[0])
    top = y - 0.0625 * len(beneath)
    if math.isnan(cell["regenerated"]):
        write(x, top, "not run", 6.5, color=GREY, ha="center", style="italic")
    else:
        half = "" if math.isnan(cell["low"]) else f" ±{(cell['high'] - cell['low']) / 2:.1f}"
        write(x, top, f"{cell['regenerated']:.1f}{half}", 7.5, ha="center")
    for place, line in enumerate(beneath, start=1):
        write(x, top + 0.125 * place, line, 6, color=GREY, ha="center")


def _pattern_lines(table: Table, block: str, row: str) -> list[str]:
    everywhere = [column for column in table.columns if table.at(block, row, column) is not None]
    return [
        line
        for words, columns in table.pattern(block, row)
        for line in textwrap.wrap(
            f"{columns_in_words(columns, everywhere)}: {words}", PATTERN_CHARACTERS, subsequent_indent="  "
        )
    ]
