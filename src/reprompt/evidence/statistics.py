"""Means, intervals and differences over seeds, and what they say about a published number.

A *run frame* below is a slice of the records that holds one recipe in one setting: one row per task and seed, with the
columns task, seed and value (percent). Seed 0 marks a deterministic result (zero-shot CLIP): alone, it has no interval.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import t as student_t

DETERMINISTIC = 0  # the seed of a result that no draw can change
PRINTED_PRECISION = 0.05  # papers average values that were themselves rounded; half a printed decimal each way


@dataclass(frozen=True)
class Interval:
    """A mean over seeds with its 95 % Student-t interval, in percent or percentage points.

    `seeds` is 0 for a deterministic result. With fewer than two seeds there is no interval: low and high are NaN.
    """

    estimate: float
    low: float
    high: float
    seeds: int

    @property
    def half_width(self) -> float:
        """Half the length of the interval; NaN where there is none."""
        return (self.high - self.low) / 2

    @property
    def has_width(self) -> bool:
        return self.seeds >= 2


def interval_over_seeds(values: Mapping[int, float] | pd.Series) -> Interval:
    """Mean and 95 % Student-t interval of one value per seed: mean +- t_{n-1} * s / sqrt(n).

    Seed 0 alone means deterministic. Raises ValueError when there is no value at all.
    """
    values = dict(values)
    if not values:
        raise ValueError("no values: an interval needs at least one seed")
    if list(values) == [DETERMINISTIC]:
        return Interval(float(values[DETERMINISTIC]), math.nan, math.nan, 0)
    sample = np.array([values[seed] for seed in sorted(values)], dtype=float)
    mean, n = float(sample.mean()), len(sample)
    if n == 1:
        return Interval(mean, math.nan, math.nan, 1)
    half = float(student_t.ppf(0.975, n - 1) * sample.std(ddof=1) / math.sqrt(n))
    return Interval(mean, mean - half, mean + half, n)


def mean_over_tasks(runs: pd.DataFrame) -> pd.Series:
    """The mean over tasks of a run frame, one value per seed (index). Raises ValueError if a seed lacks a task."""
    grid = _by_seed_and_task(runs)
    return grid.mean(axis=1)


def average(runs: pd.DataFrame) -> Interval:
    """Mean over the tasks of each seed first, then the interval over seeds: what the papers call the average."""
    return interval_over_seeds(mean_over_tasks(runs))


@dataclass(frozen=True)
class PairedDifference:
    """One recipe minus another on the same tasks and draws, in percentage points.

    `over_seeds` is the interval of the mean over tasks; `by_task` maps each task to its own interval over seeds.
    """

    over_seeds: Interval
    by_task: dict[str, Interval]

    @property
    def tasks_above(self) -> int:
        """On how many tasks the mean difference is positive."""
        return sum(difference.estimate > 0 for difference in self.by_task.values())


def paired_difference(runs: pd.DataFrame, reference: pd.DataFrame) -> PairedDifference:
    """runs minus reference, seed by seed: the same seed is the same few-shot draw, so its luck cancels.

    A deterministic side is subtracted from every seed of the other. Raises ValueError when tasks or seeds do not match.
    """
    left, right = _by_seed_and_task(runs), _by_seed_and_task(reference)
    if set(left.columns) != set(right.columns):
        one_sided = sorted(set(left.columns) ^ set(right.columns))
        raise ValueError(f"cannot pair different tasks: {one_sided} on one side only")
    if list(right.index) == [DETERMINISTIC]:
        difference = left - right.loc[DETERMINISTIC]
    elif list(left.index) == [DETERMINISTIC]:
        difference = -(right - left.loc[DETERMINISTIC])
    elif set(left.index) == set(right.index):
        difference = left - right
    else:
        raise ValueError(f"cannot pair seeds {sorted(left.index)} with seeds {sorted(right.index)}")
    return PairedDifference(
        interval_over_seeds(difference.mean(axis=1)),
        {task: interval_over_seeds(difference[task]) for task in difference.columns},
    )


def harmonic_mean(base: float, new: float) -> float:
    """H = 2BN / (B + N) of base and new accuracy; 0 where either is 0, also where both are."""
    return 2 * base * new / (base + new) if base > 0 and new > 0 else 0.0


def harmonic_runs(base: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """The run frame of per-task H from the run frames of base and new accuracy.

    Its `average` is the mean of the tasks' own H: ProGrad Table 3 and NPT Table 1.

    Raises ValueError where the two are not of the same tasks and seeds.
    """
    both = base.merge(new, on=["task", "seed"], suffixes=("_base", "_new"), validate="one_to_one")
    if not len(both) == len(base) == len(new):
        raise ValueError("base and new accuracy are not of the same tasks and seeds")
    values = [harmonic_mean(b, n) for b, n in zip(both["value_base"], both["value_new"], strict=True)]
    return both[["task", "seed"]].assign(value=values)


def average_H_of_means(base: pd.DataFrame, new: pd.DataFrame) -> Interval:
    """H of each seed's average base and new accuracy, then the interval over seeds: GRAM Table 1a, CoCoOp, MaPLe."""
    bases, news = mean_over_tasks(base), mean_over_tasks(new)
    return interval_over_seeds({seed: harmonic_mean(bases[seed], news[seed]) for seed in bases.index})


def why_not_comparable(scale: str, backbone: str, published_backbone: str, tasks: int, published_tasks: int) -> str:
    """Why a regenerated value says nothing about the printed one; empty where the two can be compared."""
    if scale != "paper":
        return "rendered data"  # miniature and smoke: other images, another CLIP
    if backbone != published_backbone.replace("/", "-"):
        return f"{backbone}, published with {published_backbone}"
    if tasks != published_tasks:
        return f"{tasks} of {published_tasks} tasks"
    return ""


def verdict_on_value(value: Interval | None, published: float, obstacle: str = "") -> str:
    """A regenerated value against the printed one, in words.

    `obstacle` is the answer of `why_not_comparable`. "reproduced" means that the printed value lies in the interval
    widened by the printed precision; without an interval, that the two agree to that precision.
    """
    if value is None:
        return "not run"
    if math.isnan(published):
        return "no published value"
    if obstacle:
        return f"not comparable: {obstacle}"
    low, high = (value.low, value.high) if value.has_width else (value.estimate, value.estimate)
    tolerance = PRINTED_PRECISION + 1e-9  # 61.30 and 61.35 agree, whatever binary rounding makes of them
    if low - tolerance <= published <= high + tolerance:
        words = "reproduced"
    else:
        words = "higher" if value.estimate > published else "lower"
    return words + _without_interval(value)


def verdict_on_gain(gain: Interval | None, reference: str, published_gain: float = math.nan) -> str:
    """The sign of a gain over a named reference row, against the sign of the printed gain.

    For example "above zero-shot CLIP, as published"; "inconclusive" where the interval includes 0. Signs can be
    compared at every scale: they are the pattern that the miniature is there to show.
    """
    if gain is None:
        return "not run"
    if gain.has_width and gain.low <= 0 <= gain.high:
        return f"inconclusive against {reference}: interval includes 0"
    if abs(gain.estimate) < 1e-9:
        return f"equal to {reference}" + _without_interval(gain)
    words = f"{'above' if gain.estimate > 0 else 'below'} {reference}"
    if not math.isnan(published_gain) and published_gain != 0:
        words += ", as published" if (gain.estimate > 0) == (published_gain > 0) else ", against published"
    return words + _without_interval(gain)


def _without_interval(value: Interval) -> str:
    return {0: " (deterministic)", 1: " (one seed, no interval)"}.get(value.seeds, "")


def _by_seed_and_task(runs: pd.DataFrame) -> pd.DataFrame:
    """A run frame as a complete grid, seeds down and tasks across. Raises ValueError for gaps and for two values."""
    if runs.duplicated(["seed", "task"]).any():
        twice = runs.loc[runs.duplicated(["seed", "task"]), ["seed", "task"]].to_records(index=False).tolist()
        raise ValueError(f"more than one value for (seed, task) {twice[:3]}: choose one recipe, backbone, shots, split")
    grid = runs.pivot(index="seed", columns="task", values="value")
    if grid.isna().any(axis=None):
        gaps = grid.isna().stack()
        missing = [(int(seed), str(task)) for seed, task in gaps.index[gaps]]
        raise ValueError(f"no value for (seed, task) {missing[:3]}: average only tasks that every seed has")
    return grid
