"""MVLPT, Figure 1: the six methods and zero-shot CLIP with three sizes of CLIP."""

import math
from functools import partial

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reprompt.figures.canvas import add_axes, page, say_not_run
from reprompt.figures.figure import PaperFigure
from reprompt.figures.lines import MEASURED, frame_values, label_ends
from reprompt.figures.mvlpt.averages import adapted_alone, averages, printed, scope_by
from reprompt.figures.mvlpt.marks import (
    LABELS,
    MARKERS,
    bars_in_words,
    draw_method,
    ends_of_lines,
    in_order,
    learner_of,
    printed_in_words,
)

EXPERIMENTS = ("elevater", "elevater_zero_shot", "cross_task", "scaling", "scaling_adapted")
# What the paper says of each CLIP's size, in its sections 4 and 5; these are not the miniatures' sizes.
SIZES = {
    "ViT-B-32": "ViT-B/32\n2.59 GFLOPs, 125 M parameters",
    "ViT-B-16": "ViT-B/16\n11.27 GFLOPs, 124 M parameters",
    "ViT-L-14": "ViT-L/14\n51.90 GFLOPs, 390 M parameters",
}
PRINTED_FOR = "ViT-B-16"
POINT_COLUMNS = ["method", "backbone", *MEASURED, "published"]


def mvlpt_figure1(records: pd.DataFrame) -> PaperFigure:
    """MVLPT, Figure 1: average score over the target tasks at 20 shots by the size of CLIP."""
    runs = adapted_alone(records, *EXPERIMENTS)
    places = {name: place for place, name in enumerate(SIZES)}
    all_sizes = ", ".join(name for name in SIZES if name in set(runs["backbone"]))
    scope = scope_by(runs.assign(size=runs["backbone"].map(places), backbone=all_sizes), "method", "size")
    title = f"MVLPT Figure 1. Starting from 11 source tasks, by the size of CLIP\n{scope.words}"
    points = in_order(averages(scope), "size")
    points["backbone"] = points["size"].map(list(SIZES).__getitem__)
    points["published"] = points["method"].map(printed()).where(points["backbone"] == PRINTED_FOR, math.nan)
    return PaperFigure("mvlpt_figure1", title, points[POINT_COLUMNS], partial(_draw, real=scope.scale == "paper"))


def _draw(figure1: PaperFigure, real: bool) -> Figure:
    """One panel, a line per method, named at its right end."""
    points = figure1.points
    notes = (
        "Mean over the target tasks of each task's own metric, at 20 shots; zero-shot CLIP has none. Dashed and open: "
        f"tuned from a random start. Filled: started from the prompt of 11 source tasks. {bars_in_words(points)}",
        f"Printed for ViT-B/16 (Table 1a): {printed_in_words(printed())}. The paper prints no other number of this "
        f"figure. {'Grey: the printed averages.' if real else 'The sizes stand for those of the paper, in its order.'}",
    )
    figure, bottom = page(figure1.title, 3.2, notes)
    axes = add_axes(figure, 0.5, bottom + 0.5, 5.5, 2.6, grid=True)
    if points.empty:
        say_not_run(axes)
        return figure
    shown = points if real else points.assign(published=math.nan)
    for method, of_method in shown.groupby("method", sort=False):
        beside = 0.04 * (list(LABELS).index(method) - len(LABELS) // 2)
        x = of_method["backbone"].map(list(SIZES).index) + beside
        draw_method(axes, x, of_method, method)
        axes.plot(x + 0.015, of_method["published"], MARKERS[learner_of(method)], markersize=2.5, color="#999999")
    frame_values(axes, shown, reach=3)
    _name_sizes(axes, real)
    axes.set_ylabel("average over target tasks (%)", labelpad=2)
    label_ends(axes, ends_of_lines(shown), size=7)
    return figure


def _name_sizes(axes: Axes, real: bool) -> None:
    """The three CLIPs at equal distances; with their size in words where it is theirs."""
    axes.set_xlim(-0.3, len(SIZES) - 0.7)
    axes.set_xticks(range(len(SIZES)), [words if real else words.partition("\n")[0] for words in SIZES.values()])
    axes.set_xlabel("CLIP" if real else "CLIP that a miniature stands for", labelpad=2)
