import numpy as np
import pytest
from scipy import stats

from reprompt.evidence.rotations import orthogonal, turned
from reprompt.evidence.strata import Stratum
from reprompt.evidence.values import Size

STREAM = np.random.default_rng


def stratum(values, name="dtd"):
    return Stratum(name, 1, tuple(range(1, len(values) + 1)), tuple(values), Size())


def test_matrices_are_orthogonal_and_as_many_reflect_as_rotate():
    matrices = orthogonal(400, 3, STREAM(0))
    assert matrices @ matrices.swapaxes(1, 2) == pytest.approx(np.broadcast_to(np.eye(3), (400, 3, 3)), abs=1e-12)
    assert (np.linalg.det(matrices) > 0).mean() == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("units", [3, 10])
def test_a_turned_effect_is_no_effect_whatever_it_was(units):
    """The t statistic of a turned sample has Student's law, also where all units said 7."""
    for values in (np.random.default_rng(1).normal(size=units), np.full(units, 7.0)):
        nothing = np.zeros((20_000, 1), bool)
        means, variances = turned([stratum(values)], nothing, 20_000, STREAM(2))
        t = means[:, 0] / np.sqrt(variances[:, 0] / units)
        p = 2 * stats.t.sf(np.abs(t), units - 1)
        assert stats.kstest(p, "uniform").pvalue > 1e-3


def test_length_is_kept_so_that_spreads_stay_what_they_are():
    values = np.array([1.0, -2.0, 4.0])
    means, variances = turned([stratum(values)], np.zeros((50, 1), bool), 50, STREAM(0))
    assert 3 * means[:, 0] ** 2 + 2 * variances[:, 0] == pytest.approx(np.full(50, 21.0))


def test_strata_of_one_set_are_turned_together_and_others_apart():
    values = np.array([1.0, -2.0, 4.0])
    strata = [stratum(values), stratum(2 * values), stratum(values, "eurosat")]
    means, _ = turned(strata, np.zeros((50, 3), bool), 50, STREAM(0))
    assert means[:, 1] == pytest.approx(2 * means[:, 0])
    assert abs(means[:, 2] - means[:, 0]).max() > 0.1


def test_what_keeps_its_effect_varies_around_it_as_much_as_its_draws_say():
    values = np.array([9.0, 11.0, 10.5, 8.5, 11.5])
    means, variances = turned([stratum(values)], np.ones((20_000, 1), bool), 20_000, STREAM(0))
    assert means.mean() == pytest.approx(values.mean(), abs=0.02)
    assert means.var() == pytest.approx(values.var(ddof=1) / 5, rel=0.05)
    assert variances.mean() == pytest.approx(values.var(ddof=1), rel=0.05)
