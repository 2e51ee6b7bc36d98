import numpy as np
import pytest
from scipy.stats import false_discovery_control

from reprompt.evidence.multiplicity import benjamini_hochberg, holm, partial_conjunction

RANDOM = np.random.default_rng(0)
# Of one to twelve p, many of them small, some alike
families = pytest.mark.parametrize("p", [np.round(RANDOM.random(n % 12 + 1) ** (n % 5 + 1), 3) for n in range(60)])


def test_holm_by_hand():
    assert holm(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm(np.array([0.9, 0.8])) == pytest.approx([1.0, 1.0])


def test_benjamini_hochberg_by_hand():
    assert benjamini_hochberg(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx([0.02, 0.04, 0.04, 0.02])


@families
def test_benjamini_hochberg_is_scipys(p):
    assert benjamini_hochberg(np.array(p)) == pytest.approx(false_discovery_control(p, method="bh"))


@families
def test_holm_rejects_what_its_step_down_rejects(p):
    """By its definition: go up the sorted p while p_(k) <= alpha / (m - k + 1)."""
    alpha, m, rejected = 0.05, len(p), set()
    for step, place in enumerate(sorted(range(m), key=lambda place: p[place])):
        if p[place] > alpha / (m - step):
            break
        rejected.add(place)
    assert {place for place, adjusted in enumerate(holm(np.array(p))) if adjusted <= alpha} == rejected


@families
@pytest.mark.parametrize("least", [1, 2, 5, 12])
def test_a_partial_conjunction_is_the_largest_of_its_steps(p, least):
    if least > len(p):
        assert partial_conjunction(np.array(p), least) == 1
        return
    ordered = sorted(p)
    steps = [(len(p) - k) * ordered[k] for k in range(least)]
    assert partial_conjunction(np.array(p), least) == pytest.approx(min(1.0, max(steps)))


def test_all_is_the_largest_p_and_one_is_bonferronis():
    p = np.array([0.2, 0.01, 0.03])
    assert partial_conjunction(p, 3) == pytest.approx(0.2)
    assert partial_conjunction(p, 1) == pytest.approx(0.03)


def test_many_worlds_at_once_are_each_by_itself():
    p = np.random.default_rng(0).random((7, 5))
    for of_many, of_one in ((holm, holm), (benjamini_hochberg, benjamini_hochberg)):
        assert of_many(p) == pytest.approx(np.array([of_one(row) for row in p]))
    assert partial_conjunction(p, 2) == pytest.approx(np.array([float(partial_conjunction(row, 2)) for row in p]))
