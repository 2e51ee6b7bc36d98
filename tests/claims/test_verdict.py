import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student_t

from project import PROJECT
from reprompt.claims.claim import claims_in, methods
from reprompt.claims.expressions import Method, approximately, each
from reprompt.claims.lookup import Setting
from reprompt.claims.records import lookups
from reprompt.claims.results import CLAIMS
from reprompt.claims.terms import ELEVEN, acc, delta_lcd, largest_gain, mean_H
from reprompt.claims.verdict import Adjusted, adjusted
from reprompt.claims.verdict import judge as judge_on
from reprompt.evidence.multiplicity import benjamini_hochberg, holm
from reprompt.evidence.statistics import stratified
from reprompt.evidence.values import Origin, Values
from reprompt.records.files import COLUMNS
from reprompt.tasks.groups import members

few_shot, npt = claims_in("prograd", "few_shot", backbone="RN50"), claims_in("npt", "base_to_new")
coop, prograd, zero_shot_clip, clip_ensemble = methods("coop", "prograd", "zero_shot_clip", "clip_ensemble")
cocoop, maple = methods("cocoop", "maple")
ELEVEN_TASKS = members(ELEVEN)


def claim(statement, setting=few_shot, **fields):
    return setting("x-01", "", statement, "", **fields)


def judge(claim, records):
    return judge_on(claim, lookups(records)[claim.paper])


def frame(maker, values, **settings):
    """Records of single runs from {(recipe, task, shots): [value of seed 1, 2, ...]} without any noise."""
    rows = maker(noise=0.0)
    for (recipe, task, shots), seeds in values.items():
        for seed, value in enumerate(seeds, start=1):
            rows.add("few_shot", recipe, value, task=task, shots=shots, seed=seed, **settings)
    return rows.frame()


def word(claim, records, delta=math.nan):
    judgement = judge(claim, records)
    return judgement.verdict(adjusted([judgement]).get(claim.id, Adjusted()).bh, delta)


CLEAR = {("prograd", "dtd", 1): [62.0, 63.0, 61.5], ("coop", "dtd", 1): [55.0, 56.1, 54.4]}


def test_swapping_the_sides_swaps_holds_and_contradicted(maker):
    records = frame(maker, CLEAR)
    assert word(claim(acc(prograd, "dtd", shots=1) > acc(coop, "dtd", shots=1)), records) == "holds"
    assert word(claim(acc(coop, "dtd", shots=1) > acc(prograd, "dtd", shots=1)), records) == "contradicted"
    assert word(claim(acc(coop, "dtd", shots=1) < acc(prograd, "dtd", shots=1)), records) == "holds"


@pytest.mark.parametrize("seed", range(5))
def test_enough_noise_leaves_any_claim_open(maker, seed):
    random = np.random.default_rng(seed)
    noisy = {key: list(50 + random.normal(size=3) * 30) for key in CLEAR}
    assert word(claim(acc(prograd, "dtd", shots=1) > acc(coop, "dtd", shots=1)), frame(maker, noisy)) == "open"


def test_identical_runs_are_equal_and_support_no_difference(maker):
    same = {("prograd", "dtd", 1): [60.0, 61.0, 62.0], ("coop", "dtd", 1): [60.0, 61.0, 62.0]}
    records = frame(maker, same)
    assert word(claim(acc(prograd, "dtd") == acc(coop, "dtd")), records) == "holds"
    assert word(claim(acc(prograd, "dtd") > acc(coop, "dtd")), records) == "open"
    assert word(claim(acc(prograd, "dtd") >= acc(coop, "dtd")), records) == "holds"


def test_an_identity_does_not_hold_when_one_run_differs(maker):
    values = {("prograd", "dtd", 1): [60.0, 61.0, 62.5], ("coop", "dtd", 1): [60.0, 61.0, 62.0]}
    judged = claim(acc(prograd, "dtd") == acc(coop, "dtd"))
    assert word(judged, frame(maker, values)) == "open"
    assert judge(judged, frame(maker, values)).worst.note == "1 of 3 runs differ"
    assert word(judged, frame(maker, CLEAR)) == "contradicted"


def test_one_part_the_other_way_contradicts_a_claim_of_many(maker):
    values = {
        **CLEAR,
        ("prograd", "eurosat", 1): [50.0, 51.0, 50.5],
        ("coop", "eurosat", 1): [60.0, 61.1, 60.4],
    }
    judged = claim(acc(prograd, each("dtd", "eurosat"), shots=1) > acc(coop, each("dtd", "eurosat"), shots=1))
    judgement = judge(judged, frame(maker, values))
    assert word(judged, frame(maker, values)) == "contradicted"
    assert judgement.worst.words == "eurosat"
    against = next(part for part in judgement.parts if part.words == "eurosat")
    assert judgement.p == pytest.approx(2 * against.effect.p)  # two parts, so two chances
    assert judgement.against() == 1


def test_all_parts_as_claimed_have_the_p_of_the_weakest(maker):
    values = {**CLEAR, ("prograd", "eurosat", 1): [60.0, 61, 65], ("coop", "eurosat", 1): [58.0, 60, 59.0]}
    judged = claim(acc(prograd, each("dtd", "eurosat"), shots=1) > acc(coop, each("dtd", "eurosat"), shots=1))
    judgement = judge(judged, frame(maker, values))
    assert judgement.p == pytest.approx(max(part.effect.p for part in judgement.parts))
    assert judgement.worst.words == "eurosat"


def test_parts_that_were_not_run_are_counted(maker):
    judged = claim(acc(prograd, each("dtd", "food101"), shots=1) > acc(coop, each("dtd", "food101"), shots=1))
    judgement = judge(judged, frame(maker, CLEAR))
    assert (len(judgement.parts), len(judgement.missing)) == (1, 1)
    assert "food101" in str(judgement.missing[0])


def test_untuned_sides_are_decided_by_their_sign(maker):
    rows = maker(noise=0.0)
    rows.add("few_shot", "zero_shot", 50.0, task="dtd", seed=0)
    rows.add("few_shot", "prompt_ensemble", 51.0, task="dtd", seed=0)
    judged = claim(acc(clip_ensemble, "dtd") > acc(zero_shot_clip, "dtd"))
    judgement = judge(judged, rows.frame())
    assert math.isnan(judgement.p) and judgement.verdict() == "holds"
    swapped = claim(acc(zero_shot_clip, "dtd") > acc(clip_ensemble, "dtd"))
    assert word(swapped, rows.frame()) == "contradicted"


def test_one_draw_decides_nothing(maker):
    records = frame(maker, {key: values[:1] for key, values in CLEAR.items()})
    assert word(claim(acc(prograd, "dtd") > acc(coop, "dtd")), records) == "open"


def test_a_stated_value_is_met_where_the_interval_lies_within_the_margin(maker):
    """Of 3 draws with mean 1.26 and s = 0.1 the 90 % interval is 1.26 +- 2.92 * 0.1 / sqrt(3), 1.091 to 1.429."""
    records = frame(maker, {("prograd", "dtd", 1): [1.16, 1.26, 1.36]})
    stated = acc(prograd, "dtd", shots=1) == approximately(1.3)
    assert word(claim(stated, equal_within=0.21), records) == "holds"  # within 1.09 to 1.51
    assert word(claim(stated, equal_within=0.20), records) == "open"  # 1.091 is below 1.10
    far = acc(prograd, "dtd", shots=1) == approximately(1.8)
    # beyond the margin by 2.5 % a side: 1.26 + 4.303 * 0.1 / sqrt(3) = 1.508
    assert word(claim(far, equal_within=0.29), records) == "contradicted"
    assert word(claim(far, equal_within=0.30), records) == "open"


def test_noise_never_meets_a_stated_value(maker):
    wide = frame(maker, {("prograd", "dtd", 1): [-9.0, 2.0, 10.0]})
    judged = claim(acc(prograd, "dtd", shots=1) == approximately(1), equal_within=0.5)
    assert word(judged, wide) == "open"
    assert "margin 0.5" in judge(judged, wide).worst.note
    assert word(claim(acc(prograd, "dtd", shots=1) == approximately(300), equal_within=5), wide) == "contradicted"


def lead(maker, gains):
    """ProGrad's lead over CoOp and CoCoOp by task: {task: (over CoOp, over CoCoOp)}, the spread over draws is 0.1."""
    values = {}
    for task, (over_coop, over_cocoop) in gains.items():
        values["prograd", task, 4] = [60.0, 60.1, 59.9]
        values["coop", task, 4] = [60 - over_coop + wobble for wobble in (0.1, 0.0, -0.1)]
        values["cocoop", task, 4] = [60 - over_cocoop + wobble for wobble in (-0.1, 0.1, 0.0)]
    return frame(maker, values)


TASKS = each("dtd", "eurosat", "food101")
TWO_OF_THREE = (acc(prograd, TASKS, shots=4) > acc(each(coop, cocoop), TASKS, shots=4)).on_at_least(2, TASKS)


def test_a_claim_that_counts_needs_that_many_and_all_rivals_beaten_there(maker):
    two = lead(maker, {"dtd": (9, 8), "eurosat": (7, 6), "food101": (9, -9)})
    assert word(claim(TWO_OF_THREE), two) == "holds"
    worst = judge(claim(TWO_OF_THREE), two).worst
    assert worst.effect.estimate == pytest.approx(6)  # the second best data set, over the better rival
    assert worst.note == "2 of 3 as claimed on average, 2 needed; it depends on eurosat, CoCoOp"
    one = lead(maker, {"dtd": (9, 8), "eurosat": (7, -6), "food101": (9, -9)})
    assert word(claim(TWO_OF_THREE), one) == "contradicted"


def test_the_p_of_a_count_is_that_of_a_partial_conjunction(maker):
    gains = {"dtd": (3.0, 2.0), "eurosat": (1.0, 0.5), "food101": (0.3, 0.2)}
    records = lead(maker, gains)
    judgement = judge(claim(TWO_OF_THREE), records)
    single = {
        task: max(
            judge(claim(acc(prograd, task, shots=4) > acc(rival, task, shots=4)), records).p for rival in (coop, cocoop)
        )
        for task in gains
    }
    assert judgement.p == pytest.approx(min(1, 2 * sorted(single.values())[1]))  # (n - u + 1) p_(u), n = 3 and u = 2


def test_a_count_is_of_averages_not_of_draws(maker):
    """In each draw alone ProGrad leads on one data set of two; on average on both."""
    values = {("prograd", task, 4): [60.0, 60.0, 60.0] for task in ("dtd", "eurosat")}
    values |= {("coop", "dtd", 4): [61.0, 52.0, 52.0], ("coop", "eurosat", 4): [52.0, 61.0, 61.0]}
    both = each("dtd", "eurosat")
    counted = (acc(prograd, both, shots=4) > acc(coop, both, shots=4)).on_at_least(2, both)
    (part,) = judge(claim(counted), frame(maker, values)).parts
    assert (part.as_claimed, part.effect.estimate) == (2, pytest.approx(2))


def test_what_was_not_run_counts_neither_way(maker):
    lost = lead(maker, {"dtd": (9, 8), "food101": (9, -9)})
    judgement = judge(claim(TWO_OF_THREE), lost)
    assert word(claim(TWO_OF_THREE), lost) == "open"
    assert judgement.worst.note.endswith("1 not run")
    assert word(claim(TWO_OF_THREE), lead(maker, {"dtd": (9, 8), "eurosat": (8, 9)})) == "holds"


def test_one_of_several_is_enough_where_the_best_is_meant(maker):
    rivals, best = each(coop, cocoop), each(Method("prograd"), Method("lwf_kd"))
    stated = (acc(best, TASKS, shots=4) >= acc(rivals, TASKS, shots=4)).on_at_least(1, best, every=TASKS)
    judgement = judge(claim(stated), lead(maker, {"dtd": (9, 8), "eurosat": (0.4, 8), "food101": (9, -9)}))
    assert [(part.name, part.side) for part in judgement.parts] == [("dtd", 1), ("eurosat", 1), ("food101", 0)]
    assert [part.effect.estimate for part in judgement.parts] == pytest.approx([8, 0.4, -9])


def test_at_most_holds_where_both_are_the_same_run_and_not_where_one_gains(maker):
    same = {("prograd", "dtd", 1): [60.0, 61.0, 62.0], ("coop", "dtd", 1): [60.0, 61.0, 62.0]}
    not_improved = claim(acc(prograd, "dtd") <= acc(coop, "dtd"))
    assert word(not_improved, frame(maker, same)) == "holds"
    assert word(not_improved, frame(maker, CLEAR)) == "contradicted"
    harmed = {("prograd", "dtd", 1): CLEAR["coop", "dtd", 1], ("coop", "dtd", 1): CLEAR["prograd", "dtd", 1]}
    assert word(not_improved, frame(maker, harmed)) == "holds"


def test_a_largest_gain_is_that_of_the_averages(maker):
    stated = largest_gain(prograd, over=coop, on=ELEVEN, shots=4) == approximately(1.3)

    def judged(on_eurosat):
        rows = maker(noise=0.0)
        nothing = dict.fromkeys(ELEVEN_TASKS, (0.0, 0.1, -0.1))
        for task, by_seed in {**nothing, "dtd": (1.2, 1.3, 1.4), "eurosat": on_eurosat}.items():
            for seed, gain in enumerate(by_seed, start=1):
                rows.add("few_shot", "prograd", 60 + gain, task=task, seed=seed, shots=4)
                rows.add("few_shot", "coop", 60.0, task=task, seed=seed, shots=4)
        return judge(claim(stated, equal_within=0.65), rows.frame())

    noisy = judged((3.0, -1.0, -1.0))
    assert noisy.worst.effect.estimate == pytest.approx(0, abs=1e-9)  # a mean of maxima would be 1.9, not 1.3
    assert noisy.worst.note == "largest on dtd; margin 0.65"
    assert noisy.verdict(noisy.p) == "open"  # EuroSAT may gain more than 1.95
    steady = judged((0.0, 0.1, -0.1))
    # that one of 11 gains more than 0.65 is the harder half: 11 times the p of t = 0.65 / (0.1 / sqrt(3))
    assert steady.p == pytest.approx(11 * student_t.sf(0.65 / (0.1 / math.sqrt(3)), 2))
    assert steady.verdict(steady.p) == "holds"


def test_what_is_stated_together_has_to_hold_together(maker):
    falls, records = acc(coop, "dtd", shots=1) < 60, frame(maker, CLEAR)
    assert word(claim(falls & (acc(coop, "dtd", shots=1) < acc(prograd, "dtd", shots=1))), records) == "holds"
    assert word(claim(falls & (acc(prograd, "dtd", shots=1) < 50)), records) == "contradicted"


def test_a_trend_needs_its_ends_to_agree_with_its_slope(maker):
    rising = {("coop", "dtd", shots): [50 + level, 51 + level, 50.5 + level] for level, shots in enumerate((1, 2, 4))}
    judged = claim(acc(coop, "dtd").increases_with(shots=(1, 2, 4)))
    noisy = {key: list(np.array(v) + 0.01 * key[2] * np.array([1, -1, 0.5])) for key, v in rising.items()}
    assert word(judged, frame(maker, noisy)) == "holds"
    assert word(claim(acc(coop, "dtd").decreases_with(shots=(1, 2, 4))), frame(maker, noisy)) == "contradicted"
    # the slope is negative, but the last is above the first
    bent = dict(zip((1, 2, 4, 8, 16), (6.0, 9.0, 0.0, 6.5, 6.1), strict=True))
    values = {("coop", "dtd", shots): [v, v + 0.01, v - 0.01 * shots] for shots, v in bent.items()}
    five = claim(acc(coop, "dtd").decreases_with(shots=(1, 2, 4, 8, 16)))
    judgement = judge(five, frame(maker, values))
    assert judgement.worst.side == 0 and "disagree in sign" in judgement.worst.note


def test_the_slope_of_a_trend_is_per_step(maker):
    values = {("coop", "dtd", shots): [10.0 * level, 10.0 * level + 1] for level, shots in enumerate((1, 2, 4, 8))}
    judged = claim(acc(coop, "dtd").increases_with(shots=(1, 2, 4, 8)))
    assert judge(judged, frame(maker, values)).worst.effect.estimate == pytest.approx(10)


def test_a_trend_with_a_gap_says_so(maker):
    values = {("coop", "dtd", shots): [10.0 * shots, 10.0 * shots + 1] for shots in (1, 4)}
    judged = claim(acc(coop, "dtd").increases_with(shots=(1, 2, 4)))
    assert "2 of 3 values of shots were run" in judge(judged, frame(maker, values)).worst.note


def test_a_correlation_is_taken_in_every_draw(maker):
    rows = maker(noise=0.0)
    random = np.random.default_rng(3)
    recipes = {"cocoop": (0.3, 62), "maple": (0.2, 66), "maple_npt": (0.1, 67)}
    x, y = {}, {}
    for seed in (1, 2, 3):
        for recipe, (delta, accuracy) in recipes.items():
            x[recipe, seed] = delta + 0.01 * random.normal()
            y[recipe, seed] = accuracy + random.normal()
            for split in ("base", "new"):
                where = {"task": "dtd", "protocol": "base_to_new", "seed": seed, "split": split}
                rows.add("imbalanced", recipe, y[recipe, seed], **where)
                rows.add("imbalanced", recipe, x[recipe, seed], metric="delta_lcd", **where)
    points = each(cocoop, maple, maple + "npt"), ELEVEN
    judged = claim(delta_lcd(*points).correlates_negatively_with(mean_H(*points)), npt)
    by_claim = judge(judged, rows.frame()).worst.effect
    z = [np.arctanh(np.corrcoef([x[r, s] for r in recipes], [y[r, s] for r in recipes])[0, 1]) for s in (1, 2, 3)]
    assert by_claim.estimate == pytest.approx(np.tanh(np.mean(z)), abs=1e-6)
    assert by_claim.seeds == 3


def test_each_paper_is_a_family(maker):
    judged = judge(claim(acc(prograd, "dtd", shots=1) > acc(coop, "dtd", shots=1)), frame(maker, CLEAR))
    weak = {("prograd", "dtd", 1): [60.0, 61.0, 65.0], ("coop", "dtd", 1): [58.0, 60.0, 59.0]}
    other = judge(claim(acc(prograd, "dtd", shots=1) > acc(coop, "dtd", shots=1)), frame(maker, weak))
    other = replace(other, claim=replace(other.claim, id="x-02"))
    stranger = replace(judged, claim=replace(judged.claim, id="y-01", setting=Setting("npt", "few_shot")))
    effect = adjusted([judged, other, stranger])
    assert judged.p < other.p
    assert (effect["x-01"].bh, effect["x-01"].holm) == pytest.approx((2 * judged.p, 2 * judged.p))
    assert (effect["x-02"].bh, effect["x-02"].holm) == pytest.approx((other.p, other.p))
    assert effect["y-01"].holm == pytest.approx(judged.p)


def test_a_part_keeps_the_runs_that_it_was_tested_on(maker):
    part = judge(claim(acc(prograd, "dtd", shots=1) > acc(coop, "dtd", shots=1)), frame(maker, CLEAR)).worst
    gaps = {(o.source, o.task, o.seed): value for o, value in part.runs.by_origin.items()}
    assert gaps == pytest.approx({("dtd", "dtd", 1): 7.0, ("dtd", "dtd", 2): 6.9, ("dtd", "dtd", 3): 7.1})


def test_nothing_is_judged_without_records_but_what_is_counted():
    sources = lookups(pd.DataFrame(columns=list(COLUMNS)))
    for claim in CLAIMS:
        judgement = judge_on(claim, sources[claim.paper])
        counted = claim.id in ("mvlpt-46", "mvlpt-47", "mvlpt-48")
        assert (judgement.verdict() == "not run") == (not counted), claim.id
        assert all(str(reason) for reason in judgement.missing)


def test_below_delta_is_an_effect_on_the_claimed_side_smaller_than_one_would_name(maker):
    """Gains of 0.1, 0.5, 0.0: mean 0.2, s = 0.2646, one-sided 95 % bound 0.2 + 2.92 * 0.1528 = 0.646."""
    records = frame(maker, {("prograd", "dtd", 1): [60.1, 61.5, 62.0], ("coop", "dtd", 1): [60.0, 61.0, 62.0]})
    gains = claim(acc(prograd, "dtd", shots=1) > acc(coop, "dtd", shots=1))
    assert [word(gains, records, delta) for delta in (0.64, 0.65)] == ["open", "below delta"]
    loses = claim(acc(coop, "dtd", shots=1) > acc(prograd, "dtd", shots=1))
    assert word(loses, records, 0.65) == "below delta", "its bound is -0.2 + 0.446 = 0.246"
    at_least = claim(acc(prograd, "dtd", shots=1) >= acc(coop, "dtd", shots=1))
    assert word(at_least, records, 0.65) == "open", "it names no effect"
    assert word(claim(acc(prograd, "dtd") == acc(coop, "dtd")), records, 100) == "open"


def test_a_claim_in_parts_is_below_delta_where_each_part_is(maker):
    values = {("prograd", "dtd", 1): [60.1, 61.5, 62.0], ("coop", "dtd", 1): [60.0, 61.0, 62.0]}
    both = each("dtd", "eurosat")
    judged = claim(acc(prograd, both, shots=1) > acc(coop, both, shots=1))
    small = values | {(recipe, "eurosat", shots): of for (recipe, _, shots), of in values.items()}
    large = values | {("prograd", "eurosat", 1): [60.0, 66.0, 63.0], ("coop", "eurosat", 1): [60.0, 61.0, 62.0]}
    assert word(judged, frame(maker, small), 0.65) == "below delta"
    assert word(judged, frame(maker, large), 0.65) == "open"
    assert word(judged, frame(maker, values), 0.65) == "open", "one part was not run"


def test_what_is_contradicted_is_not_below_delta(maker):
    loses = claim(acc(coop, "dtd", shots=1) > acc(prograd, "dtd", shots=1))
    assert word(loses, frame(maker, CLEAR), 1.0) == "contradicted"


def test_of_many_parts_it_is_said_for_how_many_the_claim_is_shown(maker):
    gains = {"dtd": (3.0, 3.0), "eurosat": (1.0, 1.0), "food101": (0.05, 0.05)}
    judged = claim(acc(prograd, TASKS, shots=4) > acc(coop, TASKS, shots=4))
    assert judge(judged, lead(maker, gains)).shown == (2, 3)
    counted = judge(claim(TWO_OF_THREE), lead(maker, gains))
    assert counted.shown[1] == 3, "the parts are what is counted"


def test_the_example_of_the_page_for_readers_is_right(maker):
    values = {
        **{("prograd", "dtd", 1): [61.9, 62.6, 62.4], ("coop", "dtd", 1): [60.0, 60.0, 60.0]},
        **{("prograd", "eurosat", 1): [60.4, 61.5, 60.8], ("coop", "eurosat", 1): [60.0, 60.0, 60.0]},
    }
    both, records = each("dtd", "eurosat"), frame(maker, values)
    judgement = judge(claim(acc(prograd, both, shots=1) > acc(coop, both, shots=1)), records)
    assert [round(part.p_for, 4) for part in judgement.parts] == [0.004, 0.0537]
    assert round(judgement.p, 4) == 0.1074 and judgement.shown == (1, 2)
    average = judged_on_average(records, "dtd", "eurosat")
    assert (round(average.estimate, 2), round(average.freedom, 2)) == (1.6, 3.43)
    p = np.array([average.p, 0.03, judgement.p, 0.6])
    text = (PROJECT / "docs/verdicts.md").read_text()
    for number in (*benjamini_hochberg(p)[[0, 1, 2]], holm(p)[0], average.p):
        assert f"{number:.4f}".rstrip("0") in text, number


def judged_on_average(records, *tasks):
    """The gain of ProGrad over CoOp, tasks as strata."""
    runs = {
        Origin(row.task, row.task, 0, row.seed): row.value for row in records.itertuples() if row.recipe == "prograd"
    }
    rivals = {(row.task, row.seed): row.value for row in records.itertuples() if row.recipe == "coop"}
    return stratified(Values({origin: value - rivals[origin.task, origin.seed] for origin, value in runs.items()}))
