"""Figures 1b and 3a: test accuracy while tuning, with the meta-learned start and regulator and without."""

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reprompt.evidence.statistics import Interval, interval_over_seeds
from reprompt.figures.canvas import add_axes, page, say_not_run
from reprompt.figures.figure import PaperFigure
from reprompt.figures.gram.marks import COLOURS, learner_of, style_of
from reprompt.figures.lines import DOTTED, MEASURED, draw_curve, frame_values, label_ends, measured
from reprompt.figures.prograd.curves import axis_of_epochs
from reprompt.tables.methods import METHODS
from reprompt.tables.scope import Scope, Started, runs_of, scope_of_runs

FOLLOWED = ("gram_curves", "gram_adapted")  # experiments
UNTUNED_IN, LONGER = "gram_base_to_new", "gram_long"
HALVES = {"base": "base classes", "new": "new classes"}
LEVELS = {"zero_shot": DOTTED, "coop_long": (0, (6, 1.5, 1, 1.5))}  # drawn as a line across
POINT_COLUMNS = ["split", "recipe", "epoch", *MEASURED, "published"]
READING = (
    "Mean over tasks of the accuracy on the test images after each epoch of tuning on 16 images per base class. Dashed "
    "and open: tuned alone. Filled: + GRAM. Bands: 95 % Student-t interval over seeds, shown within ten points of what "
    "was measured. Zero-shot CLIP is deterministic. The paper prints no numbers of this figure."
)


def gram_figure1b(records: pd.DataFrame, backbone: str | None = None) -> PaperFigure:
    """GRAM, Figure 1b: accuracy on new classes by epoch, of CoOp, CoOp + GRAM, and CoOp after many more epochs."""
    scope, points = _by_epoch(records, backbone, ("coop", "coop_gram"), ("new",))
    points = pd.concat([points, _trained_longer(records, scope)], ignore_index=True)
    title = f"GRAM Figure 1b. CoOp as training continues, 16 shots: accuracy on new classes\n{scope.words}"
    return PaperFigure("gram_figure1b", title, points, _draw_one)


def gram_figure3a(records: pd.DataFrame, backbone: str | None = None) -> PaperFigure:
    """GRAM, Figure 3a: accuracy on base and new classes by epoch, of CoOp and VPT, each alone and with GRAM."""
    scope, points = _by_epoch(records, backbone, ("coop", "coop_gram", "vpt", "vpt_gram"), tuple(HALVES))
    title = f"GRAM Figure 3a. Test accuracy during training, 16 shots\n{scope.words}"
    return PaperFigure("gram_figure3a", title, points, _draw_two)


def _by_epoch(
    records: pd.DataFrame, backbone: str | None, recipes: tuple[str, ...], halves: tuple[str, ...]
) -> tuple[Scope, pd.DataFrame]:
    """The scope of the runs that were followed, and every point of their curves; zero-shot CLIP is at epoch 0."""
    followed = np.array(["curve" in arrays for arrays in records["measured"]], dtype=bool)
    untuned = (records["experiment"] == UNTUNED_IN) & (records["recipe"] == "zero_shot")
    shown = {
        (half, recipe): runs_of(METHODS[recipe], split=half) for half in halves for recipe in ("zero_shot", *recipes)
    }
    experiments = (*FOLLOWED, UNTUNED_IN)
    scope = scope_of_runs(records[followed | untuned], experiments, shown.values(), backbone=backbone)
    rows = []
    for (half, recipe), which in shown.items():
        if recipe != "zero_shot":
            rows += [(half, recipe, epoch, *measured(value), math.nan) for epoch, value in _averages(scope, which)]
        elif (value := scope.average(which)) is not None:
            rows.append((half, recipe, 0, *measured(value), math.nan))
    return scope, pd.DataFrame(rows, columns=POINT_COLUMNS)


def _trained_longer(records: pd.DataFrame, scope: Scope) -> pd.DataFrame:
    """The point of CoOp after many more epochs, on the same tasks; no point where one of them was not run."""
    which = runs_of(METHODS["coop"], split="new")
    longer = scope_of_runs(records, (LONGER,), [which], scope.tasks, scope.backbone)
    value = longer.average(which)
    rows = []
    if value is not None and longer.tasks == scope.tasks:
        epochs = max(settings["epochs"] for settings in longer.records["settings"])
        rows.append(("new", "coop_long", epochs, *measured(value), math.nan))
    return pd.DataFrame(rows, columns=POINT_COLUMNS)


def _averages(scope: Scope, which: Started) -> Iterator[tuple[int, Interval]]:
    """The mean over tasks after each epoch, with its interval over seeds; epochs count from 1."""
    rows = scope.records[(scope.records[list(scope.by)] == which.key).all(axis=1)]
    if rows.empty:
        return
    curves = [
        100 * np.asarray(arrays["curve"], dtype=float) / images
        for arrays, images in zip(rows["measured"], rows["images"], strict=True)
    ]
    epochs = min(map(len, curves))
    grid = pd.DataFrame([curve[:epochs] for curve in curves]).groupby(rows["seed"].to_numpy()).mean()
    for epoch in range(epochs):
        yield epoch + 1, interval_over_seeds(grid[epoch])


def _draw_one(figure1b: PaperFigure) -> Figure:
    """One wide panel."""
    says = (
        "The paper does not say on which classes; its words are of generalisation, so these are the new ones. It says "
        "that CoOp is best at an early stage and then loses, and that GRAM prevents this. Line of dashes and dots: "
        "CoOp at the end of a longer training, which stands for the 200 epochs of Section 4.1."
    )
    figure, bottom = page(figure1b.title, 2.7, (READING, says))
    _draw_panel(add_axes(figure, 0.45, bottom + 0.35, 5.45, 2.2, grid=True), figure1b.points)
    return figure


def _draw_two(figure3a: PaperFigure) -> Figure:
    """A panel for each half of the classes, on scales of their own."""
    says = (
        "The paper says that + GRAM adapts better to the base classes, and that on new classes CoOp and VPT fall as "
        "training continues and those with GRAM do not."
    )
    figure, bottom = page(figure3a.title, 2.65, (READING, says))
    for place, (half, words) in enumerate(HALVES.items()):
        axes = add_axes(figure, 0.45 + 3.4 * place, bottom + 0.35, 2.3, 2.0, grid=True)
        axes.set_title(words, fontsize=7.5, pad=4, loc="left")
        _draw_panel(axes, figure3a.points[figure3a.points["split"] == half], ylabel=place == 0)
    return figure


def _draw_panel(axes: Axes, points: pd.DataFrame, ylabel: bool = True) -> None:
    """A line per recipe, named at its right end."""
    if points.empty:
        say_not_run(axes)
        return
    ends = []
    for recipe, curve in points.groupby("recipe", sort=False):
        last = curve.iloc[-1]
        if recipe in LEVELS:
            axes.axhline(last["regenerated"], color=_colour(recipe), linewidth=0.8, linestyle=LEVELS[recipe])
        else:
            draw_curve(axes, curve["epoch"].astype(float), curve, colour=_colour(recipe), **style_of(recipe))
        words = f"CoOp, {last['epoch']} epochs" if recipe == "coop_long" else METHODS[recipe].label
        ends.append((last["regenerated"], words, _colour(recipe)))
    axis_of_epochs(axes)
    axes.margins(x=0.02)
    frame_values(axes, points)
    label_ends(axes, ends)
    if ylabel:
        axes.set_ylabel("average accuracy (%)", labelpad=2)


def _colour(recipe: str) -> str:
    return COLOURS[learner_of(recipe)]
