"""How good filter and topics are: cases worked by hand."""

import numpy as np
import pytest

from reprompt.corpus.assignment import Assignment
from reprompt.corpus.quality import Truth, agreement, filter_counts, purity, quality, roc

MISMATCHED = np.array([True, True, False, False, False])
ASSIGNMENT = Assignment(
    similarity=np.array([0.1, 0.3, 0.2, 0.4, 0.5], np.float16),
    kept=np.array([False, True, True, True, True]),
    topic=np.array([-1, 0, 0, 1, -1], np.int16),
    domain=np.array([-1, 0, 0, 0, -1], np.int8),
    topic_words=("cat", "flag"),
    threshold=0.2,
    made_from={},
)


def test_a_score_that_tells_all_pairs_apart_has_area_1_and_its_reverse_0():
    score = np.array([0.1, 0.2, 0.3, 0.4, 0.5])
    assert roc(score, MISMATCHED).area == 1
    assert roc(-score, MISMATCHED).area == 0


def test_a_score_that_says_nothing_has_area_one_half():
    assert roc(np.zeros(5), MISMATCHED).area == 0.5
    rng = np.random.default_rng(0)
    assert roc(rng.normal(size=20_000), rng.random(20_000) < 0.3).area == pytest.approx(0.5, abs=0.02)


def test_the_area_is_the_share_of_couples_in_the_right_order():
    # matched 0.2, 0.4, 0.5 against mismatched 0.1, 0.3: five of six couples
    curve = roc(np.array([0.1, 0.3, 0.2, 0.4, 0.5]), MISMATCHED)
    assert curve.area == pytest.approx(5 / 6)
    assert (curve.mismatched_stay[0], curve.matched_stay[0]) == (0, 0)
    assert (curve.mismatched_stay[-1], curve.matched_stay[-1]) == (1, 1)


def test_pairs_are_counted_by_what_they_are_and_what_became_of_them():
    assert filter_counts(np.array([True, False, True, True, False]), MISMATCHED) == {
        **{"matched_kept": 2, "matched_dropped": 1, "mismatched_kept": 1, "mismatched_dropped": 1},
    }


def test_purity_of_a_case_worked_by_hand():
    # cluster 0 has a, a, b: two of three; cluster 1 has b: one of one
    assert purity(np.array([0, 0, 0, 1]), ["a", "a", "b", "b"]) == 3 / 4


def test_the_adjusted_rand_index_of_a_case_worked_by_hand():
    # together in both: 1 couple; expected 2 * 3 / 6 = 1; at best (2 + 3) / 2: (1 - 1) / (2.5 - 1)
    assert agreement(np.array([0, 0, 1, 1]), ["a", "a", "a", "b"])["adjusted_rand_index"] == pytest.approx(0)
    assert agreement(np.array([0, 0, 1, 1]), ["b", "b", "a", "a"])["adjusted_rand_index"] == 1


def test_pairs_without_a_topic_are_left_out():
    with_none = agreement(np.array([0, 0, 1, -1, 1, -1]), ["a", "a", "b", "a", "b", "b"])
    assert with_none == {"adjusted_rand_index": 1, "purity": 1}


def test_everything_that_is_judged():
    measured = quality(ASSIGNMENT, Truth(MISMATCHED, list("aabbb"), list("12345")))
    assert measured["filter"]["area_under_roc"] == pytest.approx(5 / 6)
    assert measured["filter"]["mismatched_kept"] == 1
    assert measured["topics"]["kept_without_topic"] == 1 / 4
    assert measured["topics"]["pairs_per_topic"] == {"least": 1, "median": 1.5, "most": 2}
    assert measured["topics"]["families"]["purity"] == pytest.approx(2 / 3)


def test_without_the_truth_only_what_can_be_counted_is_told():
    assert quality(ASSIGNMENT, None) == {
        "filter": {"threshold": 0.2, "kept": 4, "dropped": 1},
        "topics": {
            "topics": 2,
            "pairs_per_topic": {"least": 1, "median": 1.5, "most": 2},
            "kept_without_topic": 1 / 4,
        },
    }
