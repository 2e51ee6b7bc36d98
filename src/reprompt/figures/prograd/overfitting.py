"""Figure 1: what CoOp loses as tuning goes on, and without augmentation."""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reprompt.evidence.statistics import Interval
from reprompt.figures.canvas import add_axes, page, say_not_run
from reprompt.figures.figure import PaperFigure
from reprompt.figures.lines import DASHED, DOTTED, MEASURED, draw_curve, frame_values, label_ends, measured
from reprompt.figures.prograd.curves import COLOURS, MARKERS, axis_of_epochs, axis_of_shots, by_epoch, by_shots
from reprompt.tables.methods import METHODS
from reprompt.tables.scope import Scope, Which, scope_of
from reprompt.tasks.card import card_of

EPOCHS_OF = {"a": "stanford_cars", "b": "oxford_pets"}
SHOTS_OF = {"c": "stanford_cars", "d": "oxford_pets"}
RECIPES = ("coop", "prograd")
POINT_COLUMNS = ["panel", "task", "recipe", "augmented", "epoch", "shots", *MEASURED, "published"]
NOTES = (
    "(a, b) Accuracy on the test images after each epoch of tuning on one image per class. (c, d) Accuracy at the end "
    "of tuning with augmented views of the images (full lines) and without (dashed).",
    "Bands: 95 % Student-t interval over seeds, shown within ten points of what was measured. Zero-shot CLIP is "
    "deterministic. The paper prints no numbers of this figure.",
)


def prograd_figure1(records: pd.DataFrame, backbone: str | None = None) -> PaperFigure:
    """ProGrad, Figure 1: zero-shot CLIP, CoOp and ProGrad on StanfordCars and OxfordPets, by epoch and by shots."""
    tasks = tuple(EPOCHS_OF.values())
    augmented = scope_of(records, "few_shot", backbone=backbone, tasks=tasks)
    plain = scope_of(records, "few_shot_no_augmentation", backbone=backbone, tasks=tasks)
    title = f"ProGrad Figure 1. Tuning on few images, by epoch and without augmentation\n{augmented.words}"
    rows = []
    for panel, task in EPOCHS_OF.items():
        for shots, value in by_shots(augmented, "zero_shot", task).items():
            rows.append(_row(panel, task, "zero_shot", True, 0, shots, value))
        for recipe in RECIPES:
            courses = by_epoch(augmented, Which(recipe, shots=1), task, _accuracy)
            rows += [_row(panel, task, recipe, True, epoch, 1, value) for epoch, value in courses.items()]
    for panel, task in SHOTS_OF.items():
        rows += _shots_rows(augmented, panel, task, ("zero_shot", *RECIPES), True)
        rows += _shots_rows(plain, panel, task, RECIPES, False)
    return PaperFigure("prograd_figure1", title, pd.DataFrame(rows, columns=POINT_COLUMNS), _draw)


def _row(panel: str, task: str, recipe: str, augmented: bool, epoch: int | None, shots: int, value: Interval) -> tuple:
    return (panel, task, recipe, augmented, epoch, shots, *measured(value), math.nan)


def _shots_rows(scope: Scope, panel: str, task: str, recipes: tuple[str, ...], augmented: bool) -> list[tuple]:
    return [
        _row(panel, task, recipe, augmented, None, shots, value)
        for recipe in recipes
        for shots, value in by_shots(scope, recipe, task).items()
    ]


def _accuracy(record: Mapping) -> np.ndarray | None:
    """Test accuracy in percent after each epoch, (epochs,), where the run was followed."""
    curve = record["measured"].get("curve")
    return None if curve is None else 100 * np.asarray(curve, dtype=float) / record["images"]


def _draw(figure1: PaperFigure) -> Figure:
    """Two rows of two panels: by epoch above, by shots below."""
    points = figure1.points
    figure, bottom = page(figure1.title, 4.7, NOTES)
    for place, (panel, task) in enumerate([*EPOCHS_OF.items(), *SHOTS_OF.items()]):
        row, column = divmod(place, 2)
        axes = add_axes(figure, 0.45 + 3.4 * column, bottom + 0.35 + 2.3 * (1 - row), 2.25, 1.75, grid=True)
        words = "1 shot" if panel in EPOCHS_OF else "with and without augmentation"
        axes.set_title(f"({panel}) {card_of(task).printed}, {words}", fontsize=7.5, pad=4, loc="left")
        here = points[points["panel"] == panel]
        if here.empty:
            say_not_run(axes)
            continue
        (_draw_epochs if panel in EPOCHS_OF else _draw_shots)(axes, here)
        if column == 0:
            axes.set_ylabel("test accuracy (%)", labelpad=2)
    return figure


def _draw_epochs(axes: Axes, points: pd.DataFrame) -> None:
    for recipe in RECIPES:
        curve = points[points["recipe"] == recipe]
        draw_curve(axes, curve["epoch"].astype(float), curve, COLOURS[recipe])
    axis_of_epochs(axes)
    _finish(axes, points)


def _draw_shots(axes: Axes, points: pd.DataFrame) -> None:
    place = axis_of_shots(axes, zero=False)
    for recipe in RECIPES:
        for augmented, line in ((True, {}), (False, {"linestyle": DASHED, "markerfacecolor": "white"})):
            curve = points[(points["recipe"] == recipe) & (points["augmented"] == augmented)]
            draw_curve(axes, curve["shots"].map(place), curve, COLOURS[recipe], marker=MARKERS[recipe], **line)
    axes.set_xlabel("shots per class", labelpad=1)
    _finish(axes, points)


def _finish(axes: Axes, points: pd.DataFrame) -> None:
    """Zero-shot CLIP as a line, limits, and labels at the right end of each line."""
    zero_shot = points.loc[points["recipe"] == "zero_shot", "regenerated"]
    ends = [(value, METHODS["zero_shot"].label, COLOURS["zero_shot"]) for value in zero_shot]
    for value in zero_shot:
        axes.axhline(value, color=COLOURS["zero_shot"], linewidth=0.8, linestyle=DOTTED)
    for recipe in RECIPES:
        for augmented, suffix in ((True, ""), (False, ", no aug.")):
            curve = points[(points["recipe"] == recipe) & (points["augmented"] == augmented)]
            if len(curve):
                ends.append((curve["regenerated"].iloc[-1], METHODS[recipe].label + suffix, COLOURS[recipe]))
    frame_values(axes, points)
    label_ends(axes, ends)
