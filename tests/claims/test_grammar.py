import csv
from importlib import resources

import pytest

from reprompt.claims.claim import read_claims
from reprompt.claims.grammar import (
    Choice,
    ClaimError,
    Count,
    LargestGain,
    Number,
    Quantity,
    Series,
    SharedFailures,
    Subtraction,
    WinShare,
    parse_claim,
)


def left(text):
    return parse_claim("x-01", text, ">", "0")[0]


def test_every_claim_is_read():
    with (resources.files("reprompt.tasks.published") / "data" / "claims.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    claims = read_claims()
    assert len(claims) == len(rows) == 193
    assert [claim.id for claim in claims] == [row["id"] for row in rows]


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("acc(coop,dtd,shots=1)", Quantity("acc", ("coop", "dtd"), (("shots", 1.0),))),
        ("base(coop+gram,each(datasets11))", Quantity("base", ("coop+gram", Choice("each", ("datasets11",))))),
        ("0.5", Number(0.5, 1)),
        ("H(a,dtd) - H(b,dtd)", Subtraction(Quantity("H", ("a", "dtd")), Quantity("H", ("b", "dtd")))),
        ("final(acc(coop,dtd))", Quantity("final", (Quantity("acc", ("coop", "dtd")),))),
        ("transfer(coop,*,dtd)", Quantity("transfer", ("coop", "*", "dtd"))),
        ("count_targets10(prograd>max(coop|cocoop))", Count("targets10", "all", "prograd", ("coop", "cocoop"))),
        (
            "count_datasets11(H: maple+npt>maple,tau=1)",
            Count("datasets11", "H", "maple+npt", ("maple",), (("tau", 1.0),)),
        ),
        (
            "max_datasets11(H: maple+npt-maple,tau=1)",
            LargestGain("datasets11", "H", "maple+npt", "maple", (("tau", 1.0),)),
        ),
        (
            "win_share(pair(a|b) over pair(c|d),tasks=elevater12,shots=1|5)",
            WinShare(
                Choice("pair", ("a", "b")),
                Choice("pair", ("c", "d")),
                "elevater12",
                (("shots", Choice("list", (1.0, 5.0))),),
            ),
        ),
        (
            "zs_wrong_share(prograd_wrong&coop_right,datasets11)",
            SharedFailures("prograd", "coop", "datasets11"),
        ),
    ],
)
def test_a_term_becomes_its_tree(text, term):
    assert left(text) == term


def test_a_word_keeps_its_slash_plus_and_minus():
    assert left("acc(unigram-no_domain_shift,dtd,backbone=ViT-B/32)").arguments[0] == "unigram-no_domain_shift"


def test_the_right_side_of_a_trend_is_a_series():
    assert parse_claim("x-01", "acc(a,dtd)", "decreases_with", "tau(1|0.05)")[1] == Series("tau", (1.0, 0.05))
    assert parse_claim("x-01", "acc(a,dtd)", "increases_with", "meta_step")[1] == Series("meta_step")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("acc(coop,dtd", "character 13: expected ')', found the end"),
        ("acc(coop,,dtd)", "character 10: expected a word, found ','"),
        ("acc(coop,dtd) acc(coop,dtd)", "character 15: expected the end, found a word 'acc'"),
        ("acc(coop;dtd)", "character 9: unexpected ';'"),
        ("acc(shots=1,dtd)", "an argument without a key after one with a key"),
        ("max_datasets11(H: maple)", "expected method-method"),
        ("win_share(a under b,tasks=elevater12)", "expected 'over'"),
        ("zs_wrong_share(prograd&coop_right,datasets11)", "expected a method and _wrong"),
    ],
)
def test_an_error_names_claim_column_and_place(text, words):
    with pytest.raises(ClaimError) as error:
        left(text)
    assert "claim x-01, column lhs" in str(error.value)
    assert words in str(error.value)


def test_an_error_on_the_right_points_at_its_place():
    with pytest.raises(ClaimError, match=r"column rhs, character 5") as error:
        parse_claim("x-01", "acc(a,dtd)", ">", "acc(|b,dtd)")
    assert str(error.value).splitlines()[-1] == "      ^"
