"""From one statement with each(...) and pair(...) in it to the plain ones that it stands for."""

import pytest

from reprompt.claims.expressions import Method, each, methods_of, pair, substituted, with_settings
from reprompt.claims.results import CLAIMS
from reprompt.claims.terms import acc, last_epoch
from reprompt.tasks.groups import members

BY_ID = {claim.id: claim for claim in CLAIMS}


def test_the_same_list_on_both_sides_moves_together():
    pieces = (acc("a", "dtd", shots=each(1, 2)) > acc("b", "dtd", shots=each(1, 2))).pieces
    shots = [(dict(piece.lhs.settings)["shots"], dict(piece.rhs.settings)["shots"]) for piece, _ in pieces]
    assert shots == [(1, 1), (2, 2)]
    assert [words for _, words in pieces] == ["shots 1", "shots 2"]


def test_different_lists_form_a_product():
    tasks = each("dtd", "eurosat")
    pieces = (acc("a", tasks, shots=each(1, 2)) > acc(each("b", "c"), tasks)).pieces
    assert len(pieces) == 8
    assert all(piece.lhs.arguments[1] == piece.rhs.arguments[1] for piece, _ in pieces)
    assert pieces[0][1] == "dtd, shots 1, b"


def test_pairs_are_matched_by_position():
    pieces = (acc(pair("a", "b"), "dtd") > acc(pair("c", "d"), "dtd")).pieces
    assert [(piece.lhs.arguments[0], piece.rhs.arguments[0]) for piece, _ in pieces] == [("a", "c"), ("b", "d")]


def test_a_group_stands_for_its_data_sets():
    pieces = (acc("a", each("datasets11")) > 0).pieces
    assert [piece.lhs.arguments[1] for piece, _ in pieces] == list(members("datasets11"))
    assert all(piece.rhs.value == 0 for piece, _ in pieces)


@pytest.mark.parametrize(
    ("claim", "parts"),
    {
        **{"prograd-01": 1, "prograd-12": 55, "prograd-16": 20, "prograd-25": 22, "mvlpt-10": 3, "mvlpt-22": 20},
        **{"mvlpt-34": 2, "mvlpt-38": 6, "mvlpt-41": 18, "npt-17": 9, "npt-20": 9},
    }.items(),
)
def test_claims_have_as_many_parts_as_they_say(claim, parts):
    assert len(BY_ID[claim].statement.pieces) == parts


def test_a_setting_reaches_the_innermost_term_and_overrides_nothing():
    term = last_epoch(acc("a", "dtd", shots=4))
    assert dict(with_settings(term, {"shots": 1.0}).arguments[0].settings) == {"shots": 4.0}
    assert dict(with_settings(term, {"tau": 0.05}).arguments[0].settings) == {"shots": 4.0, "tau": 0.05}


def test_a_method_can_be_put_in_the_place_of_another():
    statement = acc(Method("prograd"), "dtd") > acc(each(Method("coop"), Method("vpt")), "dtd")
    assert methods_of(substituted(statement.pieces[0][0], {"coop": Method("twin")})) == ("prograd", "twin")


def test_methods_are_put_together_by_a_plus():
    assert Method("coop") + Method("gram") == "coop+gram"


def test_a_number_is_as_fine_as_it_is_written():
    decimals = [(acc("a", "dtd") == number).rhs.decimals for number in (90, 1.3, 0.45)]
    assert decimals == [0, 1, 2]
