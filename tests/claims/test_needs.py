"""Which data sets a claim is about, and that it is not judged on the others."""

import pytest

from reprompt.claims import claims_frame
from reprompt.claims.needs import data_sets_of, why_not_judged
from reprompt.claims.results import CLAIMS
from reprompt.tasks.card import data_set_of
from reprompt.tasks.groups import members
from rule import RULE

BY_ID = {claim.id: claim for claim in CLAIMS}
ELEVATERS = {data_set_of(task, "elevater") for task in members("elevater20")}
TARGETS = {data_set_of(task, "elevater") for task in members("elevater12")}


@pytest.mark.parametrize(
    ("claim", "data_sets"),
    [
        ("prograd-01", {*members("datasets11")}),
        ("prograd-09", {"fgvc_aircraft"}),
        ("mvlpt-01", ELEVATERS),
        ("mvlpt-04", TARGETS | {*members("sources11")}),
        ("mvlpt-31", TARGETS | {*members("sources11")}),  # ten and ImageNet alone
        ("mvlpt-37", TARGETS | {*members("sources11")}),  # where no start is named it is that
        ("mvlpt-17", ELEVATERS),  # one target, whose partners are chosen among twenty
        ("mvlpt-45", ELEVATERS),
        ("mvlpt-46", set()),  # counted, not run
    ],
)
def test_a_claim_is_about_what_it_names_and_what_its_prompts_come_from(claim, data_sets):
    assert set(data_sets_of(BY_ID[claim])) == data_sets


def test_prompts_that_leave_imagenet_and_starts_of_the_corpus_count():
    for claim in CLAIMS:
        needed = set(data_sets_of(claim))
        if claim.setting.protocol in ("domain_generalization", "cross_dataset"):
            assert "imagenet" in needed, claim.id
        assert ("corpus" in needed) == (claim.start == "meta-training"), claim.id


def test_a_claim_that_needs_a_missing_set_is_not_run_and_says_which(records):
    whole = claims_frame(records, RULE).set_index("id")
    frame = claims_frame(records, RULE, {"sun397": "no such folder", "dtd-elevater": "no such folder"}).set_index("id")
    assert frame.loc["prograd-01", "verdict"] == "not run"
    assert frame.loc["prograd-01", "reason"] == "waits for sun397: not there (`reprompt data status`)"
    assert frame.loc["mvlpt-01", "reason"].startswith("waits for dtd-elevater: ")
    assert frame.loc["prograd-09", "verdict"] == whole.loc["prograd-09", "verdict"] != "not run"


def test_with_everything_there_every_claim_is_judged():
    assert not any(why_not_judged(claim, {}) for claim in CLAIMS)
