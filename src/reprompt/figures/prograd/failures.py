"""Figure 5: where ProGrad fails and CoOp does not, was zero-shot CLIP wrong already?"""

import math

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from reprompt.evidence.statistics import interval_over_seeds
from reprompt.figures.canvas import add_axes, page, say_not_run
from reprompt.figures.figure import PaperFigure
from reprompt.figures.lines import MEASURED, measured
from reprompt.figures.prograd.curves import SHOTS
from reprompt.tables.scope import Scope, scope_of

AVERAGE = "average"
WRONG, RIGHT = "#D55E00", "#56B4E9"
COMPARED = ("zero_shot", "coop", "prograd")
COUNTS = ["failures", "zero_shot_wrong"]
POINT_COLUMNS = ["task", "shots", *MEASURED, *COUNTS]
NOTES = (
    "Of the test images that ProGrad gets wrong and CoOp gets right on the same few-shot draw: the share that "
    "zero-shot CLIP gets wrong as well, a mean over tasks of the share on each task. Thin bars: 95 % Student-t "
    "interval over seeds. Under the bars: all such images of all tasks and seeds.",
    "The paper prints no numbers; it says that the share is high and grows with the shots.",
)


def prograd_figure5(records: pd.DataFrame, backbone: str | None = None) -> PaperFigure:
    """ProGrad, Figure 5: images that ProGrad gets wrong and CoOp right, by what zero-shot CLIP makes of them."""
    scope = scope_of(records, "few_shot", backbone=backbone)
    title = f"ProGrad Figure 5. Images wrong under ProGrad and right under CoOp\n{scope.words}"
    return PaperFigure("prograd_figure5", title, _points(failures(scope)), _draw)


def failures(scope: Scope) -> pd.DataFrame:
    """Per task, shots and seed: test images that ProGrad gets wrong and CoOp right, and how many of them CLIP too."""
    records = scope.records.set_index(["recipe", "task", "shots", "seed"])
    right = {key: np.equal(row["predictions"], row["targets"]) for key, row in records.iterrows() if key[0] in COMPARED}
    rows = []
    for task in scope.tasks:
        for shots in SHOTS:
            seeds = sorted(key[3] for key in right if key[:3] == ("prograd", task, shots))
            for seed in seeds:
                runs = [("coop", task, shots, seed), ("prograd", task, shots, seed), ("zero_shot", task, 0, 0)]
                if not all(run in right for run in runs):
                    continue
                coop, prograd, zero_shot = (right[run] for run in runs)
                failed = coop & ~prograd
                rows.append((task, shots, seed, int(failed.sum()), int((failed & ~zero_shot).sum())))
    return pd.DataFrame(rows, columns=["task", "shots", "seed", *COUNTS])


def _points(counts: pd.DataFrame) -> pd.DataFrame:
    """Shares in percent: the average over tasks, then each task; a task without such images has no share."""
    counts = counts.assign(share=100 * counts["zero_shot_wrong"] / counts["failures"].replace(0, math.nan))
    rows = []
    for task in (AVERAGE, *counts["task"].unique()):
        chosen = counts if task == AVERAGE else counts[counts["task"] == task]
        for shots, runs in chosen.groupby("shots"):
            shares = runs.groupby("seed")["share"].mean().dropna()
            if len(shares):
                rows.append((task, shots, *measured(interval_over_seeds(shares)), *runs[COUNTS].sum()))
    return pd.DataFrame(rows, columns=POINT_COLUMNS)


def _draw(figure5: PaperFigure) -> Figure:
    """A bar per number of shots, red below where zero-shot CLIP is wrong too, as in the paper."""
    bars = figure5.points[figure5.points["task"] == AVERAGE]
    figure, bottom = page(figure5.title, 2.6, NOTES)
    axes = add_axes(figure, 0.5, bottom + 0.4, 4.6, 2.1, grid=True)
    if bars.empty:
        say_not_run(axes)
        return figure
    axes.grid(axis="x", visible=False)
    for place, bar in enumerate(bars.to_dict("records")):
        share = bar["regenerated"]
        axes.bar(place, share, 0.6, color=WRONG)
        axes.bar(place, 100 - share, 0.6, bottom=share, color=RIGHT)
        if not math.isnan(bar["low"]):
            axes.plot([place + 0.2] * 2, [max(bar["low"], 0), min(bar["high"], 100)], color="black", linewidth=0.8)
        for height, part in ((share / 2, share), ((100 + share) / 2, 100 - share)):
            axes.text(place, height, f"{part:.0f} %", ha="center", va="center", fontsize=6.5)
    shots = [
        f"{bar['shots']} shot{'' if bar['shots'] == 1 else 's'}\n{bar['failures']} images"
        for bar in bars.to_dict("records")
    ]
    axes.set_xticks(range(len(bars)), shots)
    axes.set_ylim(0, 100)
    axes.set_ylabel("share of these images (%)", labelpad=2)
    last = bars["regenerated"].iloc[-1]
    for height, words, colour in (
        (last / 2, "zero-shot CLIP wrong", WRONG),
        ((100 + last) / 2, "zero-shot CLIP right", "#0072B2"),
    ):
        axes.annotate(
            words,
            (1.0, height),
            (2, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            va="center",
            fontsize=6.5,
            color=colour,
        )
    return figure
