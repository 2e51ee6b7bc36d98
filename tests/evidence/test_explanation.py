"""The views of a grid, and which tasks can be compared."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from reprompt.evidence.explanation import LearnerGrids, complete_tasks, interaction, within_targets
from reprompt.evidence.mantel import mantel


def matrix(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, n))


def frame(n: int, seed: int) -> pd.DataFrame:
    names = list("abcdefghij"[:n])
    return pd.DataFrame(matrix(n, seed), index=names, columns=names)


def test_within_targets_is_the_mean_of_each_targets_own_correlation():
    one, other = matrix(6, 1), matrix(6, 2)
    others = [[source for source in range(6) if source != target] for target in range(6)]
    own = [spearmanr(one[rows, target], other[rows, target]).statistic for target, rows in enumerate(others)]
    assert mantel(within_targets(one), within_targets(other)).correlation == pytest.approx(np.mean(own))


def test_within_targets_knows_no_level_of_a_target():
    one, other = matrix(6, 3), matrix(6, 4)
    easier = one + 10 * np.arange(6)
    assert mantel(within_targets(easier), within_targets(other)) == mantel(within_targets(one), within_targets(other))


def test_the_interaction_has_no_level_of_sources_or_targets():
    left = interaction(matrix(7, 5))
    assert left.sum(axis=0) == pytest.approx(np.zeros(7), abs=1e-7)
    assert left.sum(axis=1) == pytest.approx(np.zeros(7), abs=1e-7)
    assert (np.diag(left) == 0).all()


def test_nothing_is_left_of_a_grid_in_which_only_the_source_matters():
    """Rounding errors must not become an order."""
    only_sources = np.repeat([[0.3], [0.1], [0.7], [0.2], [0.9]], 5, axis=1)
    assert not interaction(only_sources).any()
    assert np.isnan(mantel(interaction(only_sources), matrix(5, 13)).correlation)


def test_generic_sources_correlate_over_pairs_but_not_in_the_interaction():
    """Some sources are good for all and, for having many classes, similar to all; pairs matter in neither."""
    random = np.random.default_rng(6)
    generic = 3 * random.normal(size=(15, 1))
    transfer, similarity = generic + random.normal(size=(2, 15, 15))
    assert mantel(transfer, similarity).p < 0.01
    assert mantel(within_targets(transfer), within_targets(similarity)).p < 0.01
    assert mantel(interaction(transfer), interaction(similarity)).p > 0.05


def test_a_lost_source_costs_one_task():
    whole, lost = frame(6, 7), frame(6, 8).drop(index="c")
    assert complete_tasks([whole, whole]) == list("abcdef")
    assert complete_tasks([lost, whole]) == list("abdef")


def test_a_lost_pair_costs_one_of_its_tasks_and_a_lost_diagonal_none():
    holes = frame(5, 9)
    holes.loc["b", "b"] = np.nan
    assert complete_tasks([holes]) == list("abcde")
    holes.loc["b", "d"] = np.nan
    assert complete_tasks([holes]) == list("acde")


def test_no_grid_has_no_tasks():
    assert complete_tasks([pd.DataFrame(), pd.DataFrame()]) == []


def test_given_the_other_similarity_only_its_own_part_counts():
    label, noise = frame(9, 10), frame(9, 11)
    image = label + 0.6 * noise
    grids = LearnerGrids(label, label + 0.01 * frame(9, 12), image, ())
    assert grids.pairs == 72
    assert grids.related("image").p < 0.01
    assert abs(grids.related("image", given=True).correlation) < 0.3
    assert grids.related("label", given=True).correlation > 0.9
