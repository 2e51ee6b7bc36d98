"""Means, intervals and differences, each once, and what they say about a published number.

An interval is over few-shot draws. A *draw* is a seed's few-shot sample of one task; draws of different tasks are
independent. Tables and figures average the tasks of each seed and take the interval over seeds, as the papers do
(`average`); claims keep the tasks apart as strata, which have more degrees of freedom (`stratified`).

A *run frame* is a slice of the records that holds one recipe in one setting: one row per task and seed, with the
columns task, seed and value (percent). Seed 0 marks a deterministic result (zero-shot CLIP): alone, it has no interval.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np
import pandas as pd
from scipy.stats import t as student_t

from reprompt.evidence.strata import Stratum, strata_of
from reprompt.evidence.values import DETERMINISTIC, UNKNOWN, Origin, Values, by_draw, combine, difference, mean

REPRODUCED_WITHIN = 1.0  # points: what one would not call a difference between two papers' numbers
PRINTED_PRECISION = 0.05  # papers average values that were themselves rounded; half a printed decimal each way
ZERO = 1e-9  # differences below this are rounding of sums, not results
# Makes of the variances of strata better ones, and says how many degrees of freedom each gains.
Moderated = Callable[[Sequence[Stratum], Sequence[float]], tuple[Sequence[float], Sequence[float]]]


def plain(strata: Sequence[Stratum], variances: Sequence[float]) -> tuple[Sequence[float], Sequence[float]]:
    """The variances as they are."""
    return variances, [0.0] * len(variances)


@dataclass(frozen=True)
class Interval:
    """A mean with its 95 % interval and the two-sided p of "it is 0", in percent or percentage points.

    `seeds` is 0 for what no draw can change. Then, and with one draw per stratum, interval and p are NaN.
    """

    estimate: float
    low: float
    high: float
    seeds: int
    p: float = field(default=math.nan, compare=False)
    freedom: float = field(default=math.nan, compare=False)
    tasks: int = field(default=1, compare=False)

    @property
    def error(self) -> float:
        """The standard error; NaN where there is no interval."""
        return self.half_width / float(student_t.ppf(0.975, self.freedom))

    @property
    def mean(self) -> float:
        """The estimate."""
        return self.estimate

    @property
    def half_width(self) -> float:
        """Half the length of the interval; NaN where there is none."""
        return (self.high - self.low) / 2

    @property
    def has_width(self) -> bool:
        return self.seeds >= 2

    def bounds(self, level: float) -> tuple[float, float]:
        """The interval at another level than 95 %."""
        half = self.half_width * float(
            student_t.ppf((1 + level) / 2, self.freedom) / student_t.ppf(0.975, self.freedom)
        )
        return self.estimate - half, self.estimate + half

    def p_above(self, value: float) -> float:
        """One-sided p of "it is at most this value"; NaN where there is no interval.

        Without any spread it is the sign test's, 2^-n for n draws that all say the same.
        """
        if self.half_width == 0:
            return 2.0**-self.seeds if self.estimate > value else 1.0
        return float(student_t.sf((self.estimate - value) / self.error, self.freedom))

    def p_below(self, value: float) -> float:
        """One-sided p of "it is at least this value", likewise."""
        return replace(self, estimate=-self.estimate, low=-self.high, high=-self.low).p_above(-value)


def student(estimate: float, parts: Iterable[tuple[float, float]], seeds: int, tasks: int = 1) -> Interval:
    """Student's t for an estimate whose variance is a sum of independent parts (variance, its degrees of freedom).

    Welch and Satterthwaite: freedom = (sum v)^2 / sum (v^2 / d). Without any spread there is no t, and p is NaN.
    """
    parts = list(parts)
    variance = sum(part for part, _ in parts)
    if variance < ZERO**2:
        return Interval(estimate, estimate, estimate, seeds, math.nan, math.inf, tasks)
    freedom = variance**2 / sum(part**2 / degrees for part, degrees in parts)
    half = float(student_t.ppf(0.975, freedom)) * math.sqrt(variance)
    p = 2 * float(student_t.sf(abs(estimate) / math.sqrt(variance), freedom))
    return Interval(estimate, estimate - half, estimate + half, seeds, p, freedom, tasks)


def stratified(values: Values, moderated: Moderated = plain) -> Interval:
    """The mean over tasks of the mean over seeds, with a stratified t interval.

    The strata g are what was drawn by itself (strata.py). With weight w_g = (tasks in g) / (tasks), n_g units and
    variance s_g^2 over units:

        variance = sum_g v_g,  v_g = w_g^2 s_g^2 / n_g
        freedom  = variance^2 / sum_g v_g^2 / (n_g - 1 + d_0 / G)                  (Welch and Satterthwaite)

    T tasks with S seeds each and equal variances have T(S - 1) degrees of freedom; one task is the paired t test.
    `moderated` makes of the G variances better ones, and says how many degrees d_0 that is worth (moderation.py): all G
    lean on the same prior, so each has its G-th part. Without any spread over units p is the exact sign test's,
    2^(1 - n) for n draws that all say the same (counts do that), and 1 where the mean is 0.

    Raises ValueError where there are no values.
    """
    strata = strata_of(values)
    if not strata:
        raise ValueError("no runs to estimate from")
    interval = over_strata(strata, moderated)
    if interval.freedom == math.inf:
        draws = sum(len(stratum.units) for stratum in strata)
        interval = replace(interval, p=1.0 if abs(interval.estimate) < ZERO else 2.0 ** (1 - draws))
    return replace(interval, tasks=values.tasks)


def interval_over_seeds(values: Mapping[int, float] | pd.Series) -> Interval:
    """Mean and 95 % Student-t interval of one value per seed: mean +- t_{n-1} * s / sqrt(n).

    Seed 0 alone means deterministic. Raises ValueError when there is no value at all.
    """
    values = {seed: float(value) for seed, value in sorted(dict(values).items())}
    if not values:
        raise ValueError("no values: an interval needs at least one seed")
    return over_strata([Stratum("", 1, tuple(values), tuple(values.values()), UNKNOWN)])


def over_strata(strata: Sequence[Stratum], moderated: Moderated = plain) -> Interval:
    """The interval of a mean over strata; NaN without two units in every stratum."""
    tasks = sum(stratum.tasks for stratum in strata)
    estimate = math.fsum(stratum.tasks / tasks * mean(stratum.values) for stratum in strata)
    drawn = any(stratum.units != (DETERMINISTIC,) for stratum in strata)
    seeds = max(len(stratum.units) for stratum in strata) if drawn else 0
    if not drawn or any(len(stratum.units) < 2 for stratum in strata):
        return Interval(estimate, math.nan, math.nan, seeds)
    return student(estimate, parts_of_variance(strata, moderated), seeds)


def parts_of_variance(strata: Sequence[Stratum], moderated: Moderated = plain) -> list[tuple[float, float]]:
    """v_g of every stratum, with its degrees of freedom."""
    tasks = sum(stratum.tasks for stratum in strata)
    degrees = [len(stratum.units) - 1 for stratum in strata]
    variances = [float(np.var(stratum.values, ddof=1)) for stratum in strata]
    better, added = moderated(strata, variances)
    return [
        ((stratum.tasks / tasks) ** 2 * variance / len(stratum.units), own + more / len(strata))
        for stratum, variance, own, more in zip(strata, better, degrees, added, strict=True)
    ]


def mean_over_tasks(runs: pd.DataFrame) -> pd.Series:
    """The mean over tasks of a run frame, one value per seed (index). Raises ValueError if a seed lacks a task."""
    return pd.Series(values_of(runs).by_seed)


def average(runs: pd.DataFrame) -> Interval:
    """Mean over the tasks of each seed first, then the interval over seeds: what the papers call the average."""
    return interval_over_seeds(values_of(runs).by_seed)


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
    left, right = values_of(runs), values_of(reference)
    tasks, others = ({origin.task for origin in side.by_origin} for side in (left, right))
    if tasks != others:
        raise ValueError(f"cannot pair different tasks: {sorted(tasks ^ others)} on one side only")
    if left.is_drawn and right.is_drawn and left.seeds != right.seeds:
        raise ValueError(f"cannot pair seeds {left.seeds} with seeds {right.seeds}")
    gap = difference(left, right)
    by_task = {task: interval_over_seeds(gap.on((task,)).by_seed) for task in sorted(tasks)}
    return PairedDifference(interval_over_seeds(gap.by_seed), by_task)


def harmonic_mean(base: float, new: float) -> float:
    """H = 2BN / (B + N) of base and new accuracy; 0 where either is 0, also where both are."""
    return 2 * base * new / (base + new) if base > 0 and new > 0 else 0.0


def harmonic_runs(base: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """The run frame of per-task H from the run frames of base and new accuracy.

    Its `average` is the mean of the tasks' own H: ProGrad Table 3 and NPT Table 1.

    Raises ValueError where the two are not of the same tasks and seeds.
    """
    halves = values_of(base), values_of(new)
    if set(halves[0].by_origin) != set(halves[1].by_origin):
        raise ValueError("base and new accuracy are not of the same tasks and seeds")
    H = combine(*halves, harmonic_mean).by_origin
    return pd.DataFrame([(o.task, o.seed, value) for o, value in H.items()], columns=["task", "seed", "value"])


def average_H_of_means(base: pd.DataFrame, new: pd.DataFrame) -> Interval:
    """H of each seed's average base and new accuracy, then the interval over seeds: GRAM Table 1a, CoCoOp, MaPLe."""
    return interval_over_seeds(
        by_draw([values_of(base), values_of(new)], lambda halves: harmonic_mean(*halves)).by_seed
    )


def values_of(runs: pd.DataFrame) -> Values:
    """A run frame by run. Raises ValueError for gaps and for two values."""
    if runs.duplicated(["seed", "task"]).any():
        twice = runs.loc[runs.duplicated(["seed", "task"]), ["seed", "task"]].to_records(index=False).tolist()
        raise ValueError(f"more than one value for (seed, task) {twice[:3]}: choose one recipe, backbone, shots, split")
    by_run = {(int(seed), task): float(value) for seed, task, value in runs[["seed", "task", "value"]].to_numpy()}
    seeds, tasks = (sorted({run[place] for run in by_run}) for place in (0, 1))
    missing = [run for run in product(seeds, tasks) if math.isnan(by_run.get(run, math.nan))]
    if missing:
        raise ValueError(f"no value for (seed, task) {missing[:3]}: average only tasks that every seed has")
    origins = {Origin(task, task, 0, seed): value for (seed, task), value in by_run.items()}
    return Values({origin if origin.seed else origin.undrawn: value for origin, value in origins.items()})


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

    `obstacle` is the answer of `why_not_comparable`. "reproduced" is shown, never inferred from noise: the 90 %
    interval lies within REPRODUCED_WITHIN of the printed value, which is two one-sided tests at 5 %; without an
    interval, the two agree to the printed precision. "undecided" means that the 95 % interval holds the printed value,
    to its precision, and the other one reaches too far.
    """
    if value is None:
        return "not run"
    if math.isnan(published):
        return "no published value"
    if obstacle:
        return f"not comparable: {obstacle}"
    if value.has_width and all(abs(bound - published) <= REPRODUCED_WITHIN for bound in value.bounds(0.9)):
        return "reproduced"
    low, high = (value.low, value.high) if value.has_width else (value.estimate, value.estimate)
    tolerance = PRINTED_PRECISION + ZERO  # 61.30 and 61.35 agree, whatever binary rounding makes of them
    if low - tolerance <= published <= high + tolerance:
        words = "undecided" if value.has_width else "reproduced"
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
    if abs(gain.estimate) < ZERO:
        return f"equal to {reference}" + _without_interval(gain)
    words = f"{'above' if gain.estimate > 0 else 'below'} {reference}"
    if not math.isnan(published_gain) and published_gain != 0:
        words += ", as published" if (gain.estimate > 0) == (published_gain > 0) else ", against published"
    return words + _without_interval(gain)


def _without_interval(value: Interval) -> str:
    return {0: " (deterministic)", 1: " (one seed, no interval)"}.get(value.seeds, "")
