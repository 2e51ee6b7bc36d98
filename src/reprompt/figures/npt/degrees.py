"""NPT, Figure 2: the degree of neural collapse against base-to-novel accuracy."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reprompt.figures.canvas import DARK, add_axes, page, say_not_run
from reprompt.figures.figure import PaperFigure
from reprompt.figures.npt.labels import place_labels
from reprompt.figures.npt.marks import COLOURS, MARKERS, signed
from reprompt.tables.methods import METHODS
from reprompt.tables.scope import Scope, Which, scope_of
from reprompt.tasks.published import published_values

SHOTS = 16
DEGREES = {"delta_lcd": r"$|\Delta_{\mathrm{LCD}}|$", "delta_mid": r"$|\Delta_{\mathrm{MID}}|$"}
PANELS = {
    "a": ("balanced", [(recipe, 1.0) for recipe in ("zero_shot", "cocoop", "maple")]),
    "b": (
        "under imbalance",
        [(recipe, tau) for recipe in ("cocoop", "maple", "maple_npt") for tau in (1.0, 0.05, 0.01)],
    ),
}
POINT_COLUMNS = ["panel", "delta", "recipe", "tau", "degree", "low", "high", "H", "H_low", "H_high", "seeds"]
POINT_COLUMNS += ["published_H", "correlation"]
NOTES = (
    "Across: the mean over tasks and over base and novel classes of |Δ| (equations 2 and 3); nearer 0 is more "
    "collapsed. Up: H, the mean over tasks of the harmonic mean of base and novel accuracy.",
    "Bars: 95 % Student-t intervals over seeds; zero-shot CLIP is deterministic. r: Pearson's correlation of the "
    "points shown; the paper claims that it is negative, and prints no degrees.",
)


def npt_figure2(records: pd.DataFrame, backbone: str | None = None) -> PaperFigure:
    """NPT, Figure 2: |Delta_LCD| and |Delta_MID| against H, (a) across methods, (b) across imbalance."""
    scope = scope_of(records, "imbalanced", backbone=backbone)
    title = f"NPT Figure 2. Neural collapse and base-to-novel generalisation\n{scope.words}"
    printed = published_values("npt", 1).query("dataset == 'average_11'")
    printed = printed.set_index(["method", "imbalance_tau"])["value"]
    rows = []
    for delta in DEGREES:
        degrees = scope_of_degrees(records, scope, delta)
        for panel, (_, members) in PANELS.items():
            points = [row for recipe, tau in members if (row := _point(scope, degrees, recipe, tau)) is not None]
            correlation = _correlation(points)
            for point in points:
                published = float(printed[METHODS[point[0]].published_id, point[1]])
                rows.append((panel, delta, *point, published, correlation))
    points = pd.DataFrame(rows, columns=POINT_COLUMNS).sort_values("panel", kind="stable", ignore_index=True)
    return PaperFigure("npt_figure2", title, points, _draw, decimals=4)


def scope_of_degrees(records: pd.DataFrame, scope: Scope, delta: str) -> Scope:
    """The scope with |delta| in the place of accuracy: one value per run, the mean of its base and new classes.

    `delta` is a metric of the records, "delta_lcd" or "delta_mid"; the split of the result is "both".
    """
    rows = records[(records["metric"] == delta) & records["experiment"].isin(scope.records["experiment"].unique())]
    rows = rows[(rows["backbone"] == scope.backbone) & rows["task"].isin(scope.tasks)]
    run = ["recipe", "shots", "tau", "swept", "task", "seed"]
    return replace(
        scope,
        records=rows.assign(value=rows["value"].abs(), split="both")
        .groupby([*run, "split"], as_index=False)["value"]
        .mean(),
    )


def _point(scope: Scope, degrees: Scope, recipe: str, tau: float) -> tuple | None:
    degree = degrees.average(Which(recipe, SHOTS, "both", tau))
    H = scope.average(Which(recipe, SHOTS, "H", tau))
    if degree is None or H is None:
        return None
    return (recipe, tau, degree.estimate, degree.low, degree.high, H.estimate, H.low, H.high, H.seeds)


def _correlation(points: list[tuple]) -> float:
    """Pearson's correlation of degree and H; NaN with fewer than three points."""
    return (
        float(np.corrcoef([(point[2], point[5]) for point in points], rowvar=False)[0, 1])
        if len(points) > 2
        else math.nan
    )


def _draw(figure2: PaperFigure) -> Figure:
    """Two rows, (a) and (b); two columns, the two degrees."""
    figure, bottom = page(figure2.title, 4.8, NOTES)
    points = figure2.points
    for row, (panel, (words, _)) in enumerate(PANELS.items()):
        for column, (delta, symbol) in enumerate(DEGREES.items()):
            axes = add_axes(figure, 0.48 + 3.42 * column, bottom + 2.75 - 2.4 * row, 2.98, 1.85)
            axes.set_title(f"({panel}) {symbol}, {words}", fontsize=7.5, pad=4, loc="left")
            here = points[(points["panel"] == panel) & (points["delta"] == delta)]
            if here.empty:
                say_not_run(axes)
                continue
            _draw_panel(axes, here)
            axes.set_xlabel(symbol, labelpad=2)
            axes.set_ylabel("H (%)", labelpad=2)
    return figure


def _draw_panel(axes: Axes, points: pd.DataFrame) -> None:
    lines = []
    for recipe, of in points.groupby("recipe", sort=False):
        style = {"color": COLOURS[recipe], "linewidth": 0.8}
        axes.plot(of["degree"], of["H"], linestyle=(0, (3, 1.5)), zorder=2, **style)
        lines.append(of[["degree", "H"]].to_numpy())
        for _, point in of[of["low"].notna()].iterrows():
            across = np.array([(point["low"], point["H"]), (point["high"], point["H"])])
            up = np.array([(point["degree"], point["H_low"]), (point["degree"], point["H_high"])])
            for bar in (across, up):
                axes.plot(*bar.T, zorder=2.5, alpha=0.6, **style)
                lines.append(bar)
        size = 7 if MARKERS[recipe] == "*" else 4.5
        axes.plot(of["degree"], of["H"], MARKERS[recipe], color=COLOURS[recipe], markersize=size, zorder=3)
    axes.margins(0.16)
    axes.set(xlim=axes.get_xlim(), ylim=axes.get_ylim())
    if points["correlation"].notna().all():
        corner = f"r = {signed(points['correlation'].iloc[0], 2)} ({len(points)} points)"
        axes.text(0.99, 0.98, corner, transform=axes.transAxes, ha="right", va="top", color=DARK)
    labels = pd.DataFrame({"x": points["degree"], "y": points["H"], "colour": points["recipe"].map(COLOURS)})
    place_labels(axes, labels.assign(words=_words(points)), lines)


def _words(points: pd.DataFrame) -> list[str]:
    """What stands beside each point: the method at its first, and τ where there are several."""
    names = points["recipe"].map(lambda recipe: METHODS[recipe].label).where(~points["recipe"].duplicated(), "")
    if points["tau"].nunique() == 1:
        return names.tolist()
    return [f"{name}, τ {tau:g}" if name else f"τ {tau:g}" for name, tau in zip(names, points["tau"], strict=True)]
