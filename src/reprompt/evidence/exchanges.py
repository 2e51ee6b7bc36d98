"""Two tests by exchange: does it matter where a prompt starts, and do two learners choose other partners?

**Starts.** How far the averages of several starts lie apart. A range is above 0 by chance alone, and the more so the
more starts there are. If the start did not matter, the accuracies of every task and draw could be handed to the starts
in any order. So the starts are exchanged at random, within each task and draw.

**Partners.** The groups of tasks that two learners choose (MVLPT, Table 5) always differ somewhere, if only because
draws are lucky. So the number of partners that they share is tested: if it did not matter which learner a prompt is of,
a prompt could be exchanged for the other learner's of the same source and draw, with all that it is worth on the
targets. What a learner scores on a target over all sources, and how far its sources lie apart, decides no choice and
is taken out first. A *grid* has a row per (seed, source) and a column per target: a prompt's worth there, in percent.

p is the share of exchanges after which the range is as wide, or the groups share as few partners, those of the data
included.

    I starts, C cells (task and draw), P exchanges; R draws, S sources, T targets
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd

from reprompt.evidence.lookup import Missing
from reprompt.evidence.values import Values

EXCHANGES = 9_999  # the smallest p is then 0.0001
AT_ONCE = 1_111  # of them: 11 MB a draw
EQUAL = 1e-9  # to which ranges are equal: the order of a sum must not decide between them
DIGITS = 9  # to which scores are equal, for the same reason
LEAST_TASKS = 4  # groups of three can differ among four tasks or more


@dataclass(frozen=True)
class Range:
    """The largest less the smallest average, in points; `by_chance` is the mean over exchanges, `p` one-sided."""

    width: float
    by_chance: float
    p: float
    starts: int
    seeds: int
    tasks: int


@dataclass(frozen=True)
class Choices:
    """How the groups of two learners compare: partners that they share, of 2 T, and targets on which they differ, of T.

    `shared_by_chance` is the mean over exchanges, `p` one-sided.
    """

    shared: int
    shared_by_chance: float
    p: float
    differing: int
    targets: int
    seeds: int


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
    p = share_as_extreme(by_chance_P > width - EQUAL)
    seeds = len({cell.seed for cell in cells})
    return Range(float(width), float(by_chance_P.mean()), p, len(starts), seeds, len(draws))


def compare_choices(
    one: pd.DataFrame, other: pd.DataFrame, stream: np.random.Generator, exchanges: int = EXCHANGES
) -> Choices:
    """The groups of two learners against each other, on the draws and tasks that both grids have without a gap."""
    seeds, tasks = _complete(one, other)
    if len(tasks) < LEAST_TASKS:
        raise Missing("groups of three can differ among four tasks or more, and fewer have every pair")
    grids = [_values(grid, seeds, tasks) for grid in (one, other)]
    shared = _shared(*(grid.mean(axis=0) for grid in grids))
    left, right = (_level(grid) for grid in grids)
    by_chance = []
    for first in range(0, exchanges, AT_ONCE):
        exchanged = stream.random((min(AT_ONCE, exchanges - first), len(seeds), len(tasks), 1)) < 0.5
        mixed = (np.where(exchanged, theirs, own).mean(axis=1) for own, theirs in ((left, right), (right, left)))
        by_chance += _shared(*mixed).sum(axis=-1).tolist()
    p = share_as_extreme(np.array(by_chance) <= shared.sum())
    differing = int((shared < 2).sum())
    return Choices(int(shared.sum()), float(np.mean(by_chance)), p, differing, len(tasks), len(seeds))


def share_as_extreme(as_extreme_P: np.ndarray) -> float:
    """p of a permutation test from which of P permutations are as extreme as the data, which count as one more."""
    return (1 + int(np.count_nonzero(as_extreme_P))) / (1 + len(as_extreme_P))


def best_two(values: np.ndarray) -> np.ndarray:
    """The places of the two best sources of every target: (..., S, T) -> (..., 2, T).

    Sources are in the order of their names; of equals the first is taken. NaN is never taken.
    """
    values = np.nan_to_num(np.round(values, DIGITS), nan=-np.inf)
    best = values.argmax(axis=-2, keepdims=True)
    np.put_along_axis(values, best, -np.inf, axis=-2)
    return np.concatenate([best, values.argmax(axis=-2, keepdims=True)], axis=-2)


def _shared(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """How many partners the groups of every target share: two (..., S, T) -> (..., T) of 0, 1 or 2."""
    return (best_two(one)[..., :, None, :] == best_two(other)[..., None, :, :]).sum(axis=(-3, -2))


def _complete(one: pd.DataFrame, other: pd.DataFrame) -> tuple[list[int], list[str]]:
    """The draws that both grids have, and the tasks that have every pair among them in all of these draws."""
    seeds = sorted({*one.index.unique("seed")} & {*other.index.unique("seed")})
    tasks = sorted(set.intersection(*({*grid.index.unique("source")} & {*grid} for grid in (one, other))))
    gaps = np.isnan([_values(grid, seeds, tasks) for grid in (one, other)]).any(axis=(0, 1))
    return seeds, without_gaps(tasks, gaps)


def without_gaps(tasks: list[str], gaps: np.ndarray) -> list[str]:
    """The tasks that have every pair among them; `gaps` (n, n) says which pairs are missing, its diagonal nothing.

    While pairs are missing, the task that lacks the most is left out: a lost source costs one task, not the grid.
    """
    tasks, gaps = list(tasks), gaps & ~np.eye(len(tasks), dtype=bool)
    while gaps.any():
        worst = int(np.argmax(gaps.sum(axis=0) + gaps.sum(axis=1)))
        gaps = np.delete(np.delete(gaps, worst, axis=0), worst, axis=1)
        del tasks[worst]
    return tasks


def _values(grid: pd.DataFrame, seeds: list[int], tasks: list[str]) -> np.ndarray:
    """The grid as an array (R, S, T) with NaN on the diagonal."""
    index = pd.MultiIndex.from_product([seeds, tasks])
    values = grid.reindex(index=index, columns=tasks).to_numpy().reshape(len(seeds), len(tasks), len(tasks))
    return np.where(np.eye(len(tasks), dtype=bool), np.nan, values)


def _level(values: np.ndarray) -> np.ndarray:
    """Each draw's column less its mean, by the spread of the target's draw mean: (R, S, T), the same choices."""
    centred = values - np.nanmean(values, axis=1, keepdims=True)
    spread = np.nanstd(centred.mean(axis=0), axis=0)
    return centred / np.where(spread > 0, spread, 1.0)
