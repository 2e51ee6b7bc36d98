"""How MVLPT's methods look: a colour per learner; from a random start open and dashed, from source tasks filled."""

import pandas as pd
from matplotlib.axes import Axes

from reprompt.evidence import adaptation
from reprompt.evidence.adaptation import LEARNERS, ZERO_SHOT
from reprompt.figures.lines import DASHED, DOTTED
from reprompt.tables.methods import METHODS

LABELS = {ZERO_SHOT: METHODS["zero_shot"].label} | adaptation.LABELS  # published ids in the paper's order
# Okabe and Ito's palette, told apart by readers with any colour vision; the markers tell them apart in grey.
COLOURS = {ZERO_SHOT: "#000000", "coop": "#D55E00", "vpt": "#0072B2", "upt": "#009E73"}
MARKERS = {ZERO_SHOT: "*", "coop": "^", "vpt": "o", "upt": "D"}


def learner_of(method: str) -> str:
    """The learner behind a method: mvpt is VPT from another start."""
    return method.removeprefix("m")


def in_order(points: pd.DataFrame, *then: str) -> pd.DataFrame:
    """Points by method in the paper's order, then by further columns."""
    order = points.assign(place=points["method"].map(list(LABELS).index))
    return order.sort_values(["place", *then], kind="stable", ignore_index=True).drop(columns="place")


def draw_method(axes: Axes, x: pd.Series, points: pd.DataFrame, method: str) -> None:
    """The line of a method through its points, with a bar at each that is its 95 % interval."""
    colour, marker = COLOURS[learner_of(method)], MARKERS[learner_of(method)]
    style = {"linewidth": 1.1, "markersize": 3.8}
    if method == ZERO_SHOT:
        style = {"linewidth": 0.8, "markersize": 6, "linestyle": DOTTED}
    elif method in LEARNERS:
        style |= {"linestyle": DASHED, "markerfacecolor": "white"}
    axes.vlines(x, points["low"], points["high"], color=colour, linewidth=0.8, alpha=0.6)
    axes.plot(x, points["regenerated"], color=colour, marker=marker, **style)


def ends_of_lines(points: pd.DataFrame) -> list[tuple[float, str, str]]:
    """What is written at the right end of each method's line: the value there, the method's name, its colour."""
    last = points.groupby("method", sort=False)["regenerated"].last()
    return [(value, LABELS[method], COLOURS[learner_of(method)]) for method, value in last.items()]


def printed_in_words(published: pd.Series) -> str:
    """Printed averages for a note: "CoOp 65.87, VPT 66.98"; `published` has them by method, in percent."""
    return ", ".join(f"{label} {published[method]:.2f}" for method, label in LABELS.items() if method in published)


def bars_in_words(points: pd.DataFrame) -> str:
    """The bars explained for a note, with the number of seeds, which may differ from point to point."""
    seeds = sorted({int(n) for n in points["seeds"] if n > 1})
    if not seeds:
        return "No bars: an interval needs two seeds."
    return f"Bars: 95 % Student-t intervals over {' or '.join(map(str, seeds))} seeds, as far as they fit the panel."
