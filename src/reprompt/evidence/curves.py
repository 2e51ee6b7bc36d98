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
from dataclasses import replace

import numpy as np

from reprompt.evidence.lookup import Missing
from reprompt.evidence.statistics import ZERO, Interval, student
from reprompt.evidence.values import mean

BLOCKS = 4  # in a third; a block of a twelfth of the run
FEWEST = 3 * BLOCKS  # steps


def rise(curves: Iterable[np.ndarray]) -> Interval:
    """Last third less first third of some runs' curves (steps,), with a 95 % interval and the two-sided p of "it is 0".

    `seeds` is the number of runs. Raises Missing where a curve has fewer than FEWEST steps.
    """
    runs = [thirds(curve) for curve in curves]
    gain = mean(float(last.mean() - first.mean()) for first, last in runs)
    blocks = [[block.mean() for block in np.array_split(third, BLOCKS)] for run in runs for third in run]
    parts = [(float(np.var(means, ddof=1)) / BLOCKS / len(runs) ** 2, BLOCKS - 1) for means in blocks]
    risen = student(gain, parts, len(runs))
    return replace(risen, p=float(abs(gain) < ZERO)) if math.isnan(risen.p) else risen


def thirds(curve: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first and the last third of a curve (steps,). Raises Missing where it has fewer than FEWEST steps."""
    if len(curve) < FEWEST:
        raise Missing(f"only {len(curve)} steps were logged, and a trend needs {FEWEST}")
    third = len(curve) // 3
    return curve[:third], curve[-third:]
