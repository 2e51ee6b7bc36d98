"""One claim of a paper, checked when it is written down: a mistake in it is an error when its file is imported."""

import inspect
import math
import re
from collections.abc import Collection, Iterable, Iterator
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
NAMED = {  # what else a statement names
    "varies_with": ("setting that is varied", ("init", "M", "w_isomorphism", "w_language")),
    "increases_over": ("logged series", ("meta_step",)),
}


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
        lengths = {len(leaf.values) for _, leaf in leaves_of(self.statement) if getattr(leaf, "kind", "") == "pair"}
        if len(lengths) > 1:
            raise ClaimError(f"claim {self.id}: pair(...) of different lengths: {sorted(lengths)}")
        for what, value, known in _names_of(self):
            if value not in known:
                near = get_close_matches(str(value), map(str, known), n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(map(str, known))}"
                raise ClaimError(f"claim {self.id}: no {what} {value!r}; {hint}")

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


def _names_of(claim: Claim) -> Iterator[tuple[str, Any, Collection]]:
    """All that a claim names: what it is, what it is called, and what there is of its kind."""
    statement = claim.statement
    yield "statement", type(statement), (Statement,)
    yield "experiment setting", claim.setting.protocol, PROTOCOLS
    yield from _settings(claim.setting.given)
    if statement.relation in NAMED:
        what, known = NAMED[statement.relation]
        yield what, statement.rhs.key, known
    elif isinstance(statement.rhs, Series):
        yield from _settings([(statement.rhs.key, statement.rhs.values)])
    for side in (statement.lhs, statement.rhs):
        if isinstance(side, Term):
            yield from _names_in(side)


def _names_in(term: Term) -> Iterator[tuple[str, Any, Collection]]:
    known = {
        **dict.fromkeys(("method", "over", "missed_by", "got_by", "without"), ("method", LABELS)),
        **dict.fromkeys(("place", "on"), ("task or group", {**cards(), **groups()})),
        **dict.fromkeys(("source", "target"), ("task", cards())),
        "split": ("split", ("all", "base", "new", "H")),
        "shots": ("value of shots", VALUES["shots"]),
        "keys": NAMED["varies_with"],
    }
    for name, argument in inspect.signature(term.function).bind(None, *term.arguments).arguments.items():
        for value in _alternatives(argument):
            if isinstance(value, Term):
                yield from _names_in(value)
            elif name in known:
                what, those = known[name]
                yield what, value, those
    yield from _settings(term.settings)


def _settings(settings: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any, Collection]]:
    for key, values in settings:
        yield "setting", key, VALUES
        yield from ((f"value of {key}", value, VALUES[key]) for value in _alternatives(values))


def _alternatives(value: Any) -> tuple:
    """All values that stand in one place."""
    return value.values if isinstance(value, Choice) else value if isinstance(value, tuple) else (value,)
