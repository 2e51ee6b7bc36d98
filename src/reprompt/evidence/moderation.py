"""Moderated variances: strata of one kind say together what a stratum's variance from 3 to 10 draws says poorly.

Smyth, Linear models and empirical Bayes methods, SAGMB 3 (2004), the method behind limma; the trend is limma-trend's.

    paper        here       meaning
    s_g^2, d_g   variances, degrees    of stratum g, from its units alone
    s_0^2, d_0   centres, d0           what variances of this kind are like, and how many degrees that is worth
    s~_g^2                             (d_g s_g^2 + d_0 s_0^2) / (d_g + d_0), with d_g + d_0 degrees of freedom

Variances of a kind that are alike but for a trend of their logarithm on log shots and log test images give a large d0.

Two things are more cautious than in limma, and for one reason: shrinking helps on average over strata, and a verdict is
about one comparison. Where a kind holds narrow and wide strata (standard deviations 1 and 3), limma's point estimate of
d0 rejects true hypotheses about the wide ones in 7 to 14 of 100 cases at 5 % (`reprompt bench error-rates`).
- d0 is the lower end of its one-sided 95 % interval, and a prior that is worth less than TWICE the degrees that a
  stratum has itself is none: it would change little, and is too little to tell a kind of one width from one of two.
- s_0^2 is on the level of the mean variance, not of the mean logarithm, so that the variance of an average is unbiased.

    W worlds, K strata of a kind
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.special import polygamma

TWICE = 2
QUANTILE = 1.6448536269514722  # of the normal distribution: 95 % one-sided
LEAST_VARIANCE = 1e-18  # below it is rounding of sums
DEGREES = np.exp(np.linspace(np.log(0.5), np.log(5000.0), 400))  # what d0 is looked for among
SKEW = 1e-9  # of the design: of what does not vary no trend is fitted


@dataclass(frozen=True)
class Prior:
    """What the variances of a kind are like: `d0` (W,), 0 where there is no prior, and `centres` (W, K)."""

    d0: np.ndarray
    centres: np.ndarray

    def moderated(self, variances: np.ndarray, degrees: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """s~^2 of variances (W, K) with `degrees` (K,), and the degrees that the prior adds, both (W, K).

        A variance of zero stays zero.
        """
        added = np.where(variances > LEAST_VARIANCE, self.d0[..., None], 0.0)
        return (degrees * variances + added * self.centres) / (degrees + added), added


def fit_prior(variances: np.ndarray, degrees: np.ndarray, sizes: np.ndarray) -> Prior:
    """The prior of a kind's variances (W, K), given their degrees (K,) and what the trend is on, `sizes` (K, P).

    Zero variances are left out. d0 + d never exceeds the pooled residual degrees of freedom.
    """
    used = (variances > LEAST_VARIANCE).astype(float)
    safe = np.where(used > 0, variances, 1.0)
    count = used.sum(axis=-1)
    expected = polygamma(0, degrees / 2) - np.log(degrees / 2)  # of log s^2 / sigma^2
    logs = np.log(safe) - expected
    trend, rank = _fitted(logs, used, _design(sizes))
    left = count - rank
    spread = (used * (logs - trend) ** 2).sum(axis=-1) / np.maximum(left, 1)
    d0 = np.where(left >= 2, _least_degrees(spread, used, degrees, left), 0.0)
    pooled = (used * degrees).sum(axis=-1)
    own = pooled / np.maximum(count, 1)
    d0 = np.where(d0 >= TWICE * own, np.maximum(np.minimum(d0, pooled - own), 0.0), 0.0)
    shape = np.exp(trend)
    level = (used * degrees * variances / shape).sum(axis=-1) / np.maximum(pooled, 1)
    return Prior(d0, shape * level[..., None])


def _design(sizes: np.ndarray) -> np.ndarray:
    """An intercept and what varies of the sizes (K, P), centred: (K, 1 + some)."""
    centred = sizes - sizes.mean(axis=0)
    varying = centred[:, centred.std(axis=0) > SKEW]
    return np.column_stack([np.ones(len(sizes)), varying])


def _fitted(logs: np.ndarray, used: np.ndarray, design: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least squares of logs (W, K) on the design, where used: the fit (W, K) and its rank (W,)."""
    normal = np.einsum("...k,ki,kj->...ij", used, design, design)
    right = np.einsum("...k,...k,ki->...i", used, logs, design)
    coefficients = np.einsum("...ij,...j->...i", np.linalg.pinv(normal, rcond=SKEW, hermitian=True), right)
    return coefficients @ design.T, np.linalg.matrix_rank(normal, tol=SKEW, hermitian=True)


def _least_degrees(spread: np.ndarray, used: np.ndarray, degrees: np.ndarray, left: np.ndarray) -> np.ndarray:
    """The largest d0 that the spread of log variances (W,) rejects from below, 0 where it rejects none.

    With d0 degrees log s^2 spreads by trigamma(d / 2) + trigamma(d0 / 2), the sum of two cumulants; what is observed of
    it over `left` degrees has the variance (fourth cumulant + 2 spread^2) / left.
    """
    count = np.maximum(used.sum(axis=-1), 1)
    own, own_fourth = ((used * polygamma(n, degrees / 2)).sum(axis=-1) / count for n in (1, 3))
    of_prior, fourth = _cumulants()
    expected = own[..., None] + of_prior
    error = np.sqrt((own_fourth[..., None] + fourth + 2 * expected**2) / np.maximum(left, 1)[..., None])
    rejected = spread[..., None] < expected - QUANTILE * error
    places = np.where(rejected, np.arange(len(DEGREES)), -1).max(axis=-1)
    return np.where(places >= 0, DEGREES[np.maximum(places, 0)], 0.0)


@cache
def _cumulants() -> tuple[np.ndarray, np.ndarray]:
    return polygamma(1, DEGREES / 2), polygamma(3, DEGREES / 2)
