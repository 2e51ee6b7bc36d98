import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from reprompt.claims.claim import claims_in, methods
from reprompt.claims.expressions import approximately, each
from reprompt.claims.lookup import Setting
from reprompt.claims.records import lookups
from reprompt.claims.results import CLAIMS
from reprompt.claims.terms import ELEVEN, acc, delta_lcd, mean_H
from reprompt.claims.verdict import adjusted
from reprompt.claims.verdict import judge as judge_on
from reprompt.records.files import COLUMNS

few_shot, npt = claims_in("prograd", "few_shot", backbone="RN50"), claims_in("npt", "base_to_new")
coop, prograd, zero_shot_clip, clip_ensemble = methods("coop", "prograd", "zero_shot_clip", "clip_ensemble")
cocoop, maple = methods("cocoop", "maple")


def claim(statement, setting=few_shot):
    return setting("x-01", "", statement, "")


def judge(claim, records):
    return judge_on(claim, lookups(records)[claim.paper])


def frame(maker, values, **settings):
    """Records of single runs from {(recipe, task, shots): [value of seed 1, 2, ...]} without any noise."""
    rows = maker(noise=0.0)
    for (recipe, task, shots), seeds in values.items():
        for seed, value in enumerate(seeds, start=1):
            rows.add("few_shot", recipe, value, task=task, shots=shots, seed=seed, **settings)
    return rows.frame()


def word(claim, records):
    judgement = judge(claim, records)
    return judgement.verdict(adjusted([judgement]).get(claim.id, math.nan))


CLEAR = {("prograd", "dtd", 1): [62.0, 63.0, 61.5], ("coop", "dtd", 1): [55.0, 56.1, 54.4]}


def test_swapping_the_sides_swaps_holds_and_contradicted(maker):
    records = frame(maker, CLEAR)
    assert word(claim(acc(prograd, "dtd", shots=1) > acc(coop, "dtd", shots=1)), records) == "holds"
    assert word(claim(acc(coop, "dtd", shots=1) > acc(prograd, "dtd", shots=1)), records) == "contradicted"
    assert word(claim(acc(coop, "dtd", shots=1) < acc(prograd, "dtd", shots=1)), records) == "holds"


@pytest.mark.parametrize("seed", range(5))
def test_enough_noise_makes_any_claim_inconclusive(maker, seed):
    random = np.random.default_rng(seed)
    noisy = {key: list(50 + random.normal(size=3) * 30) for key in CLEAR}
    assert word(claim(acc(prograd, "dtd", shots=1) > acc(coop, "dtd", shots=1)), frame(maker, noisy)) == "inconclusive"


def test_identical_runs_are_equal_and_support_no_difference(maker):
    same = {("prograd", "dtd", 1): [60.0, 61.0, 62.0], ("coop", "dtd", 1): [60.0, 61.0, 62.0]}
    records = frame(maker, same)
    assert word(claim(acc(prograd, "dtd") == acc(coop, "dtd")), records) == "holds"
    assert word(claim(acc(prograd, "dtd") > acc(coop, "dtd")), records) == "inconclusive"
    assert word(claim(acc(prograd, "dtd") >= acc(coop, "dtd")), records) == "holds"


def test_an_identity_does_not_hold_when_one_run_differs(maker):
    values = {("prograd", "dtd", 1): [60.0, 61.0, 62.5], ("coop", "dtd", 1): [60.0, 61.0, 62.0]}
    judged = claim(acc(prograd, "dtd") == acc(coop, "dtd"))
    assert word(judged, frame(maker, values)) == "inconclusive"
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
    assert judgement.p == max(part.effect.p for part in judgement.parts)
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
    assert word(claim(acc(prograd, "dtd") > acc(coop, "dtd")), records) == "inconclusive"


def test_a_stated_value_is_met_to_its_printed_precision(maker):
    records = frame(maker, {("prograd", "dtd", 1): [1.26, 1.25, 1.27]})
    assert word(claim(acc(prograd, "dtd") == approximately(1.3)), records) == "holds"
    assert word(claim(acc(prograd, "dtd") == approximately(1.31)), records) == "contradicted"
    wide = frame(maker, {("prograd", "dtd", 1): [1.5, 2.5, 3.5]})
    assert word(claim(acc(prograd, "dtd") == approximately(1.3)), wide) == "holds"  # inside the interval


def test_an_interval_that_holds_0_as_well_meets_no_stated_value(maker):
    records = frame(maker, {("prograd", "dtd", 1): [-9.0, 2.0, 10.0]})
    assert word(claim(acc(prograd, "dtd", shots=1) == approximately(1.3)), records) == "inconclusive"
    assert word(claim(acc(prograd, "dtd", shots=1) == approximately(1)), records) == "holds"  # to its printed precision
    assert word(claim(acc(prograd, "dtd", shots=1) == approximately(300)), records) == "contradicted"


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


def test_holm_takes_each_paper_as_a_family(maker):
    judged = judge(claim(acc(prograd, "dtd", shots=1) > acc(coop, "dtd", shots=1)), frame(maker, CLEAR))
    other = replace(judged, claim=replace(judged.claim, id="x-02"))
    stranger = replace(judged, claim=replace(judged.claim, id="y-01", setting=Setting("npt", "few_shot")))
    effect = adjusted([judged, other, stranger])
    assert effect["x-01"] == pytest.approx(2 * judged.p)
    assert effect["y-01"] == pytest.approx(judged.p)


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
