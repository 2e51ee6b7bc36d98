"""MVLPT's transferability grid in claims: single pairs, the average source, and the groups that two learners choose.

A *grid* here has a row per (seed, source) and a column per target: what a prompt, tuned on the source with that draw,
is worth on the target, in percent.

transfer            a pair, divided by the best entry of the target's column of the seed mean (Figure 4), in each draw;
                    so its mean over draws is the entry of Figure 4, and a common scale changes no test
mean_over_sources   the mean of a target's column over all other tasks; the target's own prompt is no transfer

The groups that two learners choose (Table 5) always differ somewhere, if only because draws are lucky. So the number
of partners that they share is tested: if it did not matter which learner a prompt is of, a prompt could be exchanged
for the other learner's of the same source and draw, with all that it is worth on the targets. p is the share of such
exchanges after which the groups share as few partners. What a learner scores on a target over all sources, and how far
its sources lie apart, decides no choice and is taken out first.

    P exchanges, R draws, S sources, T targets
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from reprompt.evidence.lookup import Missing
from reprompt.evidence.values import Origin, Values
from reprompt.tasks.groups import members

EXCHANGES = 9_999  # the smallest p is then 0.0001
AT_ONCE = 1_111  # of them: 11 MB a draw
DIGITS = 9  # to which values are equal: the order of a sum must not decide between them


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


def transfer(grid: pd.DataFrame, source: str, target: str) -> Values:
    """A pair of the normalised grid in each draw. Raises Missing where it was not run."""
    values = _column(grid, target)
    if source not in values:
        raise Missing(f"the prompts tuned on {source} were not judged on {target}")
    return _by_draw(values[source].dropna(), target)


def mean_over_sources(grid: pd.DataFrame, target: str) -> Values:
    """The mean over all sources but the target itself, in each draw that has them all; needs every source."""
    values = _column(grid, target).drop(columns=target, errors="ignore")
    needed = len(members("elevater20")) - 1
    if len(values.columns) < needed:
        raise Missing(f"only {len(values.columns)} of {needed} sources were run, and the claim averages over all")
    return _by_draw(values.dropna().mean(axis=1), target)


def compare_choices(
    one: pd.DataFrame, other: pd.DataFrame, stream: np.random.Generator, exchanges: int = EXCHANGES
) -> Choices:
    """The groups of two learners against each other, on the draws and tasks that both grids have without a gap."""
    seeds, tasks = _complete(one, other)
    if len(tasks) < 4:
        raise Missing("groups of three can differ among four tasks or more, and fewer have every pair")
    grids = [_values(grid, seeds, tasks) for grid in (one, other)]
    shared = _shared(*(grid.mean(axis=0) for grid in grids))
    left, right = (_level(grid) for grid in grids)
    by_chance = []
    for first in range(0, exchanges, AT_ONCE):
        exchanged = stream.random((min(AT_ONCE, exchanges - first), len(seeds), len(tasks), 1)) < 0.5
        mixed = (np.where(exchanged, theirs, own).mean(axis=1) for own, theirs in ((left, right), (right, left)))
        by_chance += _shared(*mixed).sum(axis=-1).tolist()
    p = (1 + sum(number <= shared.sum() for number in by_chance)) / (1 + exchanges)
    differing = int((shared < 2).sum())
    return Choices(int(shared.sum()), sum(by_chance) / exchanges, p, differing, len(tasks), len(seeds))


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


def _column(grid: pd.DataFrame, target: str) -> pd.DataFrame:
    """A target's column, normalised: draws down, sources across; NaN where a pair was not run."""
    if target not in grid:
        raise Missing(f"no prompts were judged on {target}")
    values = grid[target].unstack("source").dropna(axis="columns", how="all")
    return values / values.mean().max()


def _by_draw(values: pd.Series, target: str) -> Values:
    return Values({Origin("", target, 0, int(seed)): float(value) for seed, value in values.items()})


def _complete(one: pd.DataFrame, other: pd.DataFrame) -> tuple[list[int], list[str]]:
    """The draws that both grids have, and the tasks that have every pair among them in all of these draws."""
    seeds = sorted({*one.index.unique("seed")} & {*other.index.unique("seed")})
    tasks = sorted(set.intersection(*({*grid.index.unique("source")} & {*grid} for grid in (one, other))))
    while tasks:
        gaps = np.isnan([_values(grid, seeds, tasks) for grid in (one, other)]).any(axis=(0, 1))
        np.fill_diagonal(gaps, False)
        if not gaps.any():
            break
        del tasks[int(np.argmax(gaps.sum(axis=0) + gaps.sum(axis=1)))]
    return seeds, tasks


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
