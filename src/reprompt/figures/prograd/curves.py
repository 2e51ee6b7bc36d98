"""Curves of recipes: their points by shots or by epoch, their colours and their axes."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from reprompt.evidence.statistics import Interval, interval_over_seeds
from reprompt.figures.canvas import GREY
from reprompt.figures.lines import DASHED
from reprompt.tables.methods import UNTUNED
from reprompt.tables.scope import Scope, Which, of_task

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


def by_shots(scope: Scope, recipe: str, task: str = "") -> dict[int, Interval]:
    """Average accuracy, or that of one task, by shots; 0 shots for what is not tuned; without what was not run."""
    intervals = {}
    for shots in (0,) if recipe in UNTUNED else SHOTS:
        which = Which(recipe, shots)
        value = of_task(scope, which, task) if task else scope.average(which)
        if value is not None:
            intervals[shots] = value
    return intervals


def by_epoch(
    scope: Scope, which: Which, task: str, measure: Callable[[Mapping], np.ndarray | None]
) -> dict[int, Interval]:
    """What `measure` finds in a record, one value per epoch, with its interval over seeds; from epoch 1."""
    recipe, shots, split, tau, swept = which.key
    rows = scope.records
    rows = rows[(rows["recipe"] == recipe) & (rows["shots"] == shots) & (rows["split"] == split)]
    rows = rows[(rows["task"] == task) & (rows["tau"] == tau) & (rows["swept"] == swept)]
    curves = {record["seed"]: measure(record) for record in rows.sort_values("seed").to_dict("records")}
    curves = pd.DataFrame({seed: curve for seed, curve in curves.items() if curve is not None})
    return {
        epoch: interval_over_seeds(values.dropna())
        for epoch, (_, values) in enumerate(curves.iterrows(), start=1)
        if values.notna().any()
    }


def axis_of_shots(axes: Axes, zero: bool) -> dict[int, int]:
    """Shots at equal distances: each doubling is as wide as the next. Returns where each stands."""
    ticks = ((0,) if zero else ()) + SHOTS
    axes.set_xlim(-0.35, len(ticks) - 0.7)
    axes.set_xticks(range(len(ticks)), ticks)
    return {shots: place for place, shots in enumerate(ticks)}


def axis_of_epochs(axes: Axes) -> None:
    """Whole epochs only."""
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.margins(x=0)
    axes.set_xlabel("epoch", labelpad=1)


def printed_handle(label: str) -> Line2D:
    """The key of a dashed line of printed values."""
    return Line2D([], [], color=GREY, linewidth=0.8, linestyle=DASHED, label=label)
