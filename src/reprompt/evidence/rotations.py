"""Worlds without effects, by rotation: Langsrud, Rotation tests, Statistics and Computing 15 (2005).

Values of n independent units that are normal around 0 with one variance look the same from every direction of n
dimensions: turned by a random orthogonal matrix, constant direction included, they are as likely as they were. So a
comparison's values, turned, are a world in which it has no effect. Everything that is measured on the same units is
turned by the same matrix, and so stays as dependent as it is. (Signs would not do: with 3 units centred signs cannot
reject and raw signs reject too often.)

A comparison that keeps its effect has its mean, and its deviations turned, sqrt(n / (n - 1)) times as long, as the
constant direction has a share in them then.

    W worlds, K strata, n units
"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from reprompt.evidence.strata import Stratum


def orthogonal(worlds: int, units: int, stream: np.random.Generator) -> np.ndarray:
    """Random orthogonal matrices (W, n, n), uniform over all rotations and reflections."""
    q, r = np.linalg.qr(stream.standard_normal((worlds, units, units)))
    return q * np.sign(np.diagonal(r, axis1=-2, axis2=-1))[:, None, :]


def turned(
    strata: Sequence[Stratum], keeps: np.ndarray, worlds: int, stream: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Means and variances of strata in worlds, (W, K) each; `keeps` (W, K) says which keep their effect."""
    means, variances = (np.empty((worlds, len(strata))) for _ in range(2))
    sets: dict[tuple, list[int]] = defaultdict(list)
    for place, stratum in enumerate(strata):
        sets[stratum.independent_set].append(place)
    for (_, units), places in sorted(sets.items()):
        n = len(units)
        values = np.array([strata[place].values for place in places]).T  # (n, k)
        mean = values.mean(axis=0)
        matrices = orthogonal(worlds, n, stream)
        without = matrices @ values
        with_effect = mean + np.sqrt(n / (n - 1)) * (matrices @ (values - mean))
        world = np.where(keeps[:, None, places], with_effect, without)  # (W, n, k)
        means[:, places], variances[:, places] = world.mean(axis=1), world.var(axis=1, ddof=1)
    return means, variances
