"""The figures of ProGrad (arXiv:2205.14865)."""

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from reprompt.figures.figure import PaperFigure
from reprompt.published import DATASETS_11, published_values
from reprompt.statistics import Interval, interval_over_seeds
from reprompt.tables.methods import METHODS, UNTUNED
from reprompt.tables.setting import Setting, setting_of

AVERAGE = "average"
SHOTS = (1, 2, 4, 8, 16)
RECIPES = ("zero_shot", "linear_probe", "coop", "prograd", "prograd_ensemble")
# Okabe and Ito's palette, told apart by readers with any colour vision; the markers tell them apart in grey.
COLOURS = {
    "zero_shot": "#000000",
    "linear_probe": "#777777",
    "coop": "#D55E00",
    "prograd": "#0072B2",
    "prograd_ensemble": "#56B4E9",
}
MARKERS = {"zero_shot": "*", "linear_probe": "s", "coop": "^", "prograd": "o", "prograd_ensemble": "v"}
POINT_COLUMNS = ["panel", "recipe", "shots", "regenerated", "low", "high", "seeds", "published"]
NAMES = {
    AVERAGE: "Average over {n} tasks",
    "imagenet": "ImageNet",
    "caltech101": "Caltech101",
    "oxford_pets": "OxfordPets",
    "stanford_cars": "StanfordCars",
    "flowers102": "Flowers102",
    "food101": "Food101",
    "fgvc_aircraft": "FGVCAircraft",
    "sun397": "SUN397",
    "dtd": "DTD",
    "eurosat": "EuroSAT",
    "ucf101": "UCF101",
}


def prograd_figure4(records: pd.DataFrame, backbone: str | None = None) -> PaperFigure:
    """ProGrad, Figure 4: few-shot accuracy by shots per class, the average and each of the 11 datasets."""
    setting = setting_of(records, "few_shot", backbone)
    title = f"ProGrad Figure 4. Few-shot accuracy (%) by shots per class\n{setting.words}"
    return PaperFigure("prograd_figure4", title, _points(setting), _draw)


def _points(setting: Setting) -> pd.DataFrame:
    """Every point of every panel; the printed averages (Table 1) beside the average's. Nothing for what was not run."""
    printed = published_values("prograd", 1).set_index(["method", "shots"])["value"]
    rows = []
    for panel in (AVERAGE, *setting.tasks) if setting.tasks else ():
        for recipe in RECIPES:
            for shots in (0,) if recipe in UNTUNED else SHOTS:
                if (value := _value(setting, panel, recipe, shots)) is None:
                    continue
                published = printed[METHODS[recipe].published_id, shots] if panel == AVERAGE else math.nan
                measured = (value.estimate, value.low, value.high, value.seeds)
                rows.append((panel, recipe, shots, *measured, published))
    return pd.DataFrame(rows, columns=POINT_COLUMNS)


def _value(setting: Setting, panel: str, recipe: str, shots: int) -> Interval | None:
    if panel == AVERAGE:
        return setting.average(recipe, shots, "all")
    runs = setting.runs(recipe, shots, "all")
    return None if runs is None else interval_over_seeds(runs[runs["task"] == panel].set_index("seed")["value"])


def _draw(figure4: PaperFigure) -> Figure:
    """Twelve panels, three down and four across, at the width of a printed page; one legend under the title."""
    points = figure4.points
    figure = Figure(figsize=(7.0, 5.8))
    FigureCanvasAgg(figure)
    grid = figure.subplots(3, 4)
    figure.subplots_adjust(left=0.06, right=0.99, top=0.825, bottom=0.065, wspace=0.24, hspace=0.36)
    heading, words = figure4.title.split("\n")
    figure.text(0.012, 0.972, heading, fontsize=9, weight="bold", va="center")
    figure.text(0.012, 0.945, words, fontsize=7, va="center", color="#333333")
    tasks = [panel for panel in points["panel"].unique() if panel != AVERAGE]
    for axes, panel in zip(grid.flat, (AVERAGE, *DATASETS_11), strict=True):
        here = points[points["panel"] == panel]
        axes.set_title(
            NAMES[panel].format(n=len(tasks)), fontsize=7.5, pad=3, weight="bold" if panel == AVERAGE else None
        )
        _draw_panel(axes, here)
    for axes in grid[-1]:
        axes.set_xlabel("shots per class", labelpad=1)
    for axes in grid[:, 0]:
        axes.set_ylabel("accuracy (%)", labelpad=2)
    _draw_legend(figure, points)
    return figure


def _draw_panel(axes: Axes, points: pd.DataFrame) -> None:
    """Curves with 95 % bands. Shots stand at equal distances: each doubling is as wide as the next."""
    ticks = (0, *SHOTS)
    place = {shots: position for position, shots in enumerate(ticks)}
    axes.set_xlim(-0.35, len(ticks) - 0.7)
    axes.set_xticks(range(len(ticks)), ticks)
    axes.tick_params(labelsize=6, length=2, pad=1.5, width=0.5)
    axes.grid(color="#e4e4e4", linewidth=0.5)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set(visible=side in ("left", "bottom"), linewidth=0.5)
    if points.empty:
        axes.set_yticks([])
        axes.text(0.5, 0.5, "not run", transform=axes.transAxes, ha="center", color="#6b6b6b", style="italic")
        return
    for recipe, curve in points.groupby("recipe", sort=False):
        x, colour = curve["shots"].map(place), COLOURS[recipe]
        if recipe in UNTUNED:
            axes.axhline(curve["regenerated"].iloc[0], color=colour, linewidth=0.6, linestyle=(0, (1, 2)), zorder=1.5)
            axes.plot(x, curve["regenerated"], marker="*", markersize=6, color=colour, zorder=4, clip_on=False)
        else:
            axes.fill_between(x, curve["low"], curve["high"], color=colour, alpha=0.18, linewidth=0)
            axes.plot(x, curve["regenerated"], marker=MARKERS[recipe], markersize=2.6, linewidth=1.0, color=colour)
        if curve["published"].notna().any():
            line = {"linestyle": (0, (3, 1.5)), "linewidth": 0.8} if recipe not in UNTUNED else {"marker": "*"}
            axes.plot(x, curve["published"], color=colour, alpha=0.75, markersize=5, markerfacecolor="white", **line)
    # The linear probe's first points and wide bands of three seeds would flatten everything else: keep bands within
    # ten points of what was measured.
    shown = pd.concat([points["regenerated"], points["published"].dropna()])
    reach = pd.concat([shown, points["low"].clip(lower=shown.min() - 10), points["high"].clip(upper=shown.max() + 10)])
    margin = 0.04 * (reach.max() - reach.min()) + 0.5
    axes.set_ylim(max(reach.min() - margin, 0), min(reach.max() + margin, 100))


def _draw_legend(figure: Figure, points: pd.DataFrame) -> None:
    present = [recipe for recipe in RECIPES if (points["recipe"] == recipe).any()]
    handles = [
        Line2D(
            [],
            [],
            color=COLOURS[recipe],
            marker=MARKERS[recipe],
            markersize=6 if recipe in UNTUNED else 3.5,
            linewidth=0.6 if recipe in UNTUNED else 1.2,
            linestyle=(0, (1, 2)) if recipe in UNTUNED else "-",
            label=METHODS[recipe].label,
        )
        for recipe in present
    ]
    handles.append(
        Line2D(
            [], [], color="#444444", linewidth=0.8, linestyle=(0, (3, 1.5)), label="published average (real data, RN50)"
        )
    )
    figure.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(0.004, 0.932),
        ncols=len(handles),
        frameon=False,
        fontsize=6.5,
        handlelength=2.2,
        columnspacing=1.2,
        handletextpad=0.5,
    )
    figure.text(
        0.012,
        0.883,
        "Bands: 95 % Student-t interval over seeds; zero-shot CLIP is deterministic. "
        "Dashed, and the open star at 0 shots: Table 1 as printed.",
        fontsize=6,
        color="#333333",
        va="center",
    )
