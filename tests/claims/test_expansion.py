import pytest

from reprompt.claims.claim import read_claims
from reprompt.claims.expansion import expand, with_setting
from reprompt.claims.grammar import Number, Quantity, parse_claim
from reprompt.tasks.groups import members

DATASETS_11 = members("datasets11")
CLAIMS = {claim.id: claim for claim in read_claims()}


def pieces(lhs, rhs):
    return expand(*parse_claim("x-01", lhs, ">", rhs))


def test_the_same_list_on_both_sides_moves_together():
    found = pieces("acc(a,dtd,shots=each(1|2))", "acc(b,dtd,shots=each(1|2))")
    assert [(dict(one.lhs.settings)["shots"], dict(one.rhs.settings)["shots"]) for one in found] == [(1, 1), (2, 2)]
    assert [one.words for one in found] == ["shots 1", "shots 2"]


def test_different_lists_form_a_product():
    found = pieces("acc(a,each(dtd|eurosat),shots=each(1|2))", "acc(each(b|c),each(dtd|eurosat))")
    assert len(found) == 8
    assert all(one.lhs.arguments[1] == one.rhs.arguments[1] for one in found)
    assert found[0].words == "dtd, shots 1, b"


def test_pairs_are_matched_by_position():
    found = pieces("acc(pair(a|b),dtd)", "acc(pair(c|d),dtd)")
    assert [(one.lhs.arguments[0], one.rhs.arguments[0]) for one in found] == [("a", "c"), ("b", "d")]


def test_pairs_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match=r"different lengths: \[1, 2\]"):
        pieces("acc(pair(a|b),dtd)", "acc(pair(c),dtd)")


def test_a_group_stands_for_its_data_sets():
    found = pieces("acc(a,each(datasets11))", "0")
    assert [one.lhs.arguments[1] for one in found] == list(DATASETS_11)
    assert all(one.rhs == Number(0) for one in found)


@pytest.mark.parametrize(
    ("claim", "parts"),
    {
        **{"prograd-01": 1, "prograd-12": 55, "prograd-16": 20, "prograd-25": 22, "mvlpt-10": 3, "mvlpt-22": 20},
        **{"mvlpt-34": 2, "mvlpt-38": 6, "mvlpt-41": 18, "npt-17": 9, "npt-20": 9},
    }.items(),
)
def test_claims_have_as_many_parts_as_they_say(claim, parts):
    assert len(expand(CLAIMS[claim].lhs, CLAIMS[claim].rhs)) == parts


def test_a_setting_reaches_the_innermost_quantity_and_overrides_nothing():
    term = Quantity("final", (Quantity("acc", ("a", "dtd"), (("shots", 4.0),)),))
    assert with_setting(term, "shots", 1.0) == term
    inner = with_setting(term, "tau", 0.05).arguments[0]
    assert dict(inner.settings) == {"shots": 4.0, "tau": 0.05}
