"""Figure 6: the angle between the task's gradient and the general one while tuning."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from reprompt.figures.canvas import GREY, add_axes, page, say_not_run
from reprompt.figures.figure import PaperFigure
from reprompt.figures.lines import DASHED, MEASURED, draw_curve, label_ends, measured
from reprompt.figures.prograd.curves import COLOURS, axis_of_epochs, by_epoch
from reprompt.tables.scope import Which, scope_of, swept
from reprompt.tasks.card import card_of

PANELS = {"a": "stanford_cars", "b": "caltech101"}
CURVES = {"coop": ("CoOp (λ = 0)", 0), "prograd": ("ProGrad (λ = 1)", 1)}
SHOTS = 16
POINT_COLUMNS = ["panel", "task", "recipe", "epoch", *MEASURED]
NOTES = (
    "Mean over the steps of an epoch of the angle between $G_d$, the gradient of the cross-entropy, and $G_g$, that of "
    "the divergence from zero-shot CLIP, in the same runs from the same start. Bands: 95 % Student-t interval over "
    "seeds. The paper prints no numbers; it says that CoOp's angle goes to 90° and ProGrad's to an obtuse one.",
)


def prograd_figure6(records: pd.DataFrame, backbone: str | None = None) -> PaperFigure:
    """ProGrad, Figure 6: the angle between G_d and G_g by epoch, with and without the projection."""
    scope = scope_of(records, "few_shot_angles", backbone=backbone, tasks=tuple(PANELS.values()))
    title = f"ProGrad Figure 6. Angle between task and general gradient while tuning, {SHOTS} shots\n{scope.words}"
    rows = [
        (panel, task, recipe, epoch, *measured(value))
        for panel, task in PANELS.items()
        for recipe, (_, strength) in CURVES.items()
        for epoch, value in by_epoch(
            scope, Which("prograd", SHOTS, swept=swept(**{"lambda": strength})), task, _angle
        ).items()
    ]
    return PaperFigure("prograd_figure6", title, pd.DataFrame(rows, columns=POINT_COLUMNS), _draw)


def _angle(record: Mapping) -> np.ndarray | None:
    """Degrees, (epochs,), where the run was followed."""
    angle = record["measured"].get("angle")
    return None if angle is None else np.asarray(angle, dtype=float)


def _draw(figure6: PaperFigure) -> Figure:
    """Two panels on one scale, with the right angle as a line."""
    points = figure6.points
    figure, bottom = page(figure6.title, 2.45, NOTES)
    ends = pd.concat([points["regenerated"], pd.Series([80.0, 100.0])])
    for place, (panel, task) in enumerate(PANELS.items()):
        axes = add_axes(figure, 0.45 + 3.4 * place, bottom + 0.35, 2.35, 1.8, grid=True)
        axes.set_title(f"({panel}) {card_of(task).printed}", fontsize=7.5, pad=4, loc="left")
        here = points[points["panel"] == panel]
        if here.empty:
            say_not_run(axes)
            continue
        axes.set_ylim(ends.min() - 4, ends.max() + 4)
        axes.axhline(90, color=GREY, linewidth=0.8, linestyle=DASHED)
        curves = {recipe: here[here["recipe"] == recipe] for recipe in here["recipe"].unique()}
        for recipe, curve in curves.items():
            draw_curve(axes, curve["epoch"].astype(float), curve, COLOURS[recipe])
        axis_of_epochs(axes)
        if place == 0:
            axes.set_ylabel("angle (degrees)", labelpad=2)
        labels = [
            (curve["regenerated"].iloc[-1], CURVES[recipe][0], COLOURS[recipe]) for recipe, curve in curves.items()
        ]
        label_ends(axes, [*labels, (90, "90°", GREY)])
    return figure
