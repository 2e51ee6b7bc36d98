"""Figures 4 and 7: few-shot accuracy by shots per class."""

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from reprompt.figures.canvas import MARGIN, WIDTH, add_axes, page, say_not_run
from reprompt.figures.figure import PaperFigure
from reprompt.figures.lines import DASHED, DOTTED, MEASURED, draw_curve, frame_values, label_ends, measured
from reprompt.figures.prograd.curves import COLOURS, MARKERS, axis_of_shots, by_shots, printed_handle
from reprompt.tables.methods import METHODS, UNTUNED
from reprompt.tables.scope import Scope, scope_of
from reprompt.tasks.card import card_of
from reprompt.tasks.groups import members
from reprompt.tasks.published import published_values

AVERAGE = "average"
POINT_COLUMNS = ["panel", "recipe", "shots", *MEASURED, "published"]
FIGURE4 = ("zero_shot", "linear_probe", "coop", "prograd", "prograd_ensemble")
FIGURE7 = ("zero_shot", "coop", "prograd", "prograd_oracle")
BANDS = "Bands: 95 % Student-t interval over seeds; zero-shot CLIP is deterministic. "


def prograd_figure4(records: pd.DataFrame, backbone: str | None = None) -> PaperFigure:
    """ProGrad, Figure 4: few-shot accuracy by shots per class, the average and each of the 11 datasets."""
    scope = scope_of(records, "few_shot", backbone=backbone)
    title = f"ProGrad Figure 4. Few-shot accuracy (%) by shots per class\n{scope.words}"
    panels = (AVERAGE, *scope.tasks) if scope.tasks else ()
    return PaperFigure("prograd_figure4", title, _points(scope, panels, FIGURE4), _draw_figure4)


def prograd_figure7(records: pd.DataFrame, backbone: str | None = None) -> PaperFigure:
    """ProGrad, Figure 7: what ProGrad reaches with the general direction of a prompt tuned on all training images."""
    scope = scope_of(records, "few_shot", backbone=backbone)
    title = f"ProGrad Figure 7. The upper bound of ProGrad: average accuracy (%)\n{scope.words}"
    panels = (AVERAGE,) if scope.tasks else ()
    return PaperFigure("prograd_figure7", title, _points(scope, panels, FIGURE7), _draw_figure7)


def _points(scope: Scope, panels: tuple[str, ...], recipes: tuple[str, ...]) -> pd.DataFrame:
    """Every point of every panel; the printed averages (Table 1) beside the average's. Nothing for what was not run."""
    printed = published_values("prograd", 1).set_index(["method", "shots"])["value"]
    rows = []
    for panel in panels:
        for recipe in recipes:
            for shots, value in by_shots(scope, recipe, "" if panel == AVERAGE else panel).items():
                key = (METHODS[recipe].published_id, shots)
                published = printed.get(key, math.nan) if panel == AVERAGE else math.nan
                rows.append((panel, recipe, shots, *measured(value), published))
    return pd.DataFrame(rows, columns=POINT_COLUMNS)


def _draw_figure4(figure4: PaperFigure) -> Figure:
    """Twelve panels, three down and four across, at the width of a printed page; one legend under the title."""
    points = figure4.points
    notes = (BANDS + "Dashed, and the open star at 0 shots: Table 1 as printed.",)
    figure, bottom = page(figure4.title, 5.2, notes)
    tasks = [panel for panel in points["panel"].unique() if panel != AVERAGE]
    for place, panel in enumerate((AVERAGE, *members("datasets11"))):
        row, column = divmod(place, 4)
        axes = add_axes(figure, 0.42 + 1.66 * column, bottom + 0.3 + 1.62 * (2 - row), 1.42, 1.32, grid=True)
        name = f"Average over {len(tasks)} tasks" if panel == AVERAGE else card_of(panel).printed
        axes.set_title(name, fontsize=7.5, pad=3, weight="bold" if panel == AVERAGE else None)
        _draw_panel(axes, points[points["panel"] == panel])
        if row == 2:
            axes.set_xlabel("shots per class", labelpad=1)
        if column == 0:
            axes.set_ylabel("accuracy (%)", labelpad=2)
    handles = [_handle(recipe) for recipe in FIGURE4 if (points["recipe"] == recipe).any()]
    figure.legend(
        handles=[*handles, printed_handle("published average (real data, RN50)")],
        loc="upper left",
        bbox_to_anchor=(MARGIN / WIDTH - 0.01, 1 - 0.42 / figure.get_size_inches()[1]),
        ncols=len(handles) + 1,
        frameon=False,
        fontsize=6.5,
        handlelength=2.2,
        columnspacing=1.2,
        handletextpad=0.5,
    )
    return figure


def _draw_figure7(figure7: PaperFigure) -> Figure:
    """One panel, its curves labelled at their ends."""
    points = figure7.points
    notes = (
        BANDS + "Oracle direction: the general gradient comes from a prompt tuned with cross-entropy on the full "
        "training set, which no few-shot method has. Dashed, and the open star: Table 1 as printed (real data, RN50); "
        "the paper prints no numbers of the oracle.",
    )
    figure, bottom = page(figure7.title, 2.9, notes)
    axes = add_axes(figure, 0.5, bottom + 0.35, 4.6, 2.45, grid=True)
    _draw_panel(axes, points)
    axes.set_xlabel("shots per class", labelpad=1)
    axes.set_ylabel("average accuracy (%)", labelpad=2)
    last = points.groupby("recipe", sort=False)["regenerated"].last()
    label_ends(axes, [(value, METHODS[recipe].label, COLOURS[recipe]) for recipe, value in last.items()])
    return figure


def _draw_panel(axes: Axes, points: pd.DataFrame) -> None:
    """Curves with 95 % bands, and what is printed, dashed."""
    if points.empty:
        say_not_run(axes)
        return
    place = axis_of_shots(axes, zero=True)
    for recipe, curve in points.groupby("recipe", sort=False):
        x, colour = curve["shots"].map(place), COLOURS[recipe]
        if recipe in UNTUNED:
            axes.axhline(curve["regenerated"].iloc[0], color=colour, linewidth=0.6, linestyle=DOTTED, zorder=1.5)
            axes.plot(x, curve["regenerated"], marker="*", markersize=6, color=colour, zorder=4, clip_on=False)
        else:
            draw_curve(axes, x, curve, colour, marker=MARKERS[recipe])
        if curve["published"].notna().any():
            line = {"linestyle": DASHED, "linewidth": 0.8} if recipe not in UNTUNED else {"marker": "*"}
            axes.plot(x, curve["published"], color=colour, alpha=0.75, markersize=5, markerfacecolor="white", **line)
    frame_values(axes, points)


def _handle(recipe: str) -> Line2D:
    untuned = recipe in UNTUNED
    line = {"markersize": 6, "linewidth": 0.6, "linestyle": DOTTED} if untuned else {"markersize": 3.5}
    return Line2D([], [], color=COLOURS[recipe], marker=MARKERS[recipe], label=METHODS[recipe].label, **line)
