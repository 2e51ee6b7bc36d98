"""Worlds without effects, and methods against themselves."""

import numpy as np
import pandas as pd
import pytest

from reprompt.claims import null_frame
from reprompt.claims.claim import claims_in, methods
from reprompt.claims.expressions import each
from reprompt.claims.null import ANY_HOLM, FALSE_BH, P_BELOW, NullCheck
from reprompt.claims.records import lookups
from reprompt.claims.terms import ELEVEN, acc, mean
from reprompt.claims.verdict import judge, judged_together

few_shot = claims_in("prograd", "few_shot", backbone="RN50")
coop, prograd, clip = methods("coop", "prograd", "zero_shot_clip")
TASKS = ("dtd", "eurosat", "food101", "sun397")


def study(maker, gain, noise=1.0, seeds=(1, 2, 3, 4, 5)):
    rows = maker(noise=noise, seeds=seeds)
    for shots in (1, 2, 4):
        for task in TASKS:
            for seed in seeds:
                rows.add("few_shot", "coop", 60.0, task=task, shots=shots, seed=seed)
                rows.add("few_shot", "prograd", 60.0 + gain, task=task, shots=shots, seed=seed)
    for task in TASKS:
        rows.add("few_shot", "zero_shot", 55.0, task=task, seed=0)
    return rows.frame()


def claims():
    return (
        few_shot("x-01", "", acc(prograd, "dtd", shots=1) > acc(coop, "dtd", shots=1), ""),
        few_shot("x-02", "", mean(prograd, ELEVEN, shots=2) > mean(coop, ELEVEN, shots=2), ""),
        few_shot("x-03", "", acc(prograd, each(*TASKS)) > acc(coop, each(*TASKS)), ""),
        few_shot("x-04", "", mean(prograd, ELEVEN).increases_with(shots=(1, 2, 4)), ""),
        few_shot("x-05", "", mean(prograd, ELEVEN, shots=1) > mean(clip, ELEVEN), ""),
        few_shot("x-06", "", acc(prograd, "dtd", shots=1) == 60.5, "", equal_within=1),
        few_shot("x-07", "", mean(clip, ELEVEN) > 50, ""),
    )


def check(records):
    lookup = lookups(records)["prograd"]
    together, _ = judged_together(judge(claim, lookup) for claim in claims())
    return NullCheck(together)


def value(frame, what, of="all", paper="prograd"):
    chosen = frame[(frame["what"] == what) & (frame["of"] == of) & (frame["paper"] == paper)]
    return chosen["value"].item()


def test_large_effects_are_gone_in_worlds_without(maker):
    frame = check(study(maker, gain=20.0)).frame(600)
    assert value(frame, P_BELOW, "one comparison", "all") == pytest.approx(0.05, abs=0.02)
    assert value(frame, P_BELOW, "every part", "all") < 0.05, "all of four parts, or one of them against it"
    assert value(frame, ANY_HOLM) < 0.09
    assert value(frame, FALSE_BH) < 0.1


def test_what_is_no_t_test_of_a_direction_is_left_out_and_named(maker):
    assert check(study(maker, gain=1.0)).left_out == ["x-06", "x-07"]


def test_worlds_are_judged_as_the_records_are(maker):
    """With the identity for a rotation the p of every claim is its own."""
    records = study(maker, gain=1.0)
    null = check(records)

    class Identity:
        def standard_normal(self, shape):
            return np.broadcast_to(np.eye(shape[-1]), shape)

        def random(self, shape):
            return np.ones(shape)

    p, _ = null._judged(3, 0.0, Identity())
    assert p == pytest.approx(np.tile([judgement.p for judgement in null.judgements], (3, 1)))


def test_a_claim_is_true_in_a_mixed_world_where_enough_of_its_parts_keep_their_effect(maker):
    null = check(study(maker, gain=20.0))
    kept = null._worlds(2, 1.0, np.random.default_rng(0))
    lost = null._worlds(2, 0.0, np.random.default_rng(0))
    for_, against = null._truth(null._wholes[2], kept)
    assert for_.all() and not against.any()
    for_, against = null._truth(null._wholes[2], lost)
    assert not for_.any() and not against.any()


def test_the_same_records_give_the_same_table(maker):
    records = study(maker, gain=1.0)
    one, again = (check(records).frame(30) for _ in range(2))
    assert one.equals(again)


def again(records):
    """The same methods a second time, with other noise."""
    few = records[(records["experiment"] == "few_shot") & records["recipe"].isin(["coop", "prograd"])]
    noise = np.random.default_rng(9).normal(size=len(few))
    return few.assign(experiment="few_shot_again", repeat=1, value=few["value"] + noise)


def test_a_method_against_itself_has_a_count_of_false_verdicts(maker):
    records = study(maker, gain=20.0)
    frame = null_frame(pd.concat([records, again(records)]), 20)
    twins = frame[frame["check"] == "a method against itself"]
    assert twins["of"].tolist() == ["CoOp for ProGrad", "ProGrad for CoOp"]
    assert (twins["claims"] > 3).all() and (twins["value"] <= 1).all()
    far = again(records).assign(value=lambda rows: rows["value"] + 30)
    frame = null_frame(pd.concat([records, far]), 20)
    assert (frame[frame["check"] == "a method against itself"]["value"] > 3).all(), "it does find what is there"


def test_what_was_run_a_second_time_is_in_no_claim_of_the_papers(maker):
    records = study(maker, gain=1.0)
    lookup = lookups(pd.concat([records, again(records).assign(value=0.0)]))["prograd"]
    alone = lookups(records)["prograd"]
    for claim in claims():
        assert judge(claim, lookup).p == pytest.approx(judge(claim, alone).p, nan_ok=True)
