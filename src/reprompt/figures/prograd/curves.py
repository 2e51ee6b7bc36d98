"""Curves of recipes: their points by shots or by epoch, their colours, and how a band and a line are drawn."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from reprompt.figures.canvas import GREY
from reprompt.statistics import Interval, interval_over_seeds
from reprompt.tables.average import of_task
from reprompt.tables.methods import UNTUNED
from reprompt.tables.setting import Setting, Which

SHOTS = (1, 2, 4, 8, 16)
# Okabe and Ito's palette, told apart by readers with any colour vision; the markers tell them apart in grey.
COLOURS = {
    "zero_shot": "#000000",
    "linear_probe": "#777777",
    "coop": "#D55E00",
    "prograd": "#0072B2",
    "prograd_ensemble": "#56B4E9",
    "prograd_oracle": "#009E73",
}
MARKERS = {
    "zero_shot": "*",
    "linear_probe": "s",
    "coop": "^",
    "prograd": "o",
    "prograd_ensemble": "v",
    "prograd_oracle": "D",
}
MEASURED = ["regenerated", "low", "high", "seeds"]
DASHED, DOTTED = (0, (3, 1.5)), (0, (1, 2))


def by_shots(setting: Setting, recipe: str, task: str = "") -> dict[int, Interval]:
    """Average accuracy, or that of one task, by shots; 0 shots for what is not tuned; without what was not run."""
    found = {}
    for shots in (0,) if recipe in UNTUNED else SHOTS:
        which = Which(recipe, shots)
        value = of_task(setting, which, task) if task else setting.average(which)
        if value is not None:
            found[shots] = value
    return found


def by_epoch(
    setting: Setting, which: Which, task: str, measure: Callable[[Mapping], np.ndarray | None]
) -> dict[int, Interval]:
    """What `measure` finds in a record, one value per epoch, with its interval over seeds; from epoch 1."""
    recipe, shots, split, tau, swept = which.key
    of = setting.records
    of = of[(of["recipe"] == recipe) & (of["shots"] == shots) & (of["split"] == split) & (of["task"] == task)]
    of = of[(of["tau"] == tau) & (of["swept"] == swept)]
    courses = {record["seed"]: measure(record) for record in of.sort_values("seed").to_dict("records")}
    courses = pd.DataFrame({seed: course for seed, course in courses.items() if course is not None})
    return {
        epoch: interval_over_seeds(values.dropna())
        for epoch, (_, values) in enumerate(courses.iterrows(), start=1)
        if values.notna().any()
    }


def measured(value: Interval) -> tuple[float, float, float, int]:
    """The entries of a point's MEASURED columns."""
    return value.estimate, value.low, value.high, value.seeds


def axis_of_shots(axes: Axes, zero: bool) -> dict[int, int]:
    """Shots at equal distances: each doubling is as wide as the next. Returns where each stands."""
    ticks = ((0,) if zero else ()) + SHOTS
    axes.set_xlim(-0.35, len(ticks) - 0.7)
    axes.set_xticks(range(len(ticks)), ticks)
    return {shots: place for place, shots in enumerate(ticks)}


def draw_curve(axes: Axes, x: pd.Series, curve: pd.DataFrame, colour: str, **line: object) -> None:
    """A line through what was measured, in a band that is its 95 % interval."""
    axes.fill_between(x, curve["low"], curve["high"], color=colour, alpha=0.18, linewidth=0)
    axes.plot(x, curve["regenerated"], color=colour, **{"linewidth": 1.0, "markersize": 2.6} | line)


def axis_of_epochs(axes: Axes) -> None:
    """Whole epochs only."""
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.margins(x=0)
    axes.set_xlabel("epoch", labelpad=1)


def frame_values(axes: Axes, points: pd.DataFrame, reach: float = 10, top: float = 100) -> None:
    """Limits around what was measured and printed; bands count as far as `reach` beyond that.

    The wide bands of three seeds would else flatten everything that can be read from the lines.
    """
    shown = pd.concat([points["regenerated"], points["published"].dropna()])
    low, high = points["low"].clip(lower=shown.min() - reach), points["high"].clip(upper=shown.max() + reach)
    ends = pd.concat([shown, low, high])
    margin = 0.04 * (ends.max() - ends.min()) + 0.5
    axes.set_ylim(max(ends.min() - margin, 0), min(ends.max() + margin, top))


def label_ends(axes: Axes, ends: list[tuple[float, str, str]], size: float = 6.5) -> None:
    """Words in the colour of their lines at the right end of the axes, moved apart where they would touch.

    `ends` are (value, words, colour). The limits of the axes must be final.
    """
    if not ends:
        return
    ends = sorted(ends)
    bottom, top = axes.get_ylim()
    inches = axes.get_position().height * axes.figure.get_size_inches()[1]
    gap = 1.25 * size / 72 / inches * (top - bottom)
    places = np.clip([value for value, _, _ in ends], bottom, top)
    for _ in range(100):  # neighbours that touch step apart, each by half of what they lack
        lack = np.maximum(gap - np.diff(places), 0) / 2
        places[:-1] -= lack
        places[1:] += lack
    places -= max(places[-1] - top, 0)
    for place, (_, words, colour) in zip(places, ends, strict=True):
        axes.annotate(
            words,
            (1, place),
            (3, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            va="center",
            fontsize=size,
            color=colour,
            annotation_clip=False,
        )


def printed_handle(label: str) -> Line2D:
    """The key of a dashed line of printed values."""
    return Line2D([], [], color=GREY, linewidth=0.8, linestyle=DASHED, label=label)
