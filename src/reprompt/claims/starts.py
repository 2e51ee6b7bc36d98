"""Whether it matters where a prompt starts: how far the averages of several starts lie apart.

A range is above 0 by chance alone, and the more so the more starts there are. If the start did not matter, the
accuracies of every task and draw could be handed to the starts in any order. So the starts are exchanged at random,
within each task and draw, and p is the share of exchanges after which the averages lie as far apart.

    I starts, C cells (task and draw), P exchanges
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from reprompt.evidence.lookup import Missing
from reprompt.evidence.values import Values

EXCHANGES = 9_999  # the smallest p is then 0.0001
EQUAL = 1e-9  # to which ranges are equal: the order of a sum must not decide between them


@dataclass(frozen=True)
class Range:
    """The largest less the smallest average, in points; `by_chance` is the mean over exchanges, `p` one-sided."""

    width: float
    by_chance: float
    p: float
    starts: int
    seeds: int
    tasks: int


def range_over_starts(starts: list[Values], stream: np.random.Generator, exchanges: int = EXCHANGES) -> Range:
    """The range of the starts' averages (over tasks of the mean over draws), on the cells that all of them have."""
    cells = sorted(set.intersection(*(set(start.by_origin) for start in starts)))
    if not cells:
        raise Missing("the starts were run, but never on the same task and draw")
    draws = Counter(cell.task for cell in cells)
    weights_C = np.array([1 / draws[cell.task] for cell in cells]) / len(draws)
    values_IC = np.array([[start.by_origin[cell] for cell in cells] for start in starts])
    exchanged_PIC = stream.permuted(np.tile(values_IC, (exchanges, 1, 1)), axis=1)
    width, by_chance_P = np.ptp(values_IC @ weights_C), np.ptp(exchanged_PIC @ weights_C, axis=1)
    p = (1 + int(np.count_nonzero(by_chance_P > width - EQUAL))) / (1 + exchanges)
    seeds = len({cell.seed for cell in cells})
    return Range(float(width), float(by_chance_P.mean()), p, len(starts), seeds, len(draws))
