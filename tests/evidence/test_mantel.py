"""The Mantel test against scipy, against all relabellings, and on matrices that have nothing to do with each other."""

from itertools import permutations

import numpy as np
import pytest
from scipy.stats import kstest, spearmanr

from reprompt.evidence.mantel import mantel, orders, partial_mantel, ranks


def matrix(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, n))


def off_diagonal(square: np.ndarray) -> np.ndarray:
    return square[~np.eye(len(square), dtype=bool)]


def spearman(one: np.ndarray, other: np.ndarray) -> float:
    return float(spearmanr(off_diagonal(one), off_diagonal(other)).statistic)


def relabelled(square: np.ndarray, order) -> np.ndarray:
    return square[np.ix_(order, order)]


def test_the_correlation_is_spearmans_off_the_diagonal():
    one, other = matrix(7, 1), matrix(7, 2)
    one[0, 1] = one[2, 3] = one[4, 0]  # ties
    relation = mantel(one, other)
    assert relation.correlation == pytest.approx(spearman(one, other))
    assert relation.pairs == 42


def test_identical_matrices_correlate_fully_and_opposite_ones_fully_the_other_way():
    one = matrix(8, 3)
    same, opposite = mantel(one, one), mantel(one, -one)
    assert (same.correlation, opposite.correlation) == (pytest.approx(1), pytest.approx(-1))
    assert same.p == opposite.p == pytest.approx(1 / 1000)


def test_the_diagonal_has_no_part():
    one, other = matrix(6, 4), matrix(6, 5)
    changed = one.copy()
    np.fill_diagonal(changed, [9, -9, np.nan, 0, 100, 1])
    assert mantel(changed, other) == mantel(one, other)


def test_only_the_order_of_the_entries_counts():
    one, other = matrix(6, 6), matrix(6, 7)
    assert mantel(np.exp(3 * one), other) == mantel(one, other)


def test_of_four_tasks_p_is_the_share_of_all_24_relabellings():
    one, other = matrix(4, 8), matrix(4, 9) + 0.4 * matrix(4, 8)
    own = abs(spearman(one, other))
    others = [abs(spearman(relabelled(one, order), other)) for order in permutations(range(4))]
    assert len(others) == 24
    assert mantel(one, other).p == pytest.approx(np.mean([shuffled >= own - 1e-9 for shuffled in others]))


def test_relabelling_both_matrices_alike_changes_nothing():
    one, other, given, order = matrix(6, 10), matrix(6, 11), matrix(6, 12), [3, 0, 5, 1, 4, 2]
    everything = [relabelled(square, order) for square in (one, other, given)]
    plain, partial = mantel(*everything[:2]), partial_mantel(*everything)
    assert plain.correlation == pytest.approx(mantel(one, other).correlation)
    assert plain.p == mantel(one, other).p  # six tasks: all 720 relabellings, so not even the draw differs
    assert partial.correlation == pytest.approx(partial_mantel(one, other, given).correlation)
    assert partial.p == partial_mantel(one, other, given).p


def test_either_matrix_may_be_relabelled():
    one, other = matrix(5, 13), matrix(5, 14)
    assert mantel(one, other).p == mantel(other, one).p


def test_random_relabellings_start_with_the_order_as_it_is_and_come_from_the_seed():
    drawn = orders(10, seed=1, permutations=50)
    assert drawn.shape == (51, 10)
    assert drawn[0].tolist() == list(range(10))
    assert (np.sort(drawn, axis=1) == np.arange(10)).all()
    assert (drawn == orders(10, seed=1, permutations=50)).all()
    assert (drawn != orders(10, seed=2, permutations=50)).any()


def test_few_tasks_are_relabelled_in_every_way_once():
    every = orders(4, seed=1, permutations=999)
    assert len(every) == len({tuple(order) for order in every.tolist()}) == 24
    assert every[0].tolist() == [0, 1, 2, 3]


def test_p_is_uniform_where_nothing_is_related():
    """400 pairs of independent matrices, with rows and columns that have levels of their own, as grids do."""
    random = np.random.default_rng(15)

    def grid():
        return random.normal(size=(8, 8)) + 2 * random.normal(size=(8, 1)) + random.normal(size=(1, 8))

    p = np.array([mantel(grid(), grid(), seed, permutations=99).p for seed in range(400)])
    assert p.min() >= 0.01 and p.max() <= 1
    assert kstest(p, "uniform").pvalue > 0.01
    assert 0.02 < (p <= 0.05).mean() < 0.09


def test_partial_p_is_nearly_uniform_where_only_the_given_matrix_matters():
    random, p_values = np.random.default_rng(16), []
    for seed in range(300):
        given, other = random.normal(size=(2, 8, 8))
        one = given + 0.7 * random.normal(size=(8, 8))
        p_values.append(partial_mantel(one, other, given, seed, permutations=99).p)
    assert 0.01 < np.mean(np.array(p_values) <= 0.05) < 0.1
    assert 0.4 < np.median(p_values) < 0.6


def test_the_partial_correlation_is_that_of_the_residuals_of_ranks():
    one, other, given = matrix(7, 17), matrix(7, 18), matrix(7, 19)
    a, b, c = (off_diagonal(ranks(square)) for square in (one, other, given))
    residuals = [side - (side @ c) * c for side in (a, b)]
    assert partial_mantel(one, other, given).correlation == pytest.approx(np.corrcoef(*residuals)[0, 1])


def test_what_the_given_matrix_explains_is_gone():
    """Both follow a third matrix: they correlate, but not given that matrix."""
    random = np.random.default_rng(20)
    common = random.normal(size=(20, 20))
    one, other = common + 0.5 * random.normal(size=(2, 20, 20))
    assert mantel(one, other).p == pytest.approx(0.001)
    assert mantel(one, other).correlation > 0.6
    assert partial_mantel(one, other, common).p > 0.05


def test_a_constant_matrix_has_no_correlation():
    relation = mantel(np.ones((5, 5)), matrix(5, 21))
    assert np.isnan([relation.correlation, relation.p]).all() and relation.pairs == 20


def test_nothing_is_left_beyond_the_same_matrix():
    one, other = matrix(6, 22), matrix(6, 23)
    relation = partial_mantel(one, other, other)
    assert np.isnan([relation.correlation, relation.p]).all()


def test_a_missing_pair_is_refused():
    one = matrix(5, 24)
    one[1, 2] = np.nan
    with pytest.raises(ValueError, match="leave out the tasks"):
        mantel(one, matrix(5, 25))
