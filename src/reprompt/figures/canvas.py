"""What the papers' figures share: the page, and axes without ornament, placed in inches."""

from functools import cache

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

WIDTH = 7.0  # inches: the text width of a two-column paper
MARGIN = 0.1
FONT = "DejaVu Sans"
GREY, DARK = "#6b6b6b", "#333333"


def page(title: str, content: float, notes: tuple[str, ...]) -> tuple[Figure, float]:
    """An empty page with the two lines of the title at the top and the notes at the bottom, each on lines of its own.

    Between them is room for `content` inches; returned with the height in inches at which that room begins.
    """
    lines = [line for note in notes for line in wrapped(note, 6, WIDTH - 2 * MARGIN)]
    bottom = 0.115 * len(lines) + 0.1
    height = bottom + content + 0.45
    figure = Figure(figsize=(WIDTH, height))
    FigureCanvasAgg(figure)
    heading, words = title.split("\n")
    figure.text(MARGIN / WIDTH, 1 - 0.16 / height, heading, fontsize=9, weight="bold", va="center")
    figure.text(MARGIN / WIDTH, 1 - 0.33 / height, words, fontsize=7, color=DARK, va="center")
    for place, line in enumerate(reversed(lines)):
        figure.text(MARGIN / WIDTH, (0.09 + 0.115 * place) / height, line, fontsize=6, color=DARK, va="center")
    return figure, bottom


def add_axes(figure: Figure, left: float, bottom: float, width: float, height: float, grid: bool = False) -> Axes:
    """Axes at a place given in inches from the lower left corner of the page."""
    wide, tall = figure.get_size_inches()
    axes = figure.add_axes((left / wide, bottom / tall, width / wide, height / tall))
    axes.tick_params(labelsize=6, length=2, pad=1.5, width=0.5)
    if grid:
        axes.grid(color="#e4e4e4", linewidth=0.5)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set(visible=side in ("left", "bottom"), linewidth=0.5)
    return axes


def wrapped(text: str, size: float, room: float) -> list[str]:
    """Text broken at blanks into lines no wider than `room` inches, in letters of `size` points."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and _width(longer, size) > room:
            lines.append(word)
        else:
            lines[-1:] = [longer]
    return lines


@cache
def _width(text: str, size: float) -> float:
    """The width of a line in inches."""
    font = FontProperties(family=FONT, size=size, style="normal", weight="normal")
    outline = text_to_path.get_text_width_height_descent(text, font, ismath=False)[0] / 72
    return 1.02 * outline  # letters that are fitted to pixels are a little wider


def say_not_run(axes: Axes) -> None:
    """Mark axes that have nothing to show."""
    axes.set(xticks=[], yticks=[])
    axes.text(0.5, 0.5, "not run", transform=axes.transAxes, ha="center", va="center", color=GREY, style="italic")
