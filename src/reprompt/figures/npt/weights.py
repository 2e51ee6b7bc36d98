"""NPT, Figure 5: how much the weights w1 of L_LC and w2 of L_MI matter."""

import json
import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reprompt.figures.canvas import add_axes, page, say_not_run
from reprompt.figures.figure import PaperFigure
from reprompt.figures.npt.marks import COLOURS, MARKERS
from reprompt.tables.methods import METHODS
from reprompt.tables.scope import Scope, Which, scope_of
from reprompt.tasks.published import published_values

SHOTS, TAU = 16, 0.01
SETTINGS = {"w1": "w_language", "w2": "w_isomorphism"}  # what the records call the weights
DEFAULT = {"w1": 0.3, "w2": 0.8}  # the paper's, and those of runs that sweep nothing
SYMBOLS = {"w1": "$w_1$", "w2": "$w_2$"}
LOSSES = {"w1": r"$L_{\mathrm{LC}}$", "w2": r"$L_{\mathrm{MI}}$"}
POINT_COLUMNS = ["panel", "recipe", "w1", "w2", "regenerated", "low", "high", "seeds", "published"]
NOTES = (
    "H: the mean over tasks of the harmonic mean of base and novel accuracy. Bands: 95 % Student-t intervals over "
    "seeds. Filled: the paper's default, $w_1$ = 0.3 and $w_2$ = 0.8. With $w_1$ = 0 only $L_{\\mathrm{MI}}$ is left, "
    "with $w_2$ = 0 only $L_{\\mathrm{LC}}$.",
    "The default and MaPLe have more seeds than the other points where the records have them. The paper prints this "
    "figure without numbers and calls the accuracy relatively stable.",
)


def npt_figure5(records: pd.DataFrame, backbone: str | None = None) -> PaperFigure:
    """NPT, Figure 5: average H of MaPLe + NPT by w1 (at the default w2) and by w2 (at the default w1), tau 0.01."""
    scope = scope_of(records, "imbalanced", "imbalanced_weights", backbone=backbone)
    title = f"NPT Figure 5. Sensitivity of H (%) to the loss weights at τ = {TAU:g}\n{scope.words}"
    return PaperFigure("npt_figure5", title, _points(scope), _draw)


def _points(scope: Scope) -> pd.DataFrame:
    """Every point: MaPLe + NPT by one weight at the default of the other, and MaPLe without NPT."""
    printed = published_values("npt", 1).query(f"dataset == 'average_11' and imbalance_tau == {TAU}")
    printed = printed.set_index("method")["value"]
    swept_weights = {tuple(DEFAULT.values()): ""}
    for swept in scope.records.loc[scope.records["swept"] != "", "swept"].unique():
        weights = json.loads(swept)
        swept_weights.setdefault(tuple(weights[name] for name in SETTINGS.values()), swept)
    rows = []
    for panel, other in (("w1", "w2"), ("w2", "w1")):
        if (value := scope.average(Which("maple", SHOTS, "H", TAU))) is not None:
            measured = (value.estimate, value.low, value.high, value.seeds, printed["maple"])
            rows.append((panel, "maple", math.nan, math.nan, *measured))
        for weights, swept in sorted(swept_weights.items()):
            value = scope.average(Which("maple_npt", SHOTS, "H", TAU, swept))
            if value is not None and dict(zip(SETTINGS, weights, strict=True))[other] == DEFAULT[other]:
                published = math.nan if swept else printed["maple+npt"]
                measured = (value.estimate, value.low, value.high, value.seeds, published)
                rows.append((panel, "maple_npt", *weights, *measured))
    return pd.DataFrame(rows, columns=POINT_COLUMNS)


def _draw(figure5: PaperFigure) -> Figure:
    """Two panels, one per weight, on one scale of H."""
    points = figure5.points
    figure, bottom = page(figure5.title, 2.3, NOTES)
    ends = points[["regenerated", "low", "high"]].stack()
    for place, (panel, other) in enumerate((("w1", "w2"), ("w2", "w1"))):
        axes = add_axes(figure, 0.5 + 3.4 * place, bottom + 0.35, 3.0, 1.65)
        here = points[points["panel"] == panel]
        curve = here[here["recipe"] == "maple_npt"]
        heading = f"{SYMBOLS[panel]}, the weight of {LOSSES[panel]}, at {SYMBOLS[other]} = {DEFAULT[other]:g}"
        if len(curve) > 1:
            heading += f": range {curve['regenerated'].max() - curve['regenerated'].min():.1f} points"
        axes.set_title(heading, fontsize=7.5, pad=4, loc="left")
        if here.empty:
            say_not_run(axes)
            continue
        margin = 0.16 * (ends.max() - ends.min()) + 0.1
        axes.set_ylim(ends.min() - margin, ends.max() + margin)
        axes.set_xlabel(SYMBOLS[panel], labelpad=1)
        axes.set_ylabel("H (%)", labelpad=2)
        if len(curve):
            _draw_curve(axes, curve, panel)
        for _, without in here[here["recipe"] == "maple"].iterrows():
            _draw_without(axes, without["regenerated"], without["low"], without["high"], curve["regenerated"].tolist())
    return figure


def _draw_curve(axes: Axes, curve: pd.DataFrame, weight: str) -> None:
    """H of MaPLe + NPT by one weight; open markers but for the default."""
    x, H, colour, marker = curve[weight], curve["regenerated"], COLOURS["maple_npt"], MARKERS["maple_npt"]
    axes.fill_between(x, curve["low"], curve["high"], color=colour, alpha=0.18, linewidth=0)
    axes.plot(x, H, marker=marker, markersize=4, markerfacecolor="white", linewidth=1.1, color=colour)
    default = x == DEFAULT[weight]
    axes.plot(x[default], H[default], marker, markersize=4.5, color=colour)
    highest = curve.loc[H.idxmax()]
    above = (highest[weight], highest[["regenerated", "high"]].max())
    at_left = highest[weight] < (x.min() + x.max()) / 2
    words, side = METHODS["maple_npt"].label, "left" if at_left else "right"
    axes.annotate(words, above, (0, 4), textcoords="offset points", color=colour, ha=side, va="bottom")


def _draw_without(axes: Axes, H: float, low: float, high: float, curve: list[float]) -> None:
    """The line of MaPLe without NPT, named at the end where the curve is farther, on the side away from it."""
    colour = COLOURS["maple"]
    axes.axhline(H, color=colour, linewidth=0.9, linestyle=(0, (3, 1.5)))
    if not math.isnan(low):
        axes.axhspan(low, high, color=colour, alpha=0.12, linewidth=0)
    left, right = (curve[0], curve[-1]) if curve else (H, H)
    at_left = abs(left - H) > abs(right - H)
    below = (left if at_left else right) > H
    axes.annotate(
        f"{METHODS['maple'].label} without NPT",
        (0 if at_left else 1, H),
        (3 if at_left else -3, -2 if below else 2),
        ("axes fraction", "data"),
        "offset points",
        color=colour,
        ha="left" if at_left else "right",
        va="top" if below else "bottom",
    )
