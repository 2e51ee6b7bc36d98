"""One claim of a paper, checked when it is written down: a mistake in it is an error when its file is imported."""

import inspect
import math
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from typing import Any

from reprompt.claims.expressions import Choice, Method, Series, Statement, Term, leaves_of, plain
from reprompt.claims.lookup import Setting
from reprompt.claims.runs import LABELS
from reprompt.tasks.card import cards
from reprompt.tasks.groups import groups

FIGURES_BY_PANEL = ("gram",)  # papers of which each panel of a figure is a figure here
PROTOCOLS = (
    *("few_shot", "base_to_new", "domain_generalization", "cross_dataset", "cross_task", "few_shot_elevater"),
    *("meta-training", "analysis"),
)
# The settings that a term may name, with all values that the papers have. `table`: where one cell is printed twice.
VALUES: dict[str, tuple] = {
    "shots": (1, 2, 4, 5, 8, 16, 20),
    "tau": (1, 0.05, 0.01),
    "backbone": ("RN50", "RN101", "ViT-B/32", "ViT-B/16", "ViT-L/14"),
    "M": (2, 4, 6, 8, 16),
    "lambda": (0, 0.2, 0.4, 0.7, 0.9, 1),
    "alpha": (0.25, 0.5, 1, 2, 4),
    "augmentation": ("none",),
    "epochs": (10, 200),
    "init": ("random", "imagenet", "multitask_10", "multitask_11", "multitask_20"),
    "adapt": ("single", "multitask_best", "multitask_worst"),
    "table": (3,),
}
VARIED = ("init", "M", "w_isomorphism", "w_language")  # what a range may run over
NAMED = {"varies_with": ("setting that is varied", VARIED), "increases_over": ("logged series", ("meta_step",))}


class ClaimError(ValueError):
    """A claim that names what there is not. The message names the claim."""


@dataclass(frozen=True)
class Claim:
    """What a paper states, as an expression and in its words, and where.

    `prints` is the difference that the paper states, or that its tables have (then `where` says so), NaN where there is
    none: an effect size, tested by nothing. `equal_within` is the margin, in the unit of the statement, inside which
    what a claim calls equal may differ; None where none is stated. Raises ClaimError for what does not exist.
    """

    setting: Setting
    id: str
    text: str
    statement: Statement
    where: str
    prints: float = math.nan
    equal_within: float | None = None

    def __post_init__(self) -> None:
        for problem in _problems(self):
            raise ClaimError(f"claim {self.id}: {problem}")

    @property
    def paper(self) -> str:
        return self.setting.paper

    @property
    def output(self) -> str:
        """The table or figure that `where` names first, for example npt_figure2; empty where it names none."""
        output = re.search(r"\b(Table|Fig)[a-z]*\.? (\d+)([a-z]?)", self.where)
        if not output:
            return ""
        panel = output[3] if output[1] == "Fig" and self.paper in FIGURES_BY_PANEL else ""
        return f"{self.paper}_{'table' if output[1] == 'Table' else 'figure'}{output[2]}{panel}"


def claims_in(paper: str, protocol: str, **given: str | float) -> partial[Claim]:
    """Claims in one setting of a paper, where `given` holds for every term: claims(id, text, statement, where, ...)."""
    return partial(Claim, Setting(paper, protocol, tuple((key, plain(value)) for key, value in given.items())))


def methods(*published_ids: str) -> tuple[Method, ...]:
    """Names for methods."""
    return tuple(map(Method, published_ids))


def _problems(claim: Claim) -> Iterator[str]:
    """What a claim names that does not exist, in words."""
    statement = claim.statement
    if not isinstance(statement, Statement):
        yield f"it states nothing: {statement!r}"
        return
    yield from _unknown("experiment setting", claim.setting.protocol, PROTOCOLS)
    lengths = {len(leaf.values) for _, leaf in leaves_of(statement) if getattr(leaf, "kind", "") == "pair"}
    if len(lengths) > 1:
        yield f"pair(...) of different lengths: {sorted(lengths)}"
    yield from _unknown_settings(claim.setting.given)
    if statement.relation in NAMED:
        yield from _unknown(NAMED[statement.relation][0], statement.rhs.key, NAMED[statement.relation][1])
    elif isinstance(statement.rhs, Series):
        yield from _unknown_settings([(statement.rhs.key, statement.rhs.values)])
    for side in (statement.lhs, statement.rhs):
        if isinstance(side, Term):
            yield from _problems_of(side)


def _problems_of(term: Term) -> Iterator[str]:
    known = {
        **dict.fromkeys(("method", "over", "missed_by", "got_by", "without"), ("method", LABELS)),
        **dict.fromkeys(("place", "on"), ("task or group", {**cards(), **groups()})),
        **dict.fromkeys(("source", "target"), ("task", cards())),
        "split": ("split", ("all", "base", "new", "H")),
        "shots": ("value of shots", VALUES["shots"]),
        "keys": ("setting that is varied", VARIED),
    }
    bound = inspect.signature(term.function).bind(None, *term.arguments)
    for name, argument in bound.arguments.items():
        for value in _alternatives(argument):
            if isinstance(value, Term):
                yield from _problems_of(value)
            elif name in known:
                yield from _unknown(known[name][0], value, known[name][1])
    yield from _unknown_settings(term.settings)


def _unknown_settings(settings: Any) -> Iterator[str]:
    for key, values in settings:
        yield from _unknown("setting", key, VALUES)
        for value in _alternatives(values):
            yield from _unknown(f"value of {key}", value, VALUES.get(key, (value,)))


def _unknown(what: str, value: Any, known: Collection) -> Iterator[str]:
    if value not in known:
        near = get_close_matches(str(value), map(str, known), n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(map(str, known))}"
        yield f"no {what} {value!r}; {hint}"


def _alternatives(value: Any) -> tuple:
    """All values that stand in one place."""
    return value.values if isinstance(value, Choice) else value if isinstance(value, tuple) else (value,)
