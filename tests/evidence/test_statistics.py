"""Means, intervals and verdicts, on cases worked by hand."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from reprompt.evidence.statistics import (
    Interval,
    average,
    average_H_of_means,
    harmonic_mean,
    harmonic_runs,
    interval_over_seeds,
    mean_over_tasks,
    paired_difference,
    stratified,
    student,
    verdict_on_gain,
    verdict_on_value,
    why_not_comparable,
)
from reprompt.evidence.values import Origin, Values
from reprompt.tasks.published import published_values


def runs(values: dict[tuple[str, int], float]) -> pd.DataFrame:
    return pd.DataFrame(
        [(task, seed, value) for (task, seed), value in values.items()], columns=["task", "seed", "value"]
    )


def test_a_variance_of_two_parts_is_welchs():
    left, right = [1.0, 2.5, 3.0, 0.5], [4.0, 4.4, 7.0]
    parts = [(np.var(sample, ddof=1) / len(sample), len(sample) - 1) for sample in (left, right)]
    welch = stats.ttest_ind(left, right, equal_var=False)
    interval = student(np.mean(left) - np.mean(right), parts, 3)
    assert (interval.p, interval.freedom) == pytest.approx((welch.pvalue, welch.df))
    assert (interval.low, interval.high) == pytest.approx(tuple(welch.confidence_interval(0.95)))


def test_without_any_spread_the_interval_is_a_point_and_there_is_no_p():
    interval = student(1.5, [(0.0, 2), (0.0, 2)], 3)
    assert (interval.low, interval.high, interval.freedom) == (1.5, 1.5, math.inf)
    assert math.isnan(interval.p)


def test_an_average_over_seeds_and_one_stratum_are_the_same_interval():
    seeds = {1: 69.0, 2: 70.5, 3: 71.0}
    one_task = stratified(Values({Origin("dtd", "dtd", 0, seed): value for seed, value in seeds.items()}))
    assert interval_over_seeds(seeds) == one_task


def test_the_interval_of_three_seeds_uses_t_with_two_degrees_of_freedom():
    # mean 70, s = 1, half width = 4.302653 / sqrt(3)
    interval = interval_over_seeds({1: 69.0, 2: 70.0, 3: 71.0})
    assert interval.estimate == 70
    assert interval.seeds == 3
    assert interval.high - 70 == pytest.approx(4.302653 / math.sqrt(3), abs=1e-6)
    assert interval.half_width == pytest.approx(2.484138, abs=1e-6)


def test_the_order_of_the_seeds_changes_nothing():
    assert interval_over_seeds({1: 0.1, 2: 0.2, 3: 0.7}) == interval_over_seeds({3: 0.7, 1: 0.1, 2: 0.2})


def test_a_deterministic_result_and_a_single_seed_have_no_interval():
    for values, seeds in (({0: 61.72}, 0), ({2: 61.72}, 1)):
        interval = interval_over_seeds(values)
        assert (interval.estimate, interval.seeds, interval.has_width) == (61.72, seeds, False)
        assert math.isnan(interval.low) and math.isnan(interval.high)


def test_an_interval_of_nothing_is_an_error():
    with pytest.raises(ValueError, match="at least one seed"):
        interval_over_seeds({})


def test_the_average_is_over_tasks_first_and_then_over_seeds():
    # Tasks differ by 40 points, seeds by 2: only the seeds may widen the interval.
    frame = runs({("dtd", 1): 40, ("eurosat", 1): 80, ("dtd", 2): 44, ("eurosat", 2): 80})
    assert list(mean_over_tasks(frame)) == [60, 62]
    assert average(frame).estimate == 61
    assert average(frame).half_width == pytest.approx(12.706205 * math.sqrt(2) / math.sqrt(2), abs=1e-5)


def test_a_seed_that_lacks_a_task_is_named():
    with pytest.raises(ValueError, match=r"\(2, 'eurosat'\)"):
        average(runs({("dtd", 1): 40, ("eurosat", 1): 80, ("dtd", 2): 44}))


def test_two_values_for_one_cell_are_an_error():
    twice = pd.concat([runs({("dtd", 1): 40}), runs({("dtd", 1): 41})])
    with pytest.raises(ValueError, match="more than one value"):
        average(twice)


def test_pairing_by_seed_cancels_the_luck_of_the_draw():
    # Draws differ by 20 points, the gain is always 1.
    ours = runs({("dtd", 1): 51, ("dtd", 2): 61, ("dtd", 3): 71})
    theirs = runs({("dtd", 1): 50, ("dtd", 2): 60, ("dtd", 3): 70})
    difference = paired_difference(ours, theirs)
    assert difference.over_seeds == Interval(1, 1, 1, 3)
    assert difference.tasks_above == 1


def test_a_deterministic_reference_is_subtracted_from_every_seed():
    ours = runs({("dtd", 1): 51, ("eurosat", 1): 81, ("dtd", 2): 53, ("eurosat", 2): 79})
    zero_shot = runs({("dtd", 0): 50, ("eurosat", 0): 85})
    difference = paired_difference(ours, zero_shot)
    assert difference.over_seeds.estimate == pytest.approx(-1.5)
    assert difference.over_seeds.seeds == 2
    assert difference.by_task["dtd"].estimate == 2
    assert difference.by_task["eurosat"].estimate == -5
    assert difference.tasks_above == 1
    assert paired_difference(zero_shot, ours).over_seeds.estimate == pytest.approx(1.5)


def test_different_tasks_or_seeds_cannot_be_paired():
    with pytest.raises(ValueError, match="eurosat"):
        paired_difference(runs({("dtd", 1): 1}), runs({("eurosat", 1): 1}))
    with pytest.raises(ValueError, match="cannot pair seeds"):
        paired_difference(runs({("dtd", 1): 1}), runs({("dtd", 2): 1}))


def test_the_harmonic_mean_by_hand():
    assert harmonic_mean(60, 40) == pytest.approx(48)
    assert harmonic_mean(70, 70) == pytest.approx(70)


def test_the_harmonic_mean_with_nothing_right_is_zero():
    assert harmonic_mean(0, 0) == 0
    assert harmonic_mean(0, 80) == 0


def test_the_two_definitions_of_average_h_differ():
    # Per dataset: H(90, 10) = 18 and H(50, 50) = 50, mean 34. Of the means: H(70, 30) = 42.
    base = runs({("dtd", 0): 90, ("eurosat", 0): 50})
    new = runs({("dtd", 0): 10, ("eurosat", 0): 50})
    assert average(harmonic_runs(base, new)).estimate == pytest.approx(34)
    assert average_H_of_means(base, new).estimate == pytest.approx(42)


def test_prograd_prints_another_h_than_that_of_its_printed_averages():
    """Table 3 prints 63.64 for CLIP; H of its printed base and new averages is 63.75. So it is a mean of H."""
    cells = published_values("prograd", 3).set_index(["method", "split"])["value"]
    of_means = harmonic_mean(cells["zero_shot_clip", "base"], cells["zero_shot_clip", "new"])
    assert round(of_means, 2) == 63.75
    assert cells["zero_shot_clip", "H"] == 63.64


def test_gram_prints_h_of_means():
    cells = published_values("gram", "1a").set_index(["method", "split"])["value"]
    of_means = harmonic_mean(cells["zero_shot_clip", "base"], cells["zero_shot_clip", "new"])
    assert round(of_means, 2) == cells["zero_shot_clip", "H"] == 71.70


def test_the_mean_of_h_never_exceeds_h_of_means():
    base = runs({("dtd", 0): 80, ("eurosat", 0): 60, ("food101", 0): 40})
    new = runs({("dtd", 0): 50, ("eurosat", 0): 70, ("food101", 0): 60})
    assert average(harmonic_runs(base, new)).estimate <= average_H_of_means(base, new).estimate


@pytest.mark.parametrize(
    ("published", "words"),
    [(70.0, "reproduced"), (71.04, "reproduced"), (71.06, "lower"), (68.96, "reproduced"), (68.9, "higher")],
)
def test_a_printed_value_in_the_interval_widened_by_rounding_is_reproduced(published, words):
    assert verdict_on_value(Interval(70.0, 69.0, 71.0, 3), published) == words


def test_a_deterministic_value_is_reproduced_to_the_printed_precision():
    value = Interval(58.77, math.nan, math.nan, 0)
    assert verdict_on_value(value, 58.80) == "reproduced (deterministic)"
    assert verdict_on_value(value, 58.82) == "reproduced (deterministic)"
    assert verdict_on_value(value, 58.90) == "lower (deterministic)"


def test_a_rendered_number_is_never_reproduced():
    exactly = Interval(70.0, 69.0, 71.0, 3)
    for scale in ("miniature", "smoke"):
        obstacle = why_not_comparable(scale, "RN50", "RN50", 11, 11)
        assert verdict_on_value(exactly, 70.0, obstacle) == "not comparable: rendered data"


def test_what_stands_between_two_numbers_is_named():
    assert why_not_comparable("paper", "RN50", "RN50", 11, 11) == ""
    assert why_not_comparable("paper", "ViT-B-16", "ViT-B/16", 11, 11) == ""
    assert why_not_comparable("paper", "ViT-B-16", "RN50", 11, 11) == "ViT-B-16, published with RN50"
    assert why_not_comparable("paper", "RN50", "RN50", 8, 11) == "8 of 11 tasks"


def test_missing_values_have_words_too():
    assert verdict_on_value(None, 70.0) == "not run"
    assert verdict_on_value(Interval(70.0, 69.0, 71.0, 3), math.nan) == "no published value"
    assert verdict_on_gain(None, "CoOp") == "not run"


def test_the_sign_of_a_gain_is_compared_with_the_published_sign():
    up, down, open_ = Interval(2, 1, 3, 3), Interval(-2, -3, -1, 3), Interval(0.5, -1, 2, 3)
    assert verdict_on_gain(up, "zero-shot CLIP", 3.2) == "above zero-shot CLIP, as published"
    assert verdict_on_gain(down, "zero-shot CLIP", 3.2) == "below zero-shot CLIP, against published"
    assert verdict_on_gain(down, "CoOp", -1.0) == "below CoOp, as published"
    assert verdict_on_gain(up, "CoOp") == "above CoOp"
    assert verdict_on_gain(open_, "CoOp", 3.2) == "inconclusive against CoOp: interval includes 0"


def test_a_gain_without_an_interval_says_so():
    assert verdict_on_gain(Interval(2, math.nan, math.nan, 0), "CoOp", 1).endswith("as published (deterministic)")
    assert verdict_on_gain(Interval(2, math.nan, math.nan, 1), "CoOp", 1).endswith("(one seed, no interval)")
    assert verdict_on_gain(Interval(0, math.nan, math.nan, 0), "CoOp", 1) == "equal to CoOp (deterministic)"
