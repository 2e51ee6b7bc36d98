"""MVLPT's claims on invented records in which the truth is known."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import yaml

from project import PROJECT
from reprompt.claims import claims_frame
from reprompt.claims.lookup import At, Setting, Slice
from reprompt.claims.records import EXPERIMENTS, lookups
from reprompt.claims.results import CLAIMS as ALL_CLAIMS
from reprompt.claims.verdict import judge
from reprompt.evidence.lookup import Missing
from reprompt.evidence.values import Origin
from reprompt.tasks.groups import members
from reprompt.training.groups import grid_of, normalised, partners
from rule import RULE

ELEVATER_20 = members("elevater20")
CLAIMS = {claim.id: claim for claim in ALL_CLAIMS if claim.paper == "mvlpt"}
CROSS_TASK = Setting("mvlpt", "cross_task")


@pytest.fixture(scope="module")
def records(study):
    return study().all().frame()


@pytest.fixture(scope="module")
def lookup(records):
    return mvlpt_in(records)


@pytest.fixture(scope="module")
def judged(records):
    frame = claims_frame(records, RULE)
    return frame[frame["paper"] == "mvlpt"].set_index("id")


def mvlpt_in(records):
    return lookups(records)["mvlpt"]


def at(method, place, **named):
    return Slice(CROSS_TASK, method, place, "all", tuple(named.items()))


def stating(name, **changes):
    """A claim with its statement changed."""
    return replace(CLAIMS[name], statement=replace(CLAIMS[name].statement, **changes))


def swapped(claim):
    """The opposite of a comparison."""
    return stating(claim.id, lhs=claim.statement.rhs, rhs=claim.statement.lhs)


def test_every_claim_is_judged(judged):
    assert len(judged) == 48
    assert "not run" not in set(judged["verdict"])


def test_what_was_built_in_holds(judged):
    assert judged["verdict"].to_dict() == dict.fromkeys(CLAIMS, "holds")


def test_estimates_are_those_built_in(judged):
    expected = {
        "mvlpt-01": 1 + 0.5 * 19 / 20,  # the start's 1, the group's 2 less 1.5; FGVC Aircraft stays alone
        "mvlpt-02": 1 + 2 * 19 / 20,
        "mvlpt-05": 3,
        "mvlpt-10": 2.0,  # the 19th best of 36 cells of MCoOp, all but one of which gain 2
        "mvlpt-21": 0,
        "mvlpt-28": 2 * 19 / 20 + 1,
        "mvlpt-34": 1,
        "mvlpt-37": 0.5,
        "mvlpt-38": -0.8,
        "mvlpt-39": -0.5,
        "mvlpt-40": 0.2,
        "mvlpt-42": 3,
        "mvlpt-46": 100 * 8_192 / 124e6 - 0.01,
        "mvlpt-47": 100 * 147_456 / 124e6 - 0.11,
        "mvlpt-48": 100 * 566_400 / 124e6 - 0.45,
    }
    assert judged["estimate"][list(expected)].to_dict() == pytest.approx(expected, abs=0.01)


def test_the_opposite_of_what_was_built_in_is_contradicted(lookup):
    for name in ("mvlpt-03", "mvlpt-08", "mvlpt-17", "mvlpt-24", "mvlpt-29", "mvlpt-38", "mvlpt-41", "mvlpt-44"):
        judgement = judge(swapped(CLAIMS[name]), lookup)
        assert all(part.side == -1 for part in judgement.parts), name
    falls = {"relation": "decreases_with"}
    for name, opposite in (("mvlpt-37", falls), ("mvlpt-42", falls), ("mvlpt-20", {"relation": "<"})):
        judgement = judge(stating(name, **opposite), lookup)
        assert judgement.verdict(judgement.p) == "contradicted", name


def test_noise_settles_nothing(study):
    frame = claims_frame(study(noise=40.0, seeds=(1, 2)).all().frame(), RULE)
    tested = frame[(frame["paper"] == "mvlpt") & frame["p"].notna()]
    assert set(tested["verdict"]) == {"open"}
    assert len(tested) > 40


def test_a_term_that_does_not_say_means_what_section_4_1_means(records, lookup):
    for method, recipe, start in (("mvpt", "vpt_source", "multitask_11"), ("vpt", "vpt_deep", "")):
        values = lookup.accuracies(at(method, "mnist", shots=20.0)).by_origin
        rows = records[(records["recipe"] == recipe) & (records["start"] == start) & (records["metric"] == "score")]
        rows = rows[(rows["task"] == "mnist") & (rows["shots"] == 20) & (rows["swept"] == "")]
        rows = rows[(rows["backbone"] == "ViT-B-16") & (rows["protocol"] == "elevater")]
        assert values == {Origin("mnist", "mnist", 0, row.seed): row.value for row in rows.itertuples()}
        assert len(values) == 3


def test_a_prompt_is_as_long_as_its_learners_usually_is(lookup):
    usual, named = (lookup.accuracies(at("upt", "mnist", shots=20.0, **M)).by_origin for M in ({}, {"M": 4.0}))
    assert usual == named
    longer = lookup.accuracies(at("upt", "mnist", shots=20.0, M=16.0)).by_origin
    assert np.mean(list(usual.values())) - np.mean(list(longer.values())) == pytest.approx(0.2, abs=0.01)


def test_other_sweeps_are_in_no_claim(lookup):
    choices = lookup.accuracies(at("upt", "elevater12", shots=20.0)).by_origin
    assert len(choices) == 3 * 12 and min(choices.values()) > 50


def test_what_is_swept_does_not_stand_in_for_the_usual(records):
    swept = mvlpt_in(records[records["swept"] != ""])
    assert len(swept.accuracies(at("upt", "mnist", shots=20.0, M=16.0)).by_origin) == 3
    for tokens in ({}, {"M": 4.0}):  # of four tokens there are only other blocks
        with pytest.raises(Missing, match="no records of UPT on mnist"):
            swept.accuracies(at("upt", "mnist", shots=20.0, **tokens))


def test_a_backbone_is_that_of_the_claim_unless_the_term_names_one(lookup):
    usual, large = (lookup.accuracies(at("coop", "mnist", shots=20.0, **on)) for on in ({}, {"backbone": "ViT-L/14"}))
    gain = np.mean(list(large.by_origin.values())) - np.mean(list(usual.by_origin.values()))
    assert gain == pytest.approx(3, abs=0.01)


def test_the_numbers_of_tokens_are_those_that_were_run(records, lookup):
    assert lookup.variants(CROSS_TASK, "mupt", ("M",)) == [(4,), (8,), (16,)]
    unswept = mvlpt_in(records[records["swept"] == ""])
    with pytest.raises(Missing, match="no experiment varies M of MUPT"):
        unswept.variants(CROSS_TASK, "mupt", ("M",))


def test_what_was_not_run_says_why(records):
    without = mvlpt_in(records[~records["experiment"].isin(["grouped_adapted", "transfer_grid"])])
    reasons = {name: str(judge(CLAIMS[name], without).missing[0]) for name in ("mvlpt-28", "mvlpt-44", "mvlpt-45")}
    assert reasons == {
        "mvlpt-28": "no records of MUPT on elevater20 under elevater, "
        "shots 20, init multitask_20, adapt multitask_best",
        "mvlpt-44": "no records of how prompts of VPT do on other tasks",
        "mvlpt-45": "no records of how prompts of CoOp do on other tasks",
    }
    with pytest.raises(Missing, match="no records of CoOp on mnist under elevater, lambda 1"):
        without.accuracies(at("coop", "mnist", **{"lambda": 1.0}))


def test_some_of_the_tasks_are_enough_and_are_named(records):
    some = records[records["task"].isin(["mnist", "dtd", "fer2013"]) & (records["protocol"] == "elevater")]
    frame = claims_frame(some, RULE).set_index("id")
    assert "on 2 of 12 data sets" in frame.loc["mvlpt-05", "reason"]
    assert "3 of 20 parts run" in frame.loc["mvlpt-22", "reason"]


def test_transfer_is_the_entry_of_the_normalised_grid(records, lookup):
    grid = normalised(grid_of(records, "coop_middle"))
    statement = CLAIMS["mvlpt-43"].statement.pieces[0].statement
    pair, average = (side.values(At(lookup, CROSS_TASK)) for side in (statement.lhs, statement.rhs))
    assert np.mean(list(pair.by_origin.values())) == pytest.approx(grid.at["cifar10", "caltech101"])
    others = grid["caltech101"].drop("caltech101")
    assert np.mean(list(average.by_origin.values())) == pytest.approx(others.mean())
    assert set(pair.by_origin) == set(average.by_origin) == {Origin("", "caltech101", 0, seed) for seed in (1, 2, 3)}


def test_the_average_source_needs_every_source(records):
    fewer = mvlpt_in(records[records["source"] != "mnist"])
    with pytest.raises(Missing, match="only 18 of 19 sources were run"):
        CLAIMS["mvlpt-43"].statement.pieces[0].statement.rhs.values(At(fewer, CROSS_TASK))


def test_choices_are_those_of_the_groups(records, judged):
    chosen = [partners(grid_of(records, recipe, "validation")) for recipe in ("coop_middle", "vpt_deep", "upt")]
    pairs = [[(set(chosen[0][task].best), set(other[task].best)) for task in ELEVATER_20] for other in chosen[1:]]
    differing = [sum(first != other for first, other in pair) for pair in pairs]
    shared = [sum(len(first & other) for first, other in pair) for pair in pairs]
    words = [f"groups differ on {d} of 20 tasks and share {s} partners" for d, s in zip(differing, shared, strict=True)]
    assert any(note in judged.loc["mvlpt-45", "reason"] for note in words)
    assert judged.loc["mvlpt-45", "estimate"] in differing
    assert judged.loc["mvlpt-45", "unit"] == "tasks"


def test_learners_choose_by_the_map_where_their_groups_were_chosen_by_it(records):
    by_grid = records.assign(partners_by=["grid" if group else "" for group in records["group"]])
    (claim,) = CLAIMS["mvlpt-45"].statement.pieces[:1]
    for frame, metric in ((records, "validation"), (by_grid, "score")):
        values = claim.statement.lhs.values(At(mvlpt_in(frame), CROSS_TASK))
        expected = frame[(frame["protocol"] == "transfer_grid") & (frame["recipe"] == "coop_middle")]
        expected = expected[expected["metric"] == metric].pivot(
            index=["seed", "source"], columns="task", values="value"
        )
        pd.testing.assert_frame_equal(values, expected)


def test_no_other_paper_borrows_from_mvlpts_experiments():
    planned = yaml.safe_load((PROJECT / "params.yaml").read_text())["experiments"]
    protocols = ("elevater", "multitask", "transfer_grid")
    theirs = {name for name, of in planned.items() if of["protocol"] in protocols and not name.startswith("gram")}
    assert theirs and not theirs & {name for names in EXPERIMENTS.values() for name in names}


def test_the_share_of_parameters_says_what_was_divided(judged):
    assert "147,456 of 124,000,000 are 0.1189 %" in judged.loc["mvlpt-47", "reason"]
    assert "met to the printed precision; cut off in print, not rounded" in judged.loc["mvlpt-47", "reason"]
    assert math.isnan(judged.loc["mvlpt-47", "p"])


def test_what_favours_a_claim_is_said(judged):
    assert "a yardstick only on the same images" in judged.loc["mvlpt-20", "reason"]


def test_the_learners_of_the_grid_are_those_tuned_alone(lookup):
    for learner in ("coop", "vpt", "upt"):
        assert lookup.transfers(learner, "score").shape == (60, 20)
