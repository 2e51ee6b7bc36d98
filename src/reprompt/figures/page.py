"""What the papers' figures share: the page with its title and notes, its style, and labels that step aside."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from adjustText import adjust_text
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure, SubFigure
from matplotlib.text import Text

WIDTH = 7.0  # inches: the text width of a two-column paper
SIZE = 7  # points: of all letters but headings, so that none is smaller in print
LINE = 0.117  # inches: a line of notes
LETTERS = 132  # of a line of notes, as many as fit between the margins
MARGIN = 0.015  # of the width
GREY, DARK = "#6b6b6b", "#333333"
STYLE = {
    **{"font.family": "DejaVu Sans", "font.size": SIZE, "savefig.dpi": "figure"},
    **{"axes.titlelocation": "left", "axes.titlesize": 7.5, "axes.titlepad": 4, "axes.labelsize": SIZE},
    **{"axes.linewidth": 0.5, "axes.labelpad": 2, "axes.axisbelow": True},
    **{"axes.spines.top": False, "axes.spines.right": False, "grid.color": "#e4e4e4", "grid.linewidth": 0.5},
    **{"legend.frameon": False, "legend.fontsize": SIZE, "legend.handletextpad": 0.5, "legend.columnspacing": 1.2},
}
STYLE |= {
    f"{axis}tick.{name}": value
    for axis in "xy"
    for name, value in (("labelsize", SIZE), ("major.size", 2), ("major.pad", 1.5), ("major.width", 0.5))
}


@dataclass(frozen=True)
class Labels:
    """Words on axes that step aside for each other and for `marks` (N, 2), in data units.

    Without marks they name the ends of lines, at the right of the axes, and step up and down.
    """

    axes: Axes
    texts: list[Text]
    marks: np.ndarray | None = None


def page(title: str, notes: str, height: float) -> tuple[Figure, SubFigure]:
    """A page with the two lines of the title at the top and the notes at the bottom; returned with the room between.

    `height` is that room's, in inches.
    """
    lines = [line for note in notes.split("\n") for line in textwrap.wrap(note, LETTERS)]
    figure = Figure((WIDTH, height + LINE * len(lines) + 0.5), dpi=200)
    figure.set_layout_engine("constrained", w_pad=0.07, h_pad=0.07, wspace=0.03, hspace=0.02)
    FigureCanvasAgg(figure)
    heading, words = title.split("\n")
    figure.suptitle(heading, x=MARGIN, ha="left", fontsize=9, weight="bold")
    figure.supxlabel("\n".join(lines), x=MARGIN, ha="left", fontsize=SIZE, color=DARK)
    under = figure.subfigures()
    under.suptitle(words, x=MARGIN, ha="left", fontsize=SIZE, color=DARK)
    return figure, under.subfigures()


def settle(figure: Figure, labels: list[Labels]) -> None:
    """Lay the page out, move labels apart, and leave it so."""
    figure.draw_without_rendering()
    for several in (several for several in labels if several.texts):
        several.axes.figure.draw_without_rendering = int  # it has been drawn; adjustText would draw subfigures in full
        if several.marks is None:
            adjust_text(several.texts, ax=several.axes, **STEPS, **UP_AND_DOWN)
        else:
            adjust_text(several.texts, *several.marks.T, ax=several.axes, **STEPS, **ASIDE, **LEADER)
    figure.set_layout_engine("none")


# As many steps as labels may need, never as many seconds: pages must not depend on how busy the machine is. And no
# `prevent_crossings`, which would swap words of different widths.
STEPS = {"iter_lim": 200, "prevent_crossings": False}
UP_AND_DOWN = {"only_move": "y", "avoid_self": False, "ensure_inside_axes": False, "expand": (1, 1.02)}
ASIDE = {"expand": (1.2, 1.4), "min_arrow_len": 16}
ASIDE |= {"force_text": (0.15, 0.8), "force_static": (0.2, 0.3), "force_pull": (0.02, 0.02)}
LEADER = {"arrowprops": {"arrowstyle": "-", "color": GREY, "linewidth": 0.5}}


def label_ends(axes: Axes, ends: Sequence[tuple[float, str, str]]) -> Labels:
    """Words in the colour of their lines at the right end of the axes; `ends` are (value, words, colour)."""
    low, high = axes.get_ylim()
    apart = 0.005 * (high - low)  # words at one height would not know which way to step
    texts: list[Text] = []
    for value, words, colour in sorted(ends):
        above = texts[-1].get_position()[1] + apart if texts else low
        at = 1.015, max(min(max(value, low), high), above)
        texts.append(axes.text(*at, words, transform=axes.get_yaxis_transform(), color=colour))
    for text in texts:
        text.set_verticalalignment("center")
    return Labels(axes, texts)


def say_not_run(axes: Axes) -> None:
    """Mark axes that have nothing to show."""
    axes.tick_params(left=False, labelleft=False, bottom=False, labelbottom=False)  # others may share their ticks
    axes.text(0.5, 0.5, "not run", transform=axes.transAxes, ha="center", va="center", color=GREY, style="italic")
