"""One claim of a paper, checked when it is written down: a mistake in it is an error when its file is imported."""

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from difflib import get_close_matches
from functools import partial
from typing import Any

from reprompt.claims.statements import LABELS, Choice, Method, Setting, Statement, leaves_of, plain
from reprompt.tasks.card import cards
from reprompt.tasks.groups import groups

FIGURES_BY_PANEL = ("gram",)  # papers of which each panel of a figure is a figure here
PROTOCOLS = (
    *("few_shot", "base_to_new", "domain_generalization", "cross_dataset", "cross_task", "few_shot_elevater"),
    *("meta-training", "analysis"),
)
SPLITS = ("all", "base", "new", "H")
STARTS = ("random", "imagenet", "multitask_10", "multitask_11", "multitask_20")
# The settings that a term may name, with all values that the papers have. `table`: where one is printed twice.
VALUES: dict[str, tuple] = {
    "shots": (1, 2, 4, 5, 8, 16, 20),
    "tau": (1, 0.05, 0.01),
    "backbone": ("RN50", "RN101", "ViT-B/32", "ViT-B/16", "ViT-L/14"),
    "M": (2, 4, 6, 8, 16),
    "lambda": (0, 0.2, 0.4, 0.7, 0.9, 1),
    "alpha": (0.25, 0.5, 1, 2, 4),
    "augmentation": ("none",),
    "epochs": (10, 200),
    "init": STARTS,
    "adapt": ("single", "multitask_best", "multitask_worst"),
    "table": (3,),
}
VARIED = ("init", "M", "w_isomorphism", "w_language")  # what a range may run over
LOGGED = ("meta_step",)


class ClaimError(ValueError):
    """A claim that names what there is not. The message names the claim."""


@dataclass(frozen=True)
class Claim:
    """What a paper states, in its words and as an expression, and where.

    `prints` is the difference that the paper states in words or that its tables have (then `where` says so), NaN where
    there is none: an effect size, tested by nothing. `equal_within` is the margin, in the unit of the statement, inside
    which what a claim calls equal may differ; None where none is stated. Raises ClaimError for what does not exist.
    """

    setting: Setting
    id: str
    text: str
    where: str
    statement: Statement
    prints: float = math.nan
    equal_within: float | None = None

    def __post_init__(self) -> None:
        pairs = {len(leaf.values) for _, leaf in leaves_of(self.statement) if getattr(leaf, "kind", "") == "pair"}
        unequal = [f"pair(...) of different lengths: {sorted(pairs)}"] if len(pairs) > 1 else []
        for problem in (*unequal, *_problems_of(self.setting), *_problems(self.statement)):
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
    """Claims in one setting of a paper, where `given` holds for every term: claims(id, text, where, statement, ...)."""
    return partial(Claim, Setting(paper, protocol, tuple((key, plain(value)) for key, value in given.items())))


def methods(*published_ids: str) -> tuple[Method, ...]:
    """Names for methods."""
    return tuple(map(Method, published_ids))


def _problems_of(setting: Setting) -> Iterator[str]:
    yield from _unknown("experiment setting", setting.protocol, PROTOCOLS)
    yield from _problems_of_settings(setting.given)


def _problems(node: Any) -> Iterator[str]:
    """What a statement or term names that does not exist, in words."""
    if not is_dataclass(node) or isinstance(node, Choice):
        return
    for field in fields(node):
        for value in _alternatives(getattr(node, field.name)):
            if is_dataclass(value):
                yield from _problems(value)
            elif field.name in KNOWN:
                what, known = KNOWN[field.name]
                yield from _unknown(what, value, known())
    yield from _problems_of_settings(getattr(node, "settings", ()))
    if hasattr(node, "series"):
        yield from _problems_of_settings(((node.key, Choice("each", node.series)),))


def _problems_of_settings(settings: tuple) -> Iterator[str]:
    for key, values in settings:
        if key not in VALUES:
            yield from _unknown("setting", key, VALUES)
        else:
            for value in _alternatives(values):
                yield from _unknown(f"value of {key}", value, VALUES[key])


# What the fields of terms and statements may hold; the others are checked by their type.
KNOWN: dict[str, tuple[str, Callable[[], Any]]] = {
    **dict.fromkeys(
        ("method", "rivals", "rival", "missed_by", "got_by", "changed", "reference"), ("method", lambda: LABELS)
    ),
    **dict.fromkeys(("place", "target"), ("task or group", lambda: {"", *cards(), *groups()})),
    "source": ("task", lambda: {"", *cards()}),
    "split": ("split", lambda: SPLITS),
    "keys": ("setting that is varied", lambda: VARIED),
    "steps": ("logged series", lambda: LOGGED),
}


def _unknown(what: str, value: Any, known: Any) -> Iterator[str]:
    if value not in known:
        near = get_close_matches(str(value), map(str, known), n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(map(str, known))}"
        yield f"no {what} {value!r}; {hint}"


def _alternatives(value: Any) -> tuple:
    """All values that stand in one place."""
    if isinstance(value, Choice):
        return value.values
    return value if isinstance(value, tuple) else (value,)
