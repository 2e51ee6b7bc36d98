"""Whether a curve that was logged step by step rises: the mean of its last third less the mean of its first.

Neighbouring steps resemble each other, so n steps are far fewer than n observations. Each third is therefore cut into
BLOCKS stretches, and only their means are counted (batch means): the difference of the thirds is tested by Welch's t on
BLOCKS against BLOCKS numbers. That is honest as long as a stretch is longer than what a step remembers. A trend within
a third counts as spread, which makes the test cautious.

With several runs their differences are averaged and their variances added. The test says whether the rise of these
runs could be the noise of their steps, not whether other runs would rise as much.
"""

import math
from collections.abc import Iterable

import numpy as np
from scipy.stats import t as student_t

from reprompt.evidence.inference import ZERO, Estimate
from reprompt.evidence.lookup import Missing

BLOCKS = 4  # in a third; a block of a twelfth of the run
FEWEST = 3 * BLOCKS  # steps


def rise(curves: Iterable[np.ndarray]) -> Estimate:
    """Last third less first third of some runs' curves (steps,), with a 95 % interval and the two-sided p of "it is 0".

    Raises Missing where a curve has fewer than FEWEST steps.
    """
    gains, parts = [], []
    for curve in curves:
        first, last = thirds(curve)
        blocks = [[block.mean() for block in np.array_split(third, BLOCKS)] for third in (first, last)]
        gains.append(float(last.mean() - first.mean()))
        parts += [float(np.var(means, ddof=1)) / BLOCKS for means in blocks]
    runs = len(gains)
    mean, variance = sum(gains) / runs, sum(parts) / runs**2
    if variance < ZERO**2:
        p = float(abs(mean) < ZERO)
        return Estimate(mean, low=mean, high=mean, p=p, freedom=math.inf, seeds=runs, tasks=1)
    freedom = sum(parts) ** 2 / sum(part**2 / (BLOCKS - 1) for part in parts)
    half = float(student_t.ppf(0.975, freedom)) * math.sqrt(variance)
    p = 2 * float(student_t.sf(abs(mean) / math.sqrt(variance), freedom))
    return Estimate(mean, low=mean - half, high=mean + half, p=p, freedom=freedom, seeds=runs, tasks=1)


def thirds(curve: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first and the last third of a curve (steps,). Raises Missing where it has fewer than FEWEST steps."""
    if len(curve) < FEWEST:
        raise Missing(f"only {len(curve)} steps were logged, and a trend needs {FEWEST}")
    third = len(curve) // 3
    return curve[:third], curve[-third:]
