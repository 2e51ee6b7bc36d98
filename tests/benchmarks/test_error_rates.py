"""The simulated error rates, and that the committed table is within bounds."""

import json

import pytest
from typer.testing import CliRunner

from project import PROJECT
from reprompt.benchmarks.error_rates import KINDS, LAWS, UNITS, Rate, rates_of
from reprompt.cli import app

COMMITTED = PROJECT / "results/benchmarks/error_rates.json"


@pytest.fixture(scope="module")
def rates():
    return list(rates_of(5, 11, 2000))


def test_the_plain_rule_on_one_task_is_exact_whatever_the_law(rates):
    single = [rate for rate in rates if rate.rule == "plain" and rate.compared == 1]
    assert {rate.law for rate in single} == set(LAWS)
    for rate in single:
        assert rate.at_5_percent == pytest.approx(0.05, abs=0.006)


def test_limmas_moderation_rejects_too_much_where_strata_are_wide(rates):
    (wide,) = (r for r in rates if (r.law, r.group, r.compared, r.rule) == ("two groups", "wide", 1, "limma"))
    assert wide.too_many and wide.at_5_percent > 0.08


def test_the_committed_table_has_all_laws_and_the_rule_of_verdicts_never_rejects_too_much():
    committed = [Rate(**rate) for rate in json.loads(COMMITTED.read_text())["rates"]]
    assert {(r.units, r.law, r.strata) for r in committed} == {
        (u, law, s) for u in UNITS for law in LAWS for s in KINDS
    }
    ours = [rate for rate in committed if rate.rule == "verdicts"]
    assert not [rate for rate in ours if rate.too_many]
    assert not [rate for rate in ours if rate.compared == 1 and rate.wasteful], "one task is exact"
    assert [rate for rate in ours if rate.law == "equal" and rate.units == 10 and rate.with_prior > 0.3]


def test_the_command_is_listed():
    shown = CliRunner().invoke(app, ["bench", "error-rates", "--help"])
    assert shown.exit_code == 0 and "three laws of variances" in shown.output
