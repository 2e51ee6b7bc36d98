import math

import numpy as np
import pytest
from scipy import stats

from reprompt.evidence.statistics import stratified
from reprompt.evidence.values import Origin, Values, combine, difference


def values_of(by_task, source=None):
    """Values from {task: [value of seed 1, 2, ...]}."""
    return Values(
        {
            Origin(source or task, task, 0, seed): value
            for task, row in by_task.items()
            for seed, value in enumerate(row, start=1)
        }
    )


def test_one_task_is_the_paired_t_test():
    left, right = [61.0, 63.5, 60.2], [59.5, 60.0, 60.1]
    estimated = stratified(difference(values_of({"dtd": left}), values_of({"dtd": right})))
    expected = stats.ttest_rel(left, right)
    assert estimated.estimate == pytest.approx(np.mean(left) - np.mean(right))
    assert estimated.p == pytest.approx(expected.pvalue)
    assert (estimated.low, estimated.high) == pytest.approx(tuple(expected.confidence_interval(0.95)))
    assert (estimated.freedom, estimated.seeds, estimated.tasks) == (2, 3, 1)


def test_two_tasks_by_hand():
    # differences 1, 2, 3 (variance 1) and 4, 4, 7 (variance 3): mean 3.5, variance (1/4)(1/3 + 3/3) = 1/3
    estimated = stratified(values_of({"dtd": [1, 2, 3], "eurosat": [4, 4, 7]}))
    freedom = (1 / 3) ** 2 / ((1 / 12) ** 2 / 2 + (3 / 12) ** 2 / 2)
    assert estimated.estimate == pytest.approx(3.5)
    assert estimated.freedom == pytest.approx(freedom) == pytest.approx(3.2)
    assert estimated.p == pytest.approx(2 * stats.t.sf(3.5 / math.sqrt(1 / 3), freedom))


def test_equal_variances_have_tasks_times_seeds_less_one_degrees_of_freedom():
    estimated = stratified(values_of({f"task{n}": [n, n + 1, n + 2] for n in range(11)}))
    assert estimated.freedom == pytest.approx(22)
    assert estimated.half_width == pytest.approx(stats.t.ppf(0.975, 22) * math.sqrt(1 / 33))


def test_two_tasks_are_welchs_test_of_a_mean_against_minus_another():
    first, second = [1.0, 2.5, 3.0, 0.5], [4.0, 4.4, 7.0]
    estimated = stratified(values_of({"dtd": first, "eurosat": second}))
    welch = stats.ttest_ind(first, [-value for value in second], equal_var=False)
    assert estimated.p == pytest.approx(welch.pvalue)
    assert estimated.freedom == pytest.approx(welch.df)


def test_tasks_that_share_a_prompt_share_its_draw():
    values = {"dtd": [1, 2, 3], "eurosat": [4, 4, 7]}
    estimated = stratified(values_of(values, source="imagenet"))
    expected = stats.ttest_1samp([2.5, 3, 5], 0)
    assert estimated.p == pytest.approx(expected.pvalue)
    assert (estimated.freedom, estimated.tasks) == (2, 2)


def test_shots_of_a_draw_are_averaged_before_the_test():
    both = {Origin("dtd", "dtd", shots, seed): seed + shots for shots in (1, 4) for seed in (1, 2, 3)}
    assert stratified(Values(both)).p == pytest.approx(stats.ttest_1samp([3.5, 4.5, 5.5], 0).pvalue)


def test_a_deterministic_side_meets_every_draw():
    untuned = Values({Origin("", "dtd", 0, 0): 2.0})
    gap = difference(values_of({"dtd": [3, 4, 5]}), untuned)
    assert stratified(gap).estimate == pytest.approx(2)
    assert stratified(difference(untuned, values_of({"dtd": [3, 4, 5]}))).estimate == pytest.approx(-2)
    both = stratified(difference(untuned, untuned))
    assert both.seeds == 0 and math.isnan(both.p)


def test_one_draw_has_no_interval():
    estimated = stratified(values_of({"dtd": [1.0]}))
    assert estimated.seeds == 1 and math.isnan(estimated.low) and math.isnan(estimated.p)


def test_draws_without_spread_get_a_sign_test():
    assert stratified(values_of({"dtd": [2, 2, 2]})).p == 0.25
    assert stratified(values_of({"dtd": [2, 2, 2], "eurosat": [2, 2, 2]})).p == 2.0**-5
    assert stratified(values_of({"dtd": [0, 0, 0]})).p == 1


def test_a_pooled_side_pools_the_other():
    pooled = values_of({"dtd": [1, 2, 3], "eurosat": [3, 4, 5]}).over_tasks()
    gap = combine(pooled, values_of({"dtd": [1, 1, 1], "eurosat": [1, 1, 1]}), lambda one, other: one - other)
    assert list(gap.by_origin.values()) == [1, 2, 3]
    assert gap.tasks == 2


def test_runs_without_a_partner_are_left_out():
    gap = difference(values_of({"dtd": [1, 2, 3], "eurosat": [1, 2, 3]}), values_of({"dtd": [1, 1]}))
    assert list(gap.by_origin.values()) == [0, 1]
