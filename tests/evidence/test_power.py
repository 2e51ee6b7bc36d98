import math

import numpy as np
import pytest
from scipy import stats

from reprompt.evidence.power import draws_needed
from reprompt.evidence.statistics import Interval, interval_over_seeds, stratified
from reprompt.evidence.values import Origin, Values


def test_that_many_draws_have_the_power_and_one_less_has_not():
    values = {1: 0.4, 2: 1.5, 3: 0.8}
    needed = draws_needed(interval_over_seeds(values))
    effect = np.mean(list(values.values())) / np.std(list(values.values()), ddof=1)

    def power(n):
        """Of a two-sided one-sample t test, on the side of the effect."""
        return stats.nct.sf(stats.t.isf(0.025, n - 1), n - 1, effect * math.sqrt(n))

    assert power(needed) >= 0.8 > power(needed - 1)


def test_by_simulation():
    random = np.random.default_rng(0)
    sample = np.array([0.2, 1.1, 0.9, -0.3, 0.8])
    needed = int(draws_needed(interval_over_seeds(dict(enumerate(sample, 1)))))
    worlds = random.normal(sample.mean(), sample.std(ddof=1), size=(20_000, needed))
    assert (stats.ttest_1samp(worlds, 0, axis=1).pvalue < 0.05).mean() == pytest.approx(0.8, abs=0.05)


def test_twice_the_effect_needs_fewer_draws_and_none_needs_more_than_anybody_has():
    once, twice = (interval_over_seeds({1: gain, 2: gain + 1, 3: gain + 0.5}) for gain in (0.5, 1.5))
    assert draws_needed(twice) < draws_needed(once)
    assert draws_needed(interval_over_seeds({1: -1.0, 2: 1.0, 3: 1e-6})) == math.inf


def test_of_several_tasks_all_get_more_draws():
    values = Values(
        {Origin(t, t, 0, s): v for t, row in {"a": (1, 2, 4), "b": (0, 3, 1)}.items() for s, v in enumerate(row, 1)}
    )
    assert 3 <= draws_needed(stratified(values)) < 30


def test_nothing_is_said_where_there_is_no_interval():
    assert math.isnan(draws_needed(Interval(1.0, math.nan, math.nan, 1)))
    assert math.isnan(draws_needed(stratified(Values({Origin("a", "a", 0, seed): 2.0 for seed in (1, 2, 3)}))))
