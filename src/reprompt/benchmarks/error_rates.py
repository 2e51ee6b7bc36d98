"""How often the t tests of verdicts err: true hypotheses that are rejected, by the law of the strata's variances.

A kind has K strata of n units each, normal around 0. Their variances are all equal, inverse-gamma (the law that
moderated variances assume, with d0 = 6), or in two groups, narrow and wide, at ratio 9. Tested are single strata, and
averages of up to eleven of one group. Of every group there is a rate of its own: what an average over groups hides is
what a verdict on one comparison would suffer.

Three rules: the stratum's own variance (plain), limma's moderation (Smyth 2004: d0 by moments), and the one that
verdicts use (evidence/moderation.py). A rule is good where 4 to 6 of 100 true hypotheses are rejected at 5 %, and at
most 1.6 at 1 %; fewer than 4 are only wasteful.

    W worlds, K strata, n units
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.special import polygamma
from scipy.stats import t as student_t

from reprompt.evidence.moderation import Prior, fit_prior
from reprompt.foundation.atomic import write_text

UNITS = (3, 5, 10)
KINDS = (11, 55)  # strata: eleven tasks, and eleven tasks at five shots
IN_AN_AVERAGE = 11
PRIOR_DEGREES = 6  # of the inverse-gamma law
RATIO = 9
WORLDS = 10_000
SEED = 0
FIVE, ONE = (0.04, 0.06), 0.016
NEWTON = 60  # steps; trigamma's inverse needs ten


@dataclass(frozen=True)
class Rate:
    """Of true hypotheses in one group the shares that a rule rejects at 5 and 1 %.

    `strata` are those of the kind, `compared` how many of them are averaged, and `with_prior` the share of worlds in
    which the rule has a prior.
    """

    units: int
    law: str
    strata: int
    group: str
    compared: int
    rule: str
    at_5_percent: float
    at_1_percent: float
    with_prior: float

    @property
    def too_many(self) -> bool:
        """Whether it rejects more than it may."""
        return self.at_5_percent > FIVE[1] or self.at_1_percent > ONE

    @property
    def wasteful(self) -> bool:
        """Whether it rejects less than it may."""
        return self.at_5_percent < FIVE[0]


def bench_error_rates(json_out: Path | None = None, worlds: int = WORLDS) -> None:
    """Simulate all laws at all numbers of units, print the rates and keep them as JSON."""
    rates = [rate for units in UNITS for strata in KINDS for rate in rates_of(units, strata, worlds)]
    Console().print(printed(rates))
    if json_out:
        measured = {"worlds": worlds, "rates": [asdict(rate) for rate in rates]}
        write_text(json_out, json.dumps(measured, indent=1) + "\n")


def rates_of(units: int, strata: int, worlds: int) -> Iterator[Rate]:
    """The rates of all laws, groups and rules in kinds of so many strata of so many units."""
    stream, degrees = np.random.default_rng((SEED, units, strata)), units - 1
    for law in LAWS:
        variances, group_of = LAWS[law](worlds, strata, stream)
        means = stream.standard_normal((worlds, strata)) * np.sqrt(variances / units)
        estimates = variances * stream.chisquare(degrees, (worlds, strata)) / degrees
        for rule, fit in RULES.items():
            prior = fit(estimates, np.full(strata, degrees))
            better, added = prior.moderated(estimates, np.full(strata, degrees))
            used = float((prior.d0 > 0).mean())
            for group in dict.fromkeys(group_of):
                of_group = np.flatnonzero(group_of == group)
                for compared in (of_group[:, None], of_group[None, :IN_AN_AVERAGE]):
                    p = _p(means[:, compared], better[:, compared], added[:, compared], units)
                    shares = [round(float((p < level).mean()), 4) for level in (0.05, 0.01)]
                    yield Rate(units, law, strata, str(group), compared.shape[1], rule, *shares, round(used, 3))


def _p(means: np.ndarray, variances: np.ndarray, added: np.ndarray, units: int) -> np.ndarray:
    """Two-sided p of comparisons (W, C) of G strata each, from (W, C, G): as statistics.stratified has it."""
    G = means.shape[-1]
    parts = variances / units / G**2
    freedom = parts.sum(axis=-1) ** 2 / (parts**2 / (units - 1 + added / G)).sum(axis=-1)
    return 2 * student_t.sf(np.abs(means.mean(axis=-1)) / np.sqrt(parts.sum(axis=-1)), freedom)


def _equal(worlds: int, strata: int, stream: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    return np.ones((worlds, strata)), np.full(strata, "all")


def _inverse_gamma(worlds: int, strata: int, stream: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    return PRIOR_DEGREES / stream.chisquare(PRIOR_DEGREES, (worlds, strata)), np.full(strata, "all")


def _two_groups(worlds: int, strata: int, stream: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    is_wide = np.arange(strata) % 2 == 1
    return np.tile(np.where(is_wide, float(RATIO), 1.0), (worlds, 1)), np.where(is_wide, "wide", "narrow")


LAWS = {"equal": _equal, "inverse-gamma": _inverse_gamma, "two groups": _two_groups}


def _plain(variances: np.ndarray, degrees: np.ndarray) -> Prior:
    return Prior(np.zeros(len(variances)), np.ones_like(variances))


def limma(variances: np.ndarray, degrees: np.ndarray) -> Prior:
    """limma's prior (fitFDist without a trend): d0 and s0^2 by the moments of log variances, d0 at most the pooled."""
    d = float(degrees[0])
    logs = np.log(variances) - polygamma(0, d / 2) + np.log(d / 2)
    excess = logs.var(axis=-1, ddof=1) - polygamma(1, d / 2)
    d0 = np.where(excess > 0, 2 * inverse_trigamma(np.where(excess > 0, excess, 1.0)), np.inf)
    capped = np.minimum(d0, (variances.shape[-1] - 1) * d)
    shift = np.where(np.isinf(d0), 0.0, polygamma(0, capped / 2) - np.log(capped / 2))
    return Prior(capped, np.broadcast_to(np.exp(logs.mean(axis=-1) + shift)[:, None], variances.shape))


def inverse_trigamma(x: np.ndarray) -> np.ndarray:
    """y with trigamma(y) = x, by Newton's method on 1 / trigamma, as limma has it."""
    y = 0.5 + 1 / x
    for _ in range(NEWTON):
        y = y + polygamma(1, y) * (1 - polygamma(1, y) / x) / polygamma(2, y)
    return y


def _verdicts(variances: np.ndarray, degrees: np.ndarray) -> Prior:
    return fit_prior(variances, degrees, np.zeros((variances.shape[-1], 2)))


RULES = {"plain": _plain, "limma": limma, "verdicts": _verdicts}


def printed(rates: list[Rate]) -> Table:
    """The rates as a table; what rejects too much is marked."""
    table = Table(title="True hypotheses that are rejected, in percent at 5 % (at 1 %)")
    for name in ("units", "law", "strata", "group", "compared", *RULES, "with a prior"):
        table.add_column(name, justify="right" if name not in ("law", "group") else "left")
    by_row: dict[tuple, dict[str, Rate]] = {}
    for rate in rates:
        by_row.setdefault((rate.units, rate.law, rate.strata, rate.group, rate.compared), {})[rate.rule] = rate
    for row, of_rules in by_row.items():
        cells = [_in_words(of_rules[rule]) for rule in RULES]
        table.add_row(*map(str, row), *cells, f"{100 * of_rules['verdicts'].with_prior:.0f} %")
    return table


def _in_words(rate: Rate) -> str:
    words = f"{100 * rate.at_5_percent:.1f} ({100 * rate.at_1_percent:.1f})"
    return f"[bold red]{words} ![/]" if rate.too_many else f"[dim]{words}[/]" if rate.wasteful else words
