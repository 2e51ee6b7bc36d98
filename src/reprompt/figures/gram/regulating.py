"""Figure 3b: whether the regulated support gradient and the query gradient come to agree during meta-training."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from reprompt.evidence.curves import BLOCKS, rise
from reprompt.evidence.lookup import Missing
from reprompt.figures.canvas import DARK, add_axes, page, say_not_run
from reprompt.figures.figure import PaperFigure
from reprompt.figures.gram.marks import COLOURS, learner_of
from reprompt.tables.scope import Scope, scope_of

EXPERIMENT, CORPUS = "gram", "corpus"
PANELS = {"coop_meta": "text (CoOp)", "vpt_meta": "visual (VPT)", "unigram_meta": "both (UNIGRAM)"}
STRETCHES = 3 * BLOCKS  # whose means are drawn as a line
POINT_COLUMNS = ["recipe", "seed", "step", "inner_product"]
NOTES = (
    "Cosine of the regulated gradient on the support sets and the gradient on the query sets, both at the prompt "
    "before the inner step, mean over the episodes of a meta-step. Thin: logged steps, a line for each run. Thick: "
    f"means of {STRETCHES} stretches.",
    "Rise: the mean of the last third of the steps less that of the first, with a 95 % interval from means of "
    f"{BLOCKS} blocks in each third, since neighbouring steps are not independent. The paper prints no numbers of this "
    "figure; it says that the product gradually increases.",
)


def gram_figure3b(records: pd.DataFrame, backbone: str | None = None) -> PaperFigure:
    """GRAM, Figure 3b: inner product of support and query gradient over meta-training, for three learners."""
    scope = scope_of(records, EXPERIMENT, backbone=backbone, tasks=(CORPUS,))
    points = pd.DataFrame(list(_points(scope)), columns=POINT_COLUMNS)
    words = scope.words.rpartition(", ")[0]
    title = f"GRAM Figure 3b. Agreement of support and query gradient during meta-training\n{words}"
    return PaperFigure("gram_figure3b", title, points, _draw, decimals=4)


def _points(scope: Scope) -> Iterator[tuple]:
    """Every logged step of every run."""
    for recipe in PANELS:
        runs = scope.records[scope.records["recipe"] == recipe].sort_values("seed")
        for seed, arrays in zip(runs["seed"], runs["measured"], strict=True):
            if "inner_product" not in arrays:
                continue
            for step, product in zip(arrays["steps"], arrays["inner_product"], strict=True):
                yield recipe, seed, int(step), float(product)


def _draw(figure3b: PaperFigure) -> Figure:
    """A panel for each learner, on one scale."""
    points = figure3b.points
    figure, bottom = page(figure3b.title, 2.3, NOTES)
    for place, (recipe, words) in enumerate(PANELS.items()):
        axes = add_axes(figure, 0.45 + 2.2 * place, bottom + 0.35, 1.98, 1.7, grid=True)
        axes.set_title(words, fontsize=7.5, pad=4, loc="left")
        here = points[points["recipe"] == recipe]
        if here.empty:
            say_not_run(axes)
            continue
        _draw_panel(axes, here, COLOURS[learner_of(recipe)])
        ends = points["inner_product"].min(), points["inner_product"].max()
        margin = 0.04 * (ends[1] - ends[0]) + 0.005
        axes.set_ylim(ends[0] - margin, ends[1] + 3 * margin)  # room for the words in the corner
        axes.set_xlabel("meta-step", labelpad=1)
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.tick_params(labelleft=place == 0)
        if place == 0:
            axes.set_ylabel("normalised inner product", labelpad=2)
    return figure


def _draw_panel(axes: Axes, points: pd.DataFrame, colour: str) -> None:
    axes.axhline(0, color="black", linewidth=0.5)
    for _, run in points.groupby("seed"):
        axes.plot(run["step"], run["inner_product"], color=colour, linewidth=0.4, alpha=0.35)
        logged = run[["step", "inner_product"]].to_numpy()
        stretches = [stretch.mean(axis=0) for stretch in np.array_split(logged, STRETCHES) if len(stretch)]
        axes.plot(*np.transpose(stretches), color=colour, linewidth=1.4)
    axes.margins(x=0.02)
    words = _rise([run["inner_product"].to_numpy() for _, run in points.groupby("seed")])
    axes.text(0.02, 0.98, words, transform=axes.transAxes, va="top", fontsize=6.5, color=DARK)


def _rise(curves: list[np.ndarray]) -> str:
    """The rise in words: "rise +0.081 ± 0.020"; nothing for too few steps."""
    try:
        risen = rise(curves)
    except Missing:
        return ""
    return f"rise {risen.mean:+.3f} ± {risen.half_width:.3f}".replace("-", "−")
