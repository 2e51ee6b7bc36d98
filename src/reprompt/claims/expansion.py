"""From one claim with each(...) and pair(...) in it to the plain comparisons that it stands for."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from itertools import product
from typing import Any

from reprompt.claims.grammar import Choice, Quantity, Subtraction, Term, TermValue
from reprompt.evidence.adaptation import LABELS as MVLPT_LABELS
from reprompt.tables.methods import ABLATIONS, METHODS
from reprompt.tasks.groups import members

METHODS_AND_PARTS = (*METHODS.values(), *ABLATIONS)
LABELS = MVLPT_LABELS | {method.published_id: method.in_a_sentence for method in METHODS_AND_PARTS}


@dataclass(frozen=True)
class Piece:
    """One comparison: both sides without a choice in them, and the values that were chosen, in words."""

    lhs: Term
    rhs: Term
    words: str


def expand(lhs: Term, rhs: Term) -> list[Piece]:
    """Every comparison that a claim stands for.

    The same each(...) moves together wherever it stands, different ones form a product, in the order in which they
    appear. All pair(...) are matched by position. A group in each(...) stands for its data sets. Raises ValueError
    for pairs of different lengths.
    """
    choices = [*_choices(lhs), *_choices(rhs)]
    each = dict.fromkeys(choice for _, choice in choices if choice.kind == "each")
    pairs = list(dict.fromkeys(choice for _, choice in choices if choice.kind == "pair"))
    lengths = {len(choice.values) for choice in pairs}
    if len(lengths) > 1:
        raise ValueError(f"pair(...) of different lengths: {sorted(lengths)}")
    keys = {choice: key for key, choice in reversed(choices)}
    axes: list[list[dict[Choice, str | float]]] = [[{choice: value} for value in _values(choice)] for choice in each]
    if pairs:
        axes.append([dict(zip(pairs, values, strict=True)) for values in zip(*(p.values for p in pairs), strict=True)])
    pieces = []
    for chosen in product(*axes):
        values: dict[Choice, str | float] = {}
        for of_axis in chosen:
            values.update(of_axis)
        words = [_in_words(keys[choice], value) for choice, value in values.items()]
        pieces.append(Piece(substitute(lhs, values), substitute(rhs, values), ", ".join(words)))
    return pieces


def substitute(node: Any, values: Mapping[Choice, str | float]) -> Any:
    """The term with every choice that is in `values` replaced by its value."""
    if isinstance(node, Choice):
        return values.get(node, node)
    if isinstance(node, tuple):
        return tuple(substitute(part, values) for part in node)
    if is_dataclass(node):
        return replace(node, **{field.name: substitute(getattr(node, field.name), values) for field in fields(node)})
    return node


def with_setting(term: Any, key: str, value: TermValue) -> Any:
    """The term with key=value added wherever a method is named; a key that is already there stays as it is."""
    if isinstance(term, Subtraction):
        return Subtraction(with_setting(term.left, key, value), with_setting(term.right, key, value))
    if isinstance(term, Quantity) and any(isinstance(argument, Quantity) for argument in term.arguments):
        return replace(term, arguments=tuple(with_setting(argument, key, value) for argument in term.arguments))
    if hasattr(term, "settings") and key not in dict(term.settings):
        return replace(term, settings=(*term.settings, (key, value)))
    return term


def _choices(node: Any, key: str = "") -> list[tuple[str, Choice]]:
    """Every choice in a term, from left to right, with the key it stands under ("" for an argument)."""
    if isinstance(node, Choice):
        return [(key, node)] if node.kind in ("each", "pair") else []
    if isinstance(node, tuple):
        return [choice for part in node for choice in _choices(part)]
    if is_dataclass(node):
        parts = {field.name: getattr(node, field.name) for field in fields(node)}
        settings = parts.pop("settings", ())
        inside = [choice for part in parts.values() for choice in _choices(part)]
        return inside + [choice for name, value in settings for choice in _choices(value, name)]
    return []


def _values(choice: Choice) -> tuple[str | float, ...]:
    return tuple(member for value in choice.values for member in members(value))


def _in_words(key: str, value: str | float) -> str:
    words = f"{value:g}" if isinstance(value, float) else LABELS.get(value, value)
    return f"{key} {words}" if key and key != "backbone" else words
