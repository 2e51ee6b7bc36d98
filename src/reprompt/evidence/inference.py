"""The test behind a verdict: a t test over few-shot draws, stratified by what the draws were drawn from.

A *draw* is a seed's few-shot sample of one task. Draws of different tasks are independent, so tasks are the strata.
When one tuned prompt is judged on several tasks (cross-dataset transfer, domain shift) these share its draw: they are
averaged first, and the stratum is the task that was drawn from.
"""

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student_t

from reprompt.evidence.values import DETERMINISTIC, Values, mean

ZERO = 1e-9  # differences below this are rounding of sums, not results


@dataclass(frozen=True)
class Estimate:
    """A mean with its 95 % interval and the two-sided p of "it is 0".

    `seeds` is 0 for what no draw can change. Then, and with one draw per stratum, interval and p are NaN.
    """

    mean: float
    low: float
    high: float
    p: float
    freedom: float
    seeds: int
    tasks: int

    @property
    def half_width(self) -> float:
        return (self.high - self.low) / 2


def estimate(values: Values) -> Estimate:
    """The mean over tasks of the mean over seeds, with a stratified t interval.

    With strata g of weight w_g = (tasks in g) / (tasks), S_g seeds and standard deviation s_g over seeds (each task's
    shots averaged first, then the stratum's tasks):

        variance = sum_g w_g^2 s_g^2 / S_g,
        freedom  = variance^2 / sum_g (w_g^2 s_g^2 / S_g)^2 / (S_g - 1)          (Welch and Satterthwaite)

    T tasks with S seeds each and equal variances have T(S - 1) degrees of freedom; one task is the paired t test. A
    stratum loses the seeds in which one of its tasks was not run. Without any spread over seeds there is no t: then p
    is the exact sign test's, 2^(1 - n) for n draws that all say the same (counts do that), and 1 where the mean is 0.

    Raises ValueError where there are no values.
    """
    strata = _strata(values)
    if not strata:
        raise ValueError("no runs to estimate from")
    tasks = sum(count for count, _ in strata)
    weights = [count / tasks for count, _ in strata]
    center = sum(weight * mean(by_seed.values()) for weight, (_, by_seed) in zip(weights, strata, strict=True))
    seeds = 0 if not values.is_drawn else max(len(by_seed) for _, by_seed in strata)
    if seeds == 0 or any(len(by_seed) < 2 for _, by_seed in strata):
        nan = math.nan
        return Estimate(center, low=nan, high=nan, p=nan, freedom=nan, seeds=seeds, tasks=values.tasks)
    parts = [
        (weight**2 * float(np.var(list(by_seed.values()), ddof=1)) / len(by_seed), len(by_seed) - 1)
        for weight, (_, by_seed) in zip(weights, strata, strict=True)
    ]
    variance = sum(part for part, _ in parts)
    if variance < ZERO**2:
        draws = sum(len(by_seed) for _, by_seed in strata)
        p = 1.0 if abs(center) < ZERO else 2.0 ** (1 - draws)
        return Estimate(center, low=center, high=center, p=p, freedom=math.inf, seeds=seeds, tasks=values.tasks)
    freedom = variance**2 / sum(part**2 / degrees for part, degrees in parts)
    half = float(student_t.ppf(0.975, freedom)) * math.sqrt(variance)
    p = 2 * float(student_t.sf(abs(center) / math.sqrt(variance), freedom))
    return Estimate(center, center - half, center + half, p=p, freedom=freedom, seeds=seeds, tasks=values.tasks)


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Holm's adjustment of a family of p values: p_(k) becomes the running maximum of (m - k + 1) p_(k), at most 1."""
    adjusted, largest = {}, 0.0
    for smaller, name in enumerate(sorted(p_values, key=lambda name: (p_values[name], name))):
        largest = max(largest, min(1.0, (len(p_values) - smaller) * p_values[name]))
        adjusted[name] = largest
    return adjusted


def _strata(values: Values) -> list[tuple[int, dict[int, float]]]:
    """For each stratum the number of its tasks and, per seed, their mean; a deterministic task is its own stratum."""
    cells: dict[str, dict[tuple[str, int], dict[int, float]]] = defaultdict(lambda: defaultdict(dict))
    for origin, value in values.by_origin.items():
        stratum = origin.task if origin.seed == DETERMINISTIC else origin.source
        cells[stratum][origin.task, origin.shots][origin.seed] = value
    strata = []
    for stratum in sorted(cells):
        common = set.intersection(*(set(by_seed) for by_seed in cells[stratum].values()))
        tasks = sorted({task for task, _ in cells[stratum]})
        means = {}
        for seed in sorted(common):
            by_task = [
                mean(by_seed[seed] for (cell_task, _), by_seed in cells[stratum].items() if cell_task == task)
                for task in tasks
            ]
            means[seed] = mean(by_task)
        if means:
            strata.append((len(tasks), means))
    return strata
