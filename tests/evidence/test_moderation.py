"""Moderated variances against their formulas worked out one stratum at a time."""

import math

import numpy as np
import pytest
from scipy import stats
from scipy.special import polygamma

from reprompt.benchmarks.error_rates import inverse_trigamma, limma
from reprompt.evidence.family import Family
from reprompt.evidence.moderation import QUANTILE, Prior, fit_prior
from reprompt.evidence.statistics import over_strata, parts_of_variance
from reprompt.evidence.strata import Stratum
from reprompt.evidence.values import Size

K, D = 120, 9.0  # strata of a kind, degrees of freedom of each
DEGREES, NO_SIZES = np.full(K, D), np.zeros((K, 2))
# What variances of strata look like whose widths are all 1: the quantiles of their law, in a mixed order
ALIKE = np.random.default_rng(0).permutation(stats.chi2.ppf((np.arange(K) + 0.5) / K, D) / D)[None]
IS_WIDE = np.arange(K) % 2 == 1
OF_BOTH = stats.chi2.ppf((np.arange(K // 2) + 0.5) / (K // 2), D) / D  # of the narrow, and nine times of the wide
TWO_WIDTHS = np.stack([OF_BOTH, 9 * OF_BOTH[::-1]], axis=1).reshape(1, K)


def test_variances_that_are_alike_have_a_prior_at_their_mean():
    prior = fit_prior(ALIKE, DEGREES, NO_SIZES)
    d0 = prior.d0[0]
    assert d0 >= 2 * D
    assert prior.centres[0] == pytest.approx(np.full(K, ALIKE.mean()))
    better, added = prior.moderated(ALIKE, DEGREES)
    assert better[0] == pytest.approx((D * ALIKE[0] + d0 * ALIKE.mean()) / (D + d0))
    assert added[0] == pytest.approx(np.full(K, d0))


def test_d0_is_the_largest_that_the_spread_of_log_variances_rejects_from_below():
    d0 = fit_prior(ALIKE, DEGREES, NO_SIZES).d0[0]
    spread = np.var(np.log(ALIKE[0]), ddof=1)

    def end(of):
        expected = polygamma(1, D / 2) + polygamma(1, of / 2)
        fourth = polygamma(3, D / 2) + polygamma(3, of / 2)
        return expected - QUANTILE * math.sqrt((fourth + 2 * expected**2) / (K - 1))

    assert spread < end(d0)
    assert not spread < end(d0 * 1.03), "the grid has steps of 2.3 %"


def test_narrow_and_wide_strata_have_no_prior():
    prior = fit_prior(TWO_WIDTHS, DEGREES, NO_SIZES)
    assert prior.d0[0] == 0
    better, added = prior.moderated(TWO_WIDTHS, DEGREES)
    assert (better == TWO_WIDTHS).all() and not added.any()


def test_but_for_a_trend_that_explains_their_widths():
    sizes = np.column_stack([IS_WIDE, np.zeros(K)]).astype(float)
    prior = fit_prior(TWO_WIDTHS, DEGREES, sizes)
    assert prior.d0[0] >= 2 * D
    assert prior.centres[0, IS_WIDE] / prior.centres[0, ~IS_WIDE] == pytest.approx(np.full(K // 2, 9.0))
    assert prior.centres[0, ~IS_WIDE] == pytest.approx(np.full(K // 2, OF_BOTH.mean()))


def test_zero_variances_are_left_out_and_stay():
    with_zeros, of_all = np.concatenate([ALIKE, np.zeros((1, 5))], axis=1), np.full(K + 5, D)
    prior, whole = fit_prior(ALIKE, DEGREES, NO_SIZES), fit_prior(with_zeros, of_all, np.zeros((K + 5, 2)))
    assert whole.d0 == pytest.approx(prior.d0) and prior.d0[0] > 0
    assert whole.centres[0, :K] == pytest.approx(prior.centres[0])
    better, added = whole.moderated(with_zeros, of_all)
    assert not better[0, K:].any() and not added[0, K:].any()


def test_prior_and_own_degrees_are_never_more_than_all_strata_have_together():
    """Variances all the same say that d0 is large beyond measure."""
    prior = fit_prior(np.ones((1, 12)), np.full(12, 4.0), np.zeros((12, 2)))
    assert prior.d0[0] == pytest.approx(12 * 4 - 4)


def test_few_strata_have_no_prior():
    for strata in (1, 2, 3):
        assert fit_prior(ALIKE[:, :strata], np.full(strata, 2.0), np.zeros((strata, 2))).d0[0] == 0


def test_many_worlds_at_once_are_each_by_itself():
    worlds = np.concatenate([ALIKE, ALIKE[:, ::-1] ** 2, TWO_WIDTHS, ALIKE + 1])
    worlds[0, 3] = 0.0
    sizes = np.random.default_rng(0).random((K, 2))
    together = fit_prior(worlds, DEGREES, sizes)
    for world in range(4):
        alone = fit_prior(worlds[world : world + 1], DEGREES, sizes)
        assert together.d0[world] == pytest.approx(alone.d0[0])
        assert together.centres[world] == pytest.approx(alone.centres[0])


def strata(samples, sizes=None):
    return [
        Stratum(f"task{n}", 1, tuple(range(1, len(sample) + 1)), tuple(sample), sizes[n] if sizes else Size())
        for n, sample in enumerate(samples)
    ]


def test_a_comparison_of_G_strata_gains_a_Gth_of_the_priors_degrees_in_each():
    samples = [[1.0, 2.0, 4.0], [0.0, 3.0, 1.0]]
    prior = Prior(np.array([6.0]), np.array([[2.0, 2.0]]))

    def moderated(some, variances):
        better, added = prior.moderated(np.array([variances]), np.array([2.0, 2.0]))
        return better[0], added[0]

    interval = over_strata(strata(samples), moderated)
    v = [((2 * np.var(sample, ddof=1) + 6 * 2) / 8) / 3 / 4 for sample in samples]
    freedom = sum(v) ** 2 / sum(part**2 / (2 + 6 / 2) for part in v)
    assert interval.freedom == pytest.approx(freedom)
    assert interval.p == pytest.approx(2 * stats.t.sf(interval.estimate / math.sqrt(sum(v)), freedom))


def test_a_family_counts_every_stratum_of_a_kind_once_and_keeps_kinds_apart():
    pattern = np.arange(10) - 4.5
    pattern /= pattern.std(ddof=1)
    narrow, wide = (strata(np.sqrt(width * ALIKE[0])[:, None] * pattern) for width in (1.0, 81.0))
    family = Family()
    family.add(("narrow",), narrow)
    family.add(("narrow",), narrow[:7])
    family.add(("wide",), wide)
    family.add(("wide",), strata([[1.0]]))  # one unit has no variance
    assert len(family.strata) == 2 * K
    d0 = fit_prior(ALIKE, DEGREES, NO_SIZES).d0[0]
    assert family.degrees_gained() == {("narrow",): pytest.approx(d0), ("wide",): pytest.approx(d0)}
    parts = parts_of_variance(narrow[:2], family.moderated(("narrow",)))
    better = (D * ALIKE[0, 0] + d0 * ALIKE.mean()) / (D + d0)
    assert parts[0] == (pytest.approx(better / 10 / 4), pytest.approx(D + d0 / 2))


def test_limmas_prior_by_moments():
    """trigamma(d0 / 2) is what log variances spread beyond trigamma(d / 2)."""
    prior = limma(TWO_WIDTHS, DEGREES)
    excess = np.var(np.log(TWO_WIDTHS[0]), ddof=1) - polygamma(1, D / 2)
    assert polygamma(1, prior.d0[0] / 2) == pytest.approx(excess)
    assert inverse_trigamma(polygamma(1, np.array([0.3, 2.0, 50.0]))) == pytest.approx([0.3, 2.0, 50.0])
