"""The Mantel test: are two measures of the same pairs of tasks correlated? Mantel, Cancer Research 27 (1967).

The n (n - 1) ordered pairs are not independent observations: every task is in 2 (n - 1) of them. So the correlation is
judged against those that arise when the tasks of one matrix are relabelled, its rows and columns together; this keeps
whatever a task does to all of its pairs, and breaks only which task it is in the other matrix.

The matrices may be asymmetric; their diagonals, a task with itself, are left out. Correlations are of ranks
(Spearman), so neither outliers nor the unit of a matrix matter.

    n tasks, P permutations
"""

import math
from dataclasses import dataclass
from itertools import permutations as all_orders

import numpy as np
from scipy.stats import rankdata

from reprompt.evidence.exchanges import share_as_extreme

PERMUTATIONS = 999  # the smallest p is then 0.001
AS_EXTREME = 1e-12  # correlations that differ by less are equal: the order of a sum must not decide


@dataclass(frozen=True)
class Mantel:
    """A rank correlation in [-1, 1] over a number of ordered pairs, and its two-sided permutation p in (0, 1].

    Both are NaN where a matrix is constant, or a partial correlation is asked for with two matrices of equal ranks.
    """

    correlation: float
    p: float
    pairs: int


def mantel(matrix: np.ndarray, other: np.ndarray, seed: int = 0, permutations: int = PERMUTATIONS) -> Mantel:
    """The rank correlation of two matrices (n, n) and its p = (1 + as extreme) / (1 + permutations).

    With at most `permutations` ways of relabelling, each is taken once and p is exact.
    """
    matrix, other = ranks(matrix), ranks(other)
    return _tested(_correlations(matrix, other, orders(len(matrix), seed, permutations)), len(matrix))


def partial_mantel(
    matrix: np.ndarray, other: np.ndarray, given: np.ndarray, seed: int = 0, permutations: int = PERMUTATIONS
) -> Mantel:
    """The partial rank correlation of `matrix` and `other` given a third, all (n, n); `matrix` is relabelled.

    Smouse, Long and Sokal, Systematic Zoology 35 (1986); relabelling it rather than its residuals is method 1
    of Legendre, J. Statistical Computation and Simulation 67 (2000). It holds well for ranks, but is not exact.
    """
    matrix, other, given = ranks(matrix), ranks(other), ranks(given)
    relabelled = orders(len(matrix), seed, permutations)
    with_other, with_given = _correlations(matrix, other, relabelled), _correlations(matrix, given, relabelled)
    between = float((other * given).sum())
    left = (1 - with_given**2) * (1 - between**2)  # what `given` leaves unexplained; 0 but for rounding: undefined
    partial = (with_other - with_given * between) / np.sqrt(np.where(left > AS_EXTREME, left, np.nan))
    return _tested(partial, len(matrix))


def ranks(matrix: np.ndarray) -> np.ndarray:
    """Ranks of the entries off the diagonal with mean 0 and length 1, and 0 on the diagonal: (n, n) -> (n, n).

    The product of two such matrices, summed, is Spearman's correlation. All NaN where the entries are constant.
    Raises ValueError where an entry off the diagonal is NaN.
    """
    matrix = np.asarray(matrix, dtype=float)
    off_diagonal = ~np.eye(len(matrix), dtype=bool)
    if np.isnan(matrix[off_diagonal]).any():
        raise ValueError("a pair of tasks has no value: leave out the tasks that lack pairs")
    centred = rankdata(matrix[off_diagonal]) - (off_diagonal.sum() + 1) / 2
    length = np.linalg.norm(centred)
    ranked = np.zeros_like(matrix)
    ranked[off_diagonal] = centred / length if length else np.nan
    return ranked


def orders(tasks: int, seed: int, permutations: int) -> np.ndarray:
    """Orders of the tasks, (P, n): first the one they have, then all others or, where these are more, random ones."""
    if math.factorial(tasks) - 1 <= permutations:
        return np.array(list(all_orders(range(tasks))))
    from reprompt.foundation.streams import numpy_stream  # brings torch along, which no table but this one needs

    unchanged = np.arange(tasks)
    drawn = numpy_stream(seed, "mantel").permuted(np.tile(unchanged, (permutations, 1)), axis=1)
    return np.concatenate([unchanged[None], drawn])


def _correlations(matrix: np.ndarray, other: np.ndarray, orders: np.ndarray) -> np.ndarray:
    """Correlations (P,) of `matrix`, relabelled by each of the orders (P, n), with `other`."""
    return np.einsum("pij,ij->p", matrix[orders[:, :, None], orders[:, None, :]], other)


def _tested(correlations: np.ndarray, tasks: int) -> Mantel:
    """The first correlation among all (P,), itself included."""
    own, pairs = float(correlations[0]), tasks * (tasks - 1)
    if math.isnan(own):
        return Mantel(math.nan, math.nan, pairs)
    less = np.abs(correlations[1:]) < abs(own) - AS_EXTREME  # an undefined one is not less: p errs on the large side
    return Mantel(own, share_as_extreme(~less), pairs)
