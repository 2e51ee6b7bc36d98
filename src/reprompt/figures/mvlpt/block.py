"""MVLPT, Figure 6: the heads, the layers and the width of the small transformer that UPT's prompts pass through."""

import json
import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reprompt.cells.recipes import recipe_of
from reprompt.evidence.adaptation import VIT_B_16
from reprompt.figures.canvas import add_axes, page, say_not_run
from reprompt.figures.figure import PaperFigure
from reprompt.figures.lines import MEASURED, frame_values
from reprompt.figures.mvlpt.averages import adapted_alone, averages, printed, scope_by
from reprompt.figures.mvlpt.marks import COLOURS, bars_in_words
from reprompt.tables.scope import Scope

EXPERIMENTS = ("elevater", "upt_block")
PANELS = {"mix_heads": "attention heads", "mix_layers": "layers", "mix_width": "width of the block"}
POINT_COLUMNS = ["panel", *PANELS, "default", *MEASURED, "parameters", "relative", "published"]


def mvlpt_figure6(records: pd.DataFrame) -> PaperFigure:
    """MVLPT, Figure 6: UPT's average score over the target tasks at 20 shots by one setting of its block at a time."""
    runs = adapted_alone(records, *EXPERIMENTS)
    scope = scope_by(runs[runs["method"] == "upt"], "swept")
    title = f"MVLPT Figure 6. The transformer block of UPT\n{scope.words}"
    return PaperFigure("mvlpt_figure6", title, _points(scope), _draw)


def _points(scope: Scope) -> pd.DataFrame:
    """Every point: in each panel the default, and what was swept there, but for the default among it."""
    settings = scope.records.groupby("swept")["settings"].first()
    rows, seen = [], []
    for _, point in averages(scope).iterrows():  # the default first: it sweeps nothing
        of, default = settings[point["swept"]], point["swept"] == ""
        block = [of[name] for name in PANELS]
        if block in seen:
            continue
        seen.append(block)
        parameters = recipe_of("upt").settings("learner", of).learned_numbers(VIT_B_16)  # at every scale
        published = printed()["upt"] if default else math.nan
        for panel in PANELS if default else json.loads(point["swept"]):
            rows.append((panel, *block, default, *point[MEASURED], parameters, math.nan, published))
    points = pd.DataFrame(rows, columns=POINT_COLUMNS)
    points["relative"] = points["parameters"] / points["parameters"].min()
    place = points["panel"].map(list(PANELS).index)
    order = points.assign(place=place, swept=[row[row["panel"]] for _, row in points.iterrows()])
    return order.sort_values(["place", "swept"], kind="stable", ignore_index=True)[POINT_COLUMNS]


def _draw(figure6: PaperFigure) -> Figure:
    """Three panels on one scale, a setting of the block in each."""
    points = figure6.points
    notes = (
        "UPT from a random start: mean over the target tasks of each task's own metric, at 20 shots. Filled: the "
        f"default block. {bars_in_words(points)}",
        "The area of a point, and the number beneath it: learned parameters of prompts and block, as a multiple of "
        "the fewest shown. They are counted for towers of the paper's widths (ViT-B/16: text 512, image 768). Printed "
        f"for the default (Table 1a): {printed()['upt']:.2f}. The paper prints no other number of this figure.",
    )
    figure, bottom = page(figure6.title, 2.4, notes)
    shown = points.assign(published=math.nan)
    for place, (panel, words) in enumerate(PANELS.items()):
        axes = add_axes(figure, 0.45 + 2.2 * place, bottom + 0.45, 2.0, 1.75, grid=True)
        axes.set_title(f"({'abc'[place]}) {words}", fontsize=7.5, pad=4, loc="left")
        here = shown[shown["panel"] == panel]
        if here.empty:
            say_not_run(axes)
            continue
        _draw_panel(axes, here)
        frame_values(axes, shown, reach=2)
        axes.set_xlim(-0.4, len(here) - 0.6)
        axes.set_xticks(range(len(here)), [f"{row[panel]}\n{row['relative']:.1f}×" for _, row in here.iterrows()])
        axes.set_xlabel(words, labelpad=1)
        if place == 0:
            axes.set_ylabel("average over target tasks (%)", labelpad=2)
        axes.tick_params(labelleft=place == 0)
    return figure


def _draw_panel(axes: Axes, points: pd.DataFrame) -> None:
    """Points of a panel in the order of their setting, each as large as what it adds to CLIP."""
    x, colour = range(len(points)), COLOURS["upt"]
    axes.vlines(x, points["low"], points["high"], color=colour, linewidth=0.8, alpha=0.6)
    axes.plot(x, points["regenerated"], color=colour, linewidth=0.9, zorder=2)
    faces = [colour if default else "white" for default in points["default"]]
    size = 16 * points["relative"]
    axes.scatter(x, points["regenerated"], s=size, facecolors=faces, edgecolors=colour, linewidths=1, zorder=3)
