"""Labels beside points, each where it covers the least."""

from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.transforms import Bbox

# Where a label may stand around its point: direction in offset points, then how the text is aligned to that place.
PLACES = [
    (reach * x, reach * y, {-1: "right", 0: "center", 1: "left"}[x], {-1: "top", 0: "center", 1: "bottom"}[y])
    for reach in (5, 9, 15)
    for x, y in ((1, 0), (1, 1), (1, -1), (-1, 0), (-1, 1), (-1, -1), (0, 1), (0, -1))
]
POINT = 6  # pixels around a point that a label should leave free, at the default 100 dots per inch


def place_labels(axes: Axes, points: pd.DataFrame, lines: list[np.ndarray], fontsize: float = 6) -> None:
    """Write `words` in `colour` beside every (`x`, `y`) of `points`, clear of each other, the points and the lines.

    `lines` are polylines (P, 2) in data units: curves and error bars. Of the free places the nearest is taken; where
    none is free, the one that covers least. Axes limits must be final.
    """
    renderer = axes.figure.canvas.get_renderer()
    frame = axes.get_window_extent(renderer)
    at = axes.transData.transform(points[["x", "y"]].to_numpy(dtype=float))
    marks = [Bbox.from_extents(x - POINT, y - POINT, x + POINT, y + POINT) for x, y in at]
    along = [axes.transData.transform(line) for line in lines]
    dots = np.array([dot for line in along for a, b in pairwise(line) for dot in np.linspace(a, b, 40)]).reshape(-1, 2)
    taken: list[Bbox] = []
    for own, (_, point) in enumerate(points.iterrows()):
        best = None
        for x, y, ha, va in PLACES:
            text = axes.annotate(
                point["words"], (point["x"], point["y"]), (x, y), textcoords="offset points", ha=ha, va=va
            )
            text.set(fontsize=fontsize, color=point["colour"])
            box = text.get_window_extent(renderer)
            cost = sum(_overlap(box, mark) for place, mark in enumerate(marks) if place != own)
            cost += 10 * sum(_overlap(box, label) for label in taken)
            cost += 20 * np.count_nonzero(((dots > box.min) & (dots < box.max)).all(axis=1))
            cost += 10 * (box.width * box.height - _overlap(box, frame))
            if best is None or cost < best[0]:
                if best:
                    best[1].remove()
                best = (cost, text, box)
            else:
                text.remove()
        taken.append(best[2])


def _overlap(one: Bbox, other: Bbox) -> float:
    """The area in which two boxes overlap, in square pixels."""
    both = Bbox.intersection(one, other)
    return both.width * both.height if both else 0.0
