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
    expanded = pieces("acc(a,dtd,shots=each(1|2))", "acc(b,dtd,shots=each(1|2))")
    assert [(dict(piece.lhs.settings)["shots"], dict(piece.rhs.settings)["shots"]) for piece in expanded] == [
        (1, 1),
        (2, 2),
    ]
    assert [piece.words for piece in expanded] == ["shots 1", "shots 2"]


def test_different_lists_form_a_product():
    expanded = pieces("acc(a,each(dtd|eurosat),shots=each(1|2))", "acc(each(b|c),each(dtd|eurosat))")
    assert len(expanded) == 8
    assert all(piece.lhs.arguments[1] == piece.rhs.arguments[1] for piece in expanded)
    assert expanded[0].words == "dtd, shots 1, b"


def test_pairs_are_matched_by_position():
    expanded = pieces("acc(pair(a|b),dtd)", "acc(pair(c|d),dtd)")
    assert [(piece.lhs.arguments[0], piece.rhs.arguments[0]) for piece in expanded] == [("a", "c"), ("b", "d")]


def test_pairs_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match=r"different lengths: \[1, 2\]"):
        pieces("acc(pair(a|b),dtd)", "acc(pair(c),dtd)")


def test_a_group_stands_for_its_data_sets():
    expanded = pieces("acc(a,each(datasets11))", "0")
    assert [piece.lhs.arguments[1] for piece in expanded] == list(DATASETS_11)
    assert all(piece.rhs == Number(0) for piece in expanded)


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
