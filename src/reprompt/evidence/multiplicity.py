"""Many tests at once: what p is worth in a family of claims, and of several parts of one claim.

W worlds, m tests. All work on arrays (..., m) along their last axis, whole families of many worlds at once.
"""

import numpy as np


def holm(p: np.ndarray) -> np.ndarray:
    """Holm's adjustment: p_(k) becomes the running maximum of (m - k + 1) p_(k), at most 1. Any false claim: 5 %."""
    order, ordered, m = *_ordered(p), p.shape[-1]
    adjusted = np.maximum.accumulate(ordered * np.arange(m, 0, -1), axis=-1)
    return _back(order, np.minimum(adjusted, 1.0))


def benjamini_hochberg(p: np.ndarray) -> np.ndarray:
    """Benjamini and Hochberg's (1995): p_(k) becomes the smallest m p_(j) / j of j >= k. Of the claims: 5 % false."""
    order, ordered, m = *_ordered(p), p.shape[-1]
    scaled = ordered * m / np.arange(1, m + 1)
    return _back(order, np.minimum(np.minimum.accumulate(scaled[..., ::-1], axis=-1)[..., ::-1], 1.0))


def partial_conjunction(p: np.ndarray, least: int) -> np.ndarray:
    """PC(u): one-sided p (..., m) of parts to p (...) that at least u = `least` of them are true; 1 for too few parts.

    Benjamini and Heller, Biometrics 64 (2008): of the sorted p the u-th times (m - u + 1), the running maximum over u.
    u = m is the largest p (intersection-union), u = 1 is m times the smallest (Bonferroni).
    """
    m = p.shape[-1]
    if least > m:
        return np.ones(p.shape[:-1])
    every = np.sort(p, axis=-1) * np.arange(m, 0, -1)
    return np.minimum(every[..., : max(least, 1)].max(axis=-1), 1.0)


def _ordered(p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(p, axis=-1, kind="stable")
    return order, np.take_along_axis(p, order, axis=-1)


def _back(order: np.ndarray, ordered: np.ndarray) -> np.ndarray:
    in_place = np.empty_like(ordered)
    np.put_along_axis(in_place, order, ordered, axis=-1)
    return in_place
