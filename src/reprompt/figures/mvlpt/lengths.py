"""MVLPT, Figure 5: how much the number of context tokens matters."""

import math

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from reprompt.evidence.adaptation import LEARNERS, ZERO_SHOT
from reprompt.figures.canvas import add_axes, page, say_not_run
from reprompt.figures.figure import PaperFigure
from reprompt.figures.lines import MEASURED, frame_values, label_ends
from reprompt.figures.mvlpt.averages import adapted_alone, averages, printed, scope_by
from reprompt.figures.mvlpt.marks import (
    LABELS,
    bars_in_words,
    draw_method,
    ends_of_lines,
    in_order,
    learner_of,
    printed_in_words,
)

EXPERIMENTS = ("elevater", "cross_task", "length", "length_adapted")
LENGTHS = (4, 8, 16)
PRINTED_FOR = {"coop": 16, "vpt": 16, "upt": 4}  # the lengths of Table 1a
POINT_COLUMNS = ["method", "M", *MEASURED, "published"]


def mvlpt_figure5(records: pd.DataFrame) -> PaperFigure:
    """MVLPT, Figure 5: average score over the target tasks at 20 shots by context length, for the six methods."""
    runs = adapted_alone(records, *EXPERIMENTS)
    scope = scope_by(runs[runs["method"] != ZERO_SHOT], "method", "M")
    title = f"MVLPT Figure 5. Context length\n{scope.words}"
    points = in_order(averages(scope), "M")
    at_default = points["M"] == points["method"].map(learner_of).map(PRINTED_FOR)
    published = points["method"].map(printed()).where(at_default, math.nan)
    return PaperFigure("mvlpt_figure5", title, points.assign(published=published)[POINT_COLUMNS], _draw)


def _draw(figure5: PaperFigure) -> Figure:
    """A panel per learner on one scale: from a random start, and from eleven source tasks."""
    points = figure5.points
    notes = (
        "Mean over the target tasks of each task's own metric, at 20 shots. Dashed and open: tuned from a random "
        f"start. Filled: started from the prompt of 11 source tasks, of the same length. {bars_in_words(points)}",
        "Tokens: of the context (CoOp), of each layer of the image tower (VPT), of both (UPT). Range: from the lowest "
        f"to the highest point of a line. Printed for 16 tokens, UPT's 4 (Table 1a): {printed_in_words(printed())}.",
    )
    figure, bottom = page(figure5.title, 2.5, notes)
    shown = points.assign(published=math.nan)
    ticks = sorted({*LENGTHS, *points["M"]})
    for place, (panel, learner) in enumerate(zip("abc", LEARNERS, strict=True)):
        axes = add_axes(figure, 0.45 + 2.2 * place, bottom + 0.38, 1.72, 1.85, grid=True)
        here = shown[shown["method"].map(learner_of) == learner]
        axes.set_title(f"({panel}) {_ranges(here) or LABELS[learner]}", fontsize=7.5, pad=4, loc="left")
        if here.empty:
            say_not_run(axes)
            continue
        for method, line in here.groupby("method", sort=False):
            beside = 0.03 if method in LEARNERS else -0.03
            draw_method(axes, line["M"].map(ticks.index) + beside, line, method)
        axes.set_xlim(-0.3, len(ticks) - 0.7)
        axes.set_xticks(range(len(ticks)), ticks)
        axes.set_xlabel("tokens", labelpad=1)
        if place == 0:
            axes.set_ylabel("average over target tasks (%)", labelpad=2)
        axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
        axes.tick_params(labelleft=place == 0)
        frame_values(axes, shown, reach=2)
        label_ends(axes, ends_of_lines(here))
    return figure


def _ranges(points: pd.DataFrame) -> str:
    """How far each line of a panel ranges, in percentage points: "range: CoOp 0.4, MCoOp 1.2"; empty without lines."""
    lines = {method: line["regenerated"] for method, line in points.groupby("method", sort=False) if len(line) > 1}
    ranges = [f"{LABELS[method]} {line.max() - line.min():.1f}" for method, line in lines.items()]
    return f"range: {', '.join(ranges)}" if ranges else ""
