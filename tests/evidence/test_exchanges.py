"""Two tests by exchange: whether it matters where a prompt starts, and whether learners choose other partners."""

import numpy as np
import pandas as pd
import pytest

from reprompt.evidence.exchanges import best_two, compare_choices, range_over_starts, share_as_extreme, without_gaps
from reprompt.evidence.lookup import Missing
from reprompt.evidence.values import Origin, Values
from reprompt.tasks.groups import members
from reprompt.training.groups import partners

ELEVATER_20 = members("elevater20")


def values_of(by_task):
    """Values from {task: [value of seed 1, 2, ...]}."""
    return Values({Origin(t, t, 0, seed): value for t, row in by_task.items() for seed, value in enumerate(row, 1)})


def test_the_data_count_as_one_permutation_more():
    assert share_as_extreme(np.array([True, False, False])) == 0.5


def test_a_lost_source_costs_one_task_not_the_grid():
    gaps = np.zeros((4, 4), bool)
    gaps[1, [0, 2, 3]] = gaps[2, 2] = True
    assert without_gaps(["a", "b", "c", "d"], gaps) == ["a", "c", "d"]


def test_a_range_over_starts_by_hand():
    starts = [values_of({"dtd": [5.0, 3.0], "eurosat": [1.0]}), values_of({"dtd": [2.0, 2.0], "eurosat": [1.0]})]
    spread = range_over_starts(starts, np.random.default_rng(0))
    # averages (4 + 1) / 2 and (2 + 1) / 2; exchanges leave (3 + 1) / 4 half of the time and (3 - 1) / 4 else
    assert (spread.width, spread.starts, spread.seeds, spread.tasks) == (1.0, 2, 2, 2)
    assert spread.by_chance == pytest.approx(0.75, abs=0.02)
    assert spread.p == pytest.approx(0.5, abs=0.02)


def test_starts_that_do_not_matter_are_seldom_found_to_matter():
    random = np.random.default_rng(0)
    p = []
    for _ in range(200):
        luck = {
            task: 10 * random.normal(size=3) for task in ("dtd", "eurosat", "food101")
        }  # of the draw, for all starts
        starts = [values_of({task: own + random.normal(size=3) for task, own in luck.items()}) for _ in range(5)]
        p.append(range_over_starts(starts, random, exchanges=199).p)
    assert 0.01 < np.mean(np.array(p) <= 0.05) < 0.09


def test_the_best_two_are_the_partners_of_the_groups():
    values = np.random.default_rng(0).integers(0, 4, (20, 20)).astype(float)  # with ties
    chosen = partners(pd.DataFrame(values, ELEVATER_20, ELEVATER_20))
    values[np.eye(20, dtype=bool)] = np.nan
    for target, pair in zip(ELEVATER_20, best_two(values).T, strict=True):
        assert tuple(ELEVATER_20[place] for place in pair) == chosen[target].best


def grids(random, tasks=12, seeds=3, noise=2.0, apart=0.0, scale=1.0, shift=0.0):
    """Grids of two learners whose preferences are `apart`; the other's values are on another scale."""
    names = list(ELEVATER_20[:tasks])
    shared, made = random.normal(size=(tasks, tasks)), []
    for stretch, level in ((1.0, 0.0), (scale, shift)):
        liking = shared + apart * random.normal(size=(tasks, tasks))
        draws = [level + stretch * (liking + noise * random.normal(size=(tasks, tasks))) for _ in range(seeds)]
        index = pd.MultiIndex.from_product([range(1, seeds + 1), names], names=["seed", "source"])
        made.append(pd.DataFrame(np.concatenate(draws), index, names))
    return made


@pytest.mark.parametrize("other", [{}, {"scale": 7.0, "shift": -30.0}])
def test_luck_alone_seldom_makes_choices_differ(other):
    random = np.random.default_rng(1)
    choices = [compare_choices(*grids(random, **other), random, exchanges=199) for _ in range(20)]
    assert sum(chosen.p < 0.05 for chosen in choices) <= 3
    assert 0.2 < np.mean([chosen.p for chosen in choices]) < 0.8
    assert all(chosen.differing > 0 for chosen in choices)  # and yet some groups always differ


def test_preferences_that_lie_apart_are_found():
    random = np.random.default_rng(2)
    choices = [compare_choices(*grids(random, apart=3.0, noise=0.5), random, exchanges=199) for _ in range(5)]
    assert all(chosen.p < 0.05 for chosen in choices)


def test_equal_choices_are_no_difference():
    random = np.random.default_rng(3)
    grid, _ = grids(random)
    choices = compare_choices(grid, grid, random, exchanges=99)
    assert (choices.shared, choices.differing, choices.p, choices.targets, choices.seeds) == (24, 0, 1.0, 12, 3)


def test_choices_are_compared_on_what_both_learners_have():
    random = np.random.default_rng(4)
    grid, other = grids(random)
    gap = other.copy()
    gap.loc[(2, "dtd"), "cifar10"] = np.nan
    choices = compare_choices(grid, gap, random, exchanges=99)
    assert (choices.targets, choices.seeds) == (11, 3)
    choices = compare_choices(grid, other.drop(index=3, level="seed"), random, exchanges=99)
    assert (choices.targets, choices.seeds) == (12, 2)
    with pytest.raises(Missing, match="among four tasks or more"):
        compare_choices(*grids(random, tasks=3), random)
