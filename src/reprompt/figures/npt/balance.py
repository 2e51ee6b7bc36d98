"""NPT, Figure 4: what NPT adds to MaPLe on base and on novel classes."""

from collections.abc import Iterator

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reprompt.figures.canvas import GREY, add_axes, page, say_not_run
from reprompt.figures.figure import PaperFigure
from reprompt.tables.scope import Scope, Which, scope_of
from reprompt.tasks.card import card_of
from reprompt.tasks.groups import members

SHOTS = 16
TAUS = (0.05, 0.01)
AVERAGE = "average"
HALVES = {"base": ("base classes", "#56B4E9", ""), "new": ("novel classes", "#E69F00", "////")}
POINT_COLUMNS = ["tau", "task", "split", "gain", "low", "high", "seeds"]
NOTES = (
    "Accuracy of MaPLe + NPT minus accuracy of MaPLe on the same few-shot draws, in percentage points. Thin bars: 95 % "
    "Student-t intervals over seeds of the paired difference. The paper prints this figure without numbers and says "
    "that every bar is positive, and that novel classes gain more than base classes.",
)


def npt_figure4(records: pd.DataFrame, backbone: str | None = None) -> PaperFigure:
    """NPT, Figure 4: gain of MaPLe + NPT over MaPLe on base and novel classes of each task, two imbalances."""
    scope = scope_of(records, "imbalanced", backbone=backbone)
    title = f"NPT Figure 4. Gain of NPT over MaPLe on base and novel classes (percentage points)\n{scope.words}"
    points = pd.DataFrame(list(_points(scope)), columns=POINT_COLUMNS)
    return PaperFigure("npt_figure4", title, points, _draw)


def _points(scope: Scope) -> Iterator[tuple]:
    """Every bar: each task's, then the average's; nothing for what was not run."""
    for tau in TAUS:
        gains = {
            half: scope.gain(Which("maple_npt", SHOTS, half, tau), Which("maple", SHOTS, half, tau)) for half in HALVES
        }
        for task in (*scope.tasks, AVERAGE):
            for half, gain in gains.items():
                if gain is not None:
                    value = gain.over_seeds if task == AVERAGE else gain.by_task[task]
                    yield (tau, task, half, value.estimate, value.low, value.high, value.seeds)


def _draw(figure4: PaperFigure) -> Figure:
    """Two panels of bars that point right where NPT helps, one per imbalance, on one scale."""
    points = figure4.points
    figure, bottom = page(figure4.title, 3.95, NOTES)
    shown = (AVERAGE, *members("datasets11"))
    names = ["Average" if task == AVERAGE else card_of(task).printed for task in shown]
    for place, tau in enumerate(TAUS):
        axes = add_axes(figure, 0.85 + 3.06 * place, bottom + 0.35, 2.9, 3.3)
        axes.set_title(f"τ = {tau:g}", fontsize=7.5, pad=4, loc="left")
        here = points[points["tau"] == tau]
        axes.grid(visible=False, axis="y")
        axes.set_ylim(len(shown) - 0.4, -0.6)
        if here.empty:
            say_not_run(axes)
        else:
            _draw_panel(axes, here, shown)
            ends = points[["gain", "low", "high"]].stack()
            margin = 0.04 * (ends.max() - min(ends.min(), 0)) + 0.1
            axes.set_xlim(min(ends.min(), 0) - margin, max(ends.max(), 0) + margin)
            axes.set_xlabel("gain (percentage points)", labelpad=2)
        axes.set_yticks(range(len(shown)), names if place == 0 else [])
        axes.tick_params(axis="y", length=0)
    _draw_key(figure)
    return figure


def _draw_panel(axes: Axes, points: pd.DataFrame, shown: tuple[str, ...]) -> None:
    axes.axvline(0, color="black", linewidth=0.6, zorder=3)
    axes.axhline(0.5, color="#bbbbbb", linewidth=0.5)
    for position, task in enumerate(shown):
        of_task = points[points["task"] == task]
        if of_task.empty:
            axes.text(0, position, " not run", va="center", fontsize=6, color=GREY, style="italic")
        for step, (half, (_, colour, hatch)) in zip((-0.19, 0.19), HALVES.items(), strict=True):
            for _, bar in of_task[of_task["split"] == half].iterrows():
                style = {"height": 0.36, "color": colour, "hatch": hatch, "edgecolor": "white", "linewidth": 0}
                axes.barh(position + step, bar["gain"], zorder=2, **style)
                axes.plot([bar["low"], bar["high"]], [position + step] * 2, color="black", linewidth=0.7, zorder=4)


def _draw_key(figure: Figure) -> None:
    """The two halves in words, above the panels at the right."""
    tall = figure.get_size_inches()[1]
    for place, (words, colour, hatch) in enumerate(HALVES.values()):
        axes = add_axes(figure, 5.1 + 0.92 * place, tall - 0.62, 0.85, 0.13)
        axes.axis("off")
        axes.set(xlim=(0, 0.85), ylim=(0, 0.13))
        axes.barh(0.065, 0.14, height=0.1, color=colour, hatch=hatch, edgecolor="white", linewidth=0)
        axes.text(0.18, 0.06, words, va="center", fontsize=6.5)
