"""Claims as they are written down: what they hold, and which mistakes are errors when their file is imported."""

import math

import pytest
import yaml

from project import PROJECT
from reprompt.claims.claim import VALUES, ClaimError, claims_in, methods
from reprompt.claims.expressions import each, methods_of, pair
from reprompt.claims.results import CLAIMS
from reprompt.claims.terms import ELEVEN, TWENTY, acc, largest_gain, mean, mean_over_epochs, transfer, wins

coop, prograd = methods("coop", "prograd")
few_shot = claims_in("prograd", "few_shot", backbone="RN50", M=16)
NUMBERS = {"prograd": 45, "gram": 56, "mvlpt": 48, "npt": 44}


def test_every_claim_is_there_in_order():
    ids = [f"{paper}-{number:02}" for paper, count in NUMBERS.items() for number in range(1, count + 1)]
    assert [claim.id for claim in CLAIMS] == ids
    assert all(claim.id.startswith(claim.paper) and claim.text and claim.where for claim in CLAIMS)


def test_a_claim_knows_who_is_compared_in_which_direction_and_by_what_margin():
    claims = {claim.id: claim for claim in CLAIMS}
    first = claims["prograd-01"]
    assert (methods_of(first.statement), first.statement.direction) == (("prograd", "coop"), 1)
    assert (first.statement.unit, first.prints, first.equal_within) == ("points", 3.2, None)
    directions = {name: claims[name].statement.direction for name in ("npt-03", "prograd-06", "npt-18", "prograd-37")}
    assert directions == {"npt-03": -1, "prograd-06": -1, "npt-18": -1, "prograd-37": 0}
    assert methods_of(claims["gram-01"].statement) == ("coop+gram", "coop")
    assert math.isnan(claims["prograd-06"].prints)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (lambda: acc(coop, "dtdd") > 0, "no task or group 'dtdd'; did you mean 'dtd'?"),
        (lambda: acc("cop", "dtd") > 0, "no method 'cop'; did you mean 'coop'?"),
        (lambda: acc(coop, "dtd") > acc(coop + "grammar", "dtd"), "no method 'coop+grammar'"),
        (lambda: acc(each(coop, "x"), "dtd") > 0, "no method 'x'"),
        (lambda: acc(coop, each("dtd", "datasets12")) > 0, "no task or group 'datasets12'; did you mean 'datasets11'?"),
        (lambda: acc(coop, "dtd", shots=3) > 0, "no value of shots 3.0"),
        (lambda: acc(coop, "dtd", shot=1) > 0, "no setting 'shot'; did you mean 'shots'?"),
        (lambda: acc(coop, "dtd", lambda_=each(0.2, 0.3)) > 0, "no value of lambda 0.3"),
        (lambda: acc(coop, "dtd").increases_with(lambda_=(0, 0.5)), "no value of lambda 0.5"),
        (lambda: acc(coop, "dtd").varies_with("start"), "no setting that is varied 'start'"),
        (lambda: mean_over_epochs(mean(coop, "datasets")) > 0, "no task or group 'datasets'"),
        (lambda: mean(coop, ELEVEN) - mean(coop, TWENTY, tau=2) > 0, "no value of tau 2.0"),
        (lambda: wins(prograd, over=(coop,), on=ELEVEN, split="novel") == 9, "no split 'novel'"),
        (lambda: largest_gain(prograd, over=coop, on=ELEVEN, tau=3) > 0, "no value of tau 3.0"),
        (lambda: transfer(coop, "cifar", "dtd") > 0, "no task 'cifar'; did you mean 'cifar10'?"),
        (lambda: acc(pair("coop", "vpt"), "dtd") > acc(pair("upt"), "dtd"), "pair(...) of different lengths: [1, 2]"),
        (lambda: True, "no statement <class 'bool'>"),
    ],
)
def test_a_mistake_is_an_error_that_names_the_claim(state, words):
    with pytest.raises(ClaimError) as error:
        few_shot("prograd-01", "", state(), "")
    assert str(error.value).startswith("claim prograd-01: ")
    assert words in str(error.value)


def test_the_setting_of_a_claim_is_checked_too():
    for setting, words in (
        (claims_in("prograd", "few_shots"), "no experiment setting 'few_shots'; did you mean 'few_shot'?"),
        (claims_in("prograd", "few_shot", backbone="RN51"), "no value of backbone 'RN51'"),
    ):
        with pytest.raises(ClaimError) as error:
            setting("x-01", "", acc(coop, "dtd") > 0, "")
        assert words in str(error.value)


def test_an_argument_that_a_quantity_does_not_take_is_an_error():
    with pytest.raises(TypeError, match="target"):
        transfer(coop, "dtd")


@pytest.mark.parametrize(
    ("key", "experiment", "setting"),
    [("lambda", "few_shot_lambda", "lambda"), ("alpha", "few_shot_lwf", "distillation")],
)
def test_the_values_that_a_term_may_name_are_those_that_are_run(key, experiment, setting):
    planned = yaml.safe_load((PROJECT / "params.yaml").read_text())["experiments"]
    assert set(VALUES[key]) == set(planned[experiment]["sweep"][0][setting])


def test_a_claim_points_at_the_table_or_figure_it_is_from():
    outputs = {claim.id: claim.output for claim in CLAIMS}
    assert outputs["prograd-01"] == "prograd_table1"
    assert outputs["prograd-09"] == "prograd_figure4"
    assert outputs["npt-02"] == "npt_table1"
    assert outputs["npt-43"] == "npt_figure5"
    assert outputs["npt-18"] == "npt_figure2"
    assert outputs["gram-54"] == "gram_figure3a"
    assert outputs["prograd-37"] == ""
