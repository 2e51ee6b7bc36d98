"""Claims as Python expressions: terms, and what is stated of them.

    mean(prograd, ELEVEN, shots=1) > mean(coop, ELEVEN, shots=1)       also <, >=, <=, ==, and == approximately(1.3)
    (mean(prograd, ELEVEN) - mean(coop, ELEVEN)).decreases_with(shots=(1, 2, 4, 8, 16))
    delta_lcd(each(coop, maple), ELEVEN).correlates_negatively_with(mean_H(each(coop, maple), ELEVEN))
    mean_base(coop, ELEVEN).varies_with("init")
    inner_product(coop + gram).increases_over("meta_step")
    partners(coop).differs_from(partners(each(vpt, upt)))
    (acc(prograd, each(TEN)) > acc(each(coop, cocoop), each(TEN))).on_at_least(9, each(TEN))
    (slope(coop) < 0) & (slope(coop) < slope(coop + gram))             both are stated

`each(a, b)` makes a part for every value: the same one moves together wherever it stands, different ones form a
product, in the order in which they appear; a group stands for its data sets. All `pair(a, b)` are matched by position.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from itertools import product
from typing import Any, ClassVar

from reprompt.claims.runs import label
from reprompt.evidence.values import Side, difference
from reprompt.tasks.groups import members

DIRECTION = {
    **{">": 1, ">=": 1, "<": -1, "<=": -1, "==": 0, "increases_with": 1, "decreases_with": -1, "increases_over": 1},
    **{"correlates_negatively_with": -1, "varies_with": 1, "differs_from": 0},
}
ROUNDING = 1e-9  # what binary numbers may be off by where decimal ones are meant


class Method(str):
    """A method by its published id; `coop + gram` is "coop+gram"."""

    def __add__(self, other: str) -> "Method":
        return Method(f"{self}+{other}")


@dataclass(frozen=True)
class Choice:
    """Several values in one place, `kind` "each" or "pair"."""

    kind: str
    values: tuple[str | float, ...]


def each(*values: str | float) -> Choice:
    """A part for every value; a group stands for its data sets."""
    return Choice("each", tuple(member for value in map(plain, values) for member in members(value)))


def pair(*values: str | float) -> Choice:
    """A part for every place: the first value with the first of the other pairs, and so on."""
    return Choice("pair", tuple(map(plain, values)))


def plain(value: Any) -> Any:
    """Numbers as floats, whatever way they are written; all else as it is."""
    return float(value) if isinstance(value, int) else value


@dataclass(frozen=True, eq=False)
class Term:
    """A quantity of the papers: `function(at, *arguments, **settings)` is its value in every run. See terms.py.

    `caution` is what a reader should know before believing a test of it, `beside_number` before one against a stated
    number. Of a term that is `largest` the largest of its data sets is meant, as they are on average over draws.
    Operators and methods make statements of terms.
    """

    function: Callable[..., Any]
    arguments: tuple
    settings: tuple[tuple[str, Any], ...] = ()
    unit: str = "points"
    caution: str | Callable[..., str] = ""
    beside_number: str = ""
    largest: bool = False

    @property
    def tasks(self) -> int:
        """On how many data sets it looks."""
        return max(part.tasks if isinstance(part, Term) else len(members(part)) for part in self.arguments)

    @property
    def metric(self) -> str:
        """What is measured, whoever is compared: the names of the functions that it is made of."""
        inner = dict.fromkeys(part.metric for part in self.arguments if isinstance(part, Term))
        return f"{self.function.__name__}({', '.join(inner)})" if inner else self.function.__name__

    def values(self, at: Any) -> Any:
        """Its value in every run. Raises Missing with the reason in words."""
        return self.function(at, *self.arguments, **dict(self.settings))

    def __sub__(self, other: "Term") -> "Term":
        return Term(_less, (self, other), unit=self.unit, caution=self.caution or other.caution)

    def __gt__(self, other: "Term | float") -> "Statement":
        return Statement(self, ">", stated(other))

    def __lt__(self, other: "Term | float") -> "Statement":
        return Statement(self, "<", stated(other))

    def __ge__(self, other: "Term | float") -> "Statement":
        return Statement(self, ">=", stated(other))

    def __le__(self, other: "Term | float") -> "Statement":
        return Statement(self, "<=", stated(other))

    def __eq__(self, other: "Term | float") -> "Statement":
        return Statement(self, "==", stated(other))

    __hash__ = None

    def increases_with(self, **series: tuple) -> "Statement":
        """A rise over the values of one setting, in the order given."""
        return Statement(self, "increases_with", Series.of(series))

    def decreases_with(self, **series: tuple) -> "Statement":
        """A fall over the values of one setting, in the order given."""
        return Statement(self, "decreases_with", Series.of(series))

    def increases_over(self, steps: str) -> "Statement":
        """A rise of what was logged step by step."""
        return Statement(self, "increases_over", Series(steps))

    def varies_with(self, key: str) -> "Statement":
        """Different averages at different values of a setting, of those that were run."""
        return Statement(self, "varies_with", Series(key))

    def correlates_negatively_with(self, other: "Term") -> "Statement":
        """A negative correlation over all values of each(...)."""
        return Statement(self, "correlates_negatively_with", other)

    def differs_from(self, other: "Term") -> "Statement":
        """Another choice than the other's."""
        return Statement(self, "differs_from", other)


def _less(at: Any, left: Term, right: Term) -> Side:
    """left - right, run by run."""
    return difference(left.values(at), right.values(at))


@dataclass(frozen=True)
class Number:
    """A stated number and its printed decimals."""

    value: float
    decimals: int
    tasks: ClassVar[int] = 1

    def values(self, at: Any) -> float:
        """Itself."""
        return self.value

    def rounds(self, value: float) -> bool:
        """Whether it is a value to the printed decimals."""
        return abs(value - self.value) <= 0.5 * 10.0**-self.decimals + ROUNDING

    def cuts_off(self, value: float) -> bool:
        """Whether it is what is left of a value when all decimals beyond the printed ones are dropped."""
        steps = 10**self.decimals
        return abs(math.trunc(value * steps + ROUNDING) / steps - self.value) <= ROUNDING


def stated(other: Any) -> Any:
    """A number with the decimals that it is written with; a term as it is."""
    return Number(float(other), len(str(other).partition(".")[2])) if isinstance(other, int | float) else other


def approximately(value: float) -> Number:
    """A value that is stated in print; the claim says within what margin another one is equal to it."""
    return stated(value)


@dataclass(frozen=True)
class Series:
    """What is varied: a setting and its values in order, or the name alone of what was logged or run."""

    key: str
    values: tuple[str | float, ...] = ()

    @classmethod
    def of(cls, series: dict[str, tuple]) -> "Series":
        """From a single keyword."""
        ((key, values),) = series.items()
        return cls(key.rstrip("_"), tuple(map(plain, values)))


@dataclass(frozen=True)
class Quota:
    """On at least how many of some choices' values a statement has to hold.

    Whatever else is chosen has to go as stated for a value to count, but for what is chosen in `every`: for each value
    of that there is a count of its own.
    """

    least: int
    of: tuple[Choice, ...]
    every: tuple[Choice, ...] = ()


@dataclass(frozen=True)
class Piece:
    """A plain statement, without each(...) and pair(...), with what was chosen and the same in words."""

    statement: "Statement"
    chosen: Mapping[Choice, str | float]
    words: str


@dataclass(frozen=True, eq=False)
class Statement:
    """What is stated of a term.

    `direction` is 1 where the left side is said to be larger or to rise, -1 for the opposite, 0 where it is said to be
    equal, or only different. `unit` is that of the effect. Without a `quota` all of its pieces have to hold; `also` is
    stated with it.
    """

    lhs: Term
    relation: str
    rhs: Term | Number | Series
    quota: Quota | None = None
    also: "Statement | None" = None

    def on_at_least(self, least: int, *of: Choice, every: Choice | None = None) -> "Statement":
        """The same, on at least so many values of some choices; `every`: counted for each of its values by itself."""
        return replace(self, quota=Quota(least, of, (every,) if every else ()))

    def __and__(self, other: "Statement") -> "Statement":
        return replace(self, also=self.also & other if self.also else other)

    @property
    def stated(self) -> "tuple[Statement, ...]":
        """This and what is stated with it, each by itself."""
        return (replace(self, also=None), *(self.also.stated if self.also else ()))

    @property
    def direction(self) -> int:
        return DIRECTION[self.relation]

    @property
    def unit(self) -> str:
        if self.relation == "correlates_negatively_with":
            return "r"
        return f"{self.lhs.unit} per step" if self.relation.endswith("creases_with") else self.lhs.unit

    @property
    def is_identity(self) -> bool:
        """Whether two measured sides are said to be the same."""
        return self.relation == "==" and isinstance(self.rhs, Term)

    @property
    def pieces(self) -> list[Piece]:
        """The plain statements that it stands for."""
        return [piece for statement in self.stated for piece in statement._pieces()]

    def _pieces(self) -> Iterator[Piece]:
        keys: dict[Choice, str] = {}  # the setting that a choice first stands for
        for key, leaf in leaves_of(self):
            if isinstance(leaf, Choice):
                keys.setdefault(leaf, key)
        singly, matched = ([choice for choice in keys if choice.kind == kind] for kind in ("each", "pair"))
        axes = [[{choice: value} for value in choice.values] for choice in singly]
        if matched:
            rows = zip(*(choice.values for choice in matched), strict=True)
            axes.append([dict(zip(matched, values, strict=True)) for values in rows])
        for chosen in product(*axes):
            values = {choice: value for of_axis in chosen for choice, value in of_axis.items()}
            words = ", ".join(_in_words(keys[choice], value) for choice, value in values.items())
            yield Piece(substituted(replace(self, quota=None), values), values, words)


def methods_of(node: Any) -> tuple[Method, ...]:
    """Every method in a statement or a term, in the order in which they appear: who is compared with whom."""
    return tuple(dict.fromkeys(leaf for _, leaf in leaves_of(node) if isinstance(leaf, Method)))


def leaves_of(node: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """What stands in a statement, from left to right, with the setting it stands for ("" for none).

    Of a choice first the choice, then its values.
    """
    parts: list[tuple[str, Any]] = []
    if isinstance(node, Statement):
        parts = [("", node.lhs), ("", node.rhs), *([("", node.also)] if node.also else [])]
    elif isinstance(node, Term):
        parts = [*(("", argument) for argument in node.arguments), *node.settings]
    elif isinstance(node, tuple):
        parts = [(key, part) for part in node]
    else:
        yield key, node
        parts = [(key, value) for value in node.values] if isinstance(node, Choice) else []
    for name, part in parts:
        yield from leaves_of(part, name)


def substituted(node: Any, values: Mapping[Any, Any]) -> Any:
    """A statement or term with some of what stands in it replaced: choices by values, or a method by another."""
    if isinstance(node, Choice | str):
        return values.get(node, node)
    if isinstance(node, tuple):
        return tuple(substituted(part, values) for part in node)
    if is_dataclass(node):
        return replace(node, **{field.name: substituted(getattr(node, field.name), values) for field in fields(node)})
    return node


def with_settings(term: Term, settings: dict[str, Any]) -> Term:
    """The term with settings added wherever a method is looked up; those that are there stay as they are."""
    if not any(isinstance(argument, Term) for argument in term.arguments):
        return replace(term, settings=tuple({**dict(term.settings), **settings, **dict(term.settings)}.items()))
    inner = (with_settings(part, settings) if isinstance(part, Term) else part for part in term.arguments)
    return replace(term, arguments=tuple(inner))


def _in_words(key: str, value: str | float) -> str:
    words = f"{value:g}" if isinstance(value, float) else label(value)
    return f"{key} {words}" if key and key != "backbone" else words
