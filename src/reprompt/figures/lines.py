"""What figures of lines share: the columns of what was measured, bands, limits, and words at the ends of lines."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from reprompt.evidence.statistics import Interval

MEASURED = ["regenerated", "low", "high", "seeds"]
DASHED, DOTTED = (0, (3, 1.5)), (0, (1, 2))


def measured(value: Interval) -> tuple[float, float, float, int]:
    """The entries of a point's MEASURED columns."""
    return value.estimate, value.low, value.high, value.seeds


def draw_curve(axes: Axes, x: pd.Series, curve: pd.DataFrame, colour: str, **line: object) -> None:
    """A line through what was measured, in a band that is its 95 % interval."""
    axes.fill_between(x, curve["low"], curve["high"], color=colour, alpha=0.18, linewidth=0)
    axes.plot(x, curve["regenerated"], color=colour, **{"linewidth": 1.0, "markersize": 2.6} | line)


def frame_values(axes: Axes, points: pd.DataFrame, reach: float = 10, top: float = 100) -> None:
    """Limits around what was measured and printed; bands count as far as `reach` beyond that.

    The wide bands of three seeds would else flatten everything that can be read from the lines.
    """
    shown = pd.concat([points["regenerated"], points["published"].dropna()])
    low, high = points["low"].clip(lower=shown.min() - reach), points["high"].clip(upper=shown.max() + reach)
    ends = pd.concat([shown, low, high])
    margin = 0.04 * (ends.max() - ends.min()) + 0.5
    axes.set_ylim(max(ends.min() - margin, 0), min(ends.max() + margin, top))


def label_ends(axes: Axes, ends: list[tuple[float, str, str]], size: float = 6.5) -> None:
    """Words in the colour of their lines at the right end of the axes, moved apart where they would touch.

    `ends` are (value, words, colour). The limits of the axes must be final.
    """
    if not ends:
        return
    ends = sorted(ends)
    bottom, top = axes.get_ylim()
    inches = axes.get_position().height * axes.figure.get_size_inches()[1]
    gap = 1.25 * size / 72 / inches * (top - bottom)
    places = np.clip([value for value, _, _ in ends], bottom, top)
    for _ in range(100):  # neighbours that touch step apart, each by half of what they lack
        lack = np.maximum(gap - np.diff(places), 0) / 2
        places[:-1] -= lack
        places[1:] += lack
    places -= max(places[-1] - top, 0)
    for place, (_, words, colour) in zip(places, ends, strict=True):
        axes.annotate(
            words,
            (1, place),
            (3, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            va="center",
            fontsize=size,
            color=colour,
            annotation_clip=False,
        )
