"""What the papers' figures share: the page, and axes without ornament, placed in inches."""

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from reprompt.tables.layout import DARK, GREY, WIDTH, wrapped

MARGIN = 0.1


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


def say_not_run(axes: Axes) -> None:
    """Mark axes that have nothing to show."""
    axes.set(xticks=[], yticks=[])
    axes.text(0.5, 0.5, "not run", transform=axes.transAxes, ha="center", va="center", color=GREY, style="italic")
