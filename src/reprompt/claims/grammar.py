"""The little language of claims.csv: what is compared, how, and with what.

    column    := series | expression
    expression:= number | quantity [ " - " expression ]
    quantity  := name "(" argument { "," argument } ")"
    argument  := key "=" value | quantity | value | "*"
    value     := word | number | "each(" list ")" | "pair(" list ")" | list          list := value { "|" value }
    series    := key "(" list ")" | key                        only the right side of a trend: shots(1|2|4|8|16)

Four quantities have a form of their own, for they compare methods inside their brackets:

    count_<group>( [split ":"] method ">" method | "max(" list ")" , ... )     on how many data sets a method leads
    max_<group>( [split ":"] method "-" method , ... )                         the largest gain on a data set
    win_share( value "over" value , tasks=group , ... )                        share of cells in which it leads
    zs_wrong_share( method "_wrong" "&" method "_right" , group , ... )        failures shared with zero-shot CLIP

A word may hold + / - (`coop+gram`, `ViT-B/32`); a difference therefore has blanks round its minus.
"""

import re
from dataclasses import dataclass

from reprompt.evidence.lookup import Choice, TermValue
from reprompt.tasks.groups import groups

TOKEN = re.compile(
    r"(?P<minus>\s+-\s+)|(?P<blank>\s+)|(?P<word>[A-Za-z_]\w*(?:[+/-]\w+)*)|(?P<number>\d+(?:\.\d+)?)|(?P<sign>[(),=|>&:*])"
)
TRENDS = ("increases_with", "decreases_with")


class ClaimError(ValueError):
    """A claim that cannot be read. The message names the claim, the column and the place."""


@dataclass(frozen=True)
class Number:
    """A plain number, and how many decimals it is printed with."""

    value: float
    decimals: int = 0


Settings = tuple[tuple[str, TermValue], ...]


@dataclass(frozen=True)
class Quantity:
    """name(argument, ..., key=value, ...), for example acc(coop,dtd,shots=1)."""

    name: str
    arguments: tuple["TermValue | Quantity", ...] = ()
    settings: Settings = ()


@dataclass(frozen=True)
class Count:
    """On how many data sets of a group a method is above all of its rivals."""

    group: str
    split: str
    method: str
    rivals: tuple[str, ...]
    settings: Settings = ()


@dataclass(frozen=True)
class LargestGain:
    """The largest gain of a method over a rival on a data set of a group."""

    group: str
    split: str
    method: str
    rival: str
    settings: Settings = ()


@dataclass(frozen=True)
class WinShare:
    """The share of (data set, shots) cells in which a method is above its rival."""

    method: TermValue
    rival: TermValue
    group: str
    settings: Settings = ()


@dataclass(frozen=True)
class SharedFailures:
    """Of the images that `wrong` misses and `right` gets, the share that zero-shot CLIP misses too."""

    wrong: str
    right: str
    group: str
    settings: Settings = ()


@dataclass(frozen=True)
class Subtraction:
    """left - right."""

    left: "Term"
    right: "Term"


@dataclass(frozen=True)
class Series:
    """What a trend runs over: a key and its values in order. Without values: whatever was measured."""

    key: str
    values: tuple[str | float, ...] = ()


MethodComparison = Count | LargestGain | WinShare | SharedFailures
Term = Number | Quantity | MethodComparison | Subtraction | Series


def parse_claim(identifier: str, lhs: str, relation: str, rhs: str) -> tuple[Term, Term]:
    """Both sides of a claim. Raises ClaimError, which names the claim, the column and the place."""
    left = _Parser(identifier, "lhs", lhs).expression_alone()
    right = _Parser(identifier, "rhs", rhs)
    return left, right.series_alone() if relation in TRENDS else right.expression_alone()


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    place: int


class _Parser:
    """Recursive descent over the tokens of one cell; every method reads one thing of the grammar above."""

    def __init__(self, identifier: str, column: str, text: str):
        self.identifier, self.column, self.text = identifier, column, text
        self.tokens = self._tokenised()
        self.at = 0

    def expression_alone(self) -> Term:
        term = self._expression()
        self._take("end")
        return term

    def series_alone(self) -> Series:
        key, values = self._take("word").text, ()
        if self._next("("):
            self._take("(")
            values = self._list()
            self._take(")")
        self._take("end")
        return Series(key, values)

    def _expression(self) -> Term:
        term = self._number() if self._next("number") else self._quantity()
        while self._next("minus"):
            self._take("minus")
            term = Subtraction(term, self._number() if self._next("number") else self._quantity())
        return term

    def _number(self) -> Number:
        text = self._take("number").text
        return Number(float(text), len(text.partition(".")[2]))

    def _quantity(self) -> Term:
        name = self._take("word").text
        self._take("(")
        form, _, group = name.partition("_")
        if form in ("count", "max") and group in groups():
            term = self._count(group) if form == "count" else self._largest_gain(group)
        elif name == "win_share":
            term = self._win_share()
        elif name == "zs_wrong_share":
            term = self._shared_failures()
        else:
            term = Quantity(name, *self._arguments())
        self._take(")")
        return term

    def _arguments(self) -> tuple[tuple, Settings]:
        arguments, settings = [], []
        while True:
            if self._next("word") and self._after_next("="):
                settings.append(self._setting())
            elif settings:
                self._fail("an argument without a key after one with a key")
            elif self._next("word") and self._after_next("(") and self._peek().text not in ("each", "pair"):
                arguments.append(self._quantity())
            elif self._next("*"):
                arguments.append(self._take("*").text)
            else:
                arguments.append(self._value())
            if not self._next(","):
                return tuple(arguments), tuple(settings)
            self._take(",")

    def _settings(self) -> Settings:
        settings = []
        while self._next(","):
            self._take(",")
            settings.append(self._setting())
        return tuple(settings)

    def _setting(self) -> tuple[str, TermValue]:
        key = self._take("word").text
        self._take("=")
        return key, self._value()

    def _value(self) -> TermValue:
        if self._next("word") and self._after_next("(") and self._peek().text in ("each", "pair"):
            kind = self._take("word").text
            self._take("(")
            values = self._list()
            self._take(")")
            return Choice(kind, values)
        values = self._list()
        return values[0] if len(values) == 1 else Choice("list", values)

    def _list(self) -> tuple[str | float, ...]:
        values = [self._atom()]
        while self._next("|"):
            self._take("|")
            values.append(self._atom())
        return tuple(values)

    def _atom(self) -> str | float:
        return float(self._take("number").text) if self._next("number") else self._take("word").text

    def _split(self) -> str:
        if not self._after_next(":"):
            return "all"
        split = self._take("word").text
        self._take(":")
        return split

    def _count(self, group: str) -> Count:
        split, method = self._split(), self._take("word").text
        self._take(">")
        if self._next("word") and self._peek().text == "max" and self._after_next("("):
            self._take("word")
            self._take("(")
            rivals = self._list()
            self._take(")")
        else:
            rivals = (self._take("word").text,)
        return Count(group, split, method, tuple(map(str, rivals)), self._settings())

    def _largest_gain(self, group: str) -> LargestGain:
        split, token = self._split(), self._take("word")
        methods = token.text.split("-")
        if len(methods) != 2:
            self._fail("expected method-method", token)
        return LargestGain(group, split, *methods, self._settings())

    def _win_share(self) -> WinShare:
        method = self._value()
        if self._take("word").text != "over":
            self._fail("expected 'over'", self.tokens[self.at - 1])
        rival = self._value()
        settings = dict(self._settings())
        if not isinstance(settings.get("tasks"), str):
            self._fail("expected tasks=<group>")
        return WinShare(method, rival, settings.pop("tasks"), tuple(settings.items()))

    def _shared_failures(self) -> SharedFailures:
        wrong, right = self._take("word"), None
        self._take("&")
        right = self._take("word")
        for token, ending in ((wrong, "_wrong"), (right, "_right")):
            if not token.text.endswith(ending):
                self._fail(f"expected a method and {ending}", token)
        self._take(",")
        group = self._take("word").text
        return SharedFailures(
            wrong.text.removesuffix("_wrong"), right.text.removesuffix("_right"), group, self._settings()
        )

    def _tokenised(self) -> list[_Token]:
        tokens, place = [], 0
        while place < len(self.text):
            match = TOKEN.match(self.text, place)
            if match is None:
                self._fail(f"unexpected {self.text[place]!r}", _Token("", "", place))
            kind = match.group() if match.lastgroup == "sign" else str(match.lastgroup)
            if kind != "blank":
                tokens.append(_Token(kind, match.group(), place))
            place = match.end()
        return [*tokens, _Token("end", "", len(self.text))]

    def _peek(self) -> _Token:
        return self.tokens[self.at]

    def _next(self, kind: str) -> bool:
        return self._peek().kind == kind

    def _after_next(self, kind: str) -> bool:
        return not self._next("end") and self.tokens[self.at + 1].kind == kind

    def _take(self, kind: str) -> _Token:
        token = self._peek()
        if token.kind != kind:
            self._fail(f"expected {_named(kind)}, found {_named(token.kind, token.text)}", token)
        self.at += 1
        return token

    def _fail(self, words: str, token: _Token | None = None) -> None:
        place = (token or self._peek()).place
        raise ClaimError(
            f"claim {self.identifier}, column {self.column}, character {place + 1}: {words}\n"
            f"  {self.text}\n  {' ' * place}^"
        )


def _named(kind: str, text: str = "") -> str:
    if kind == "end":
        return "the end"
    return {"word": "a word", "number": "a number", "minus": "a minus"}.get(kind, repr(kind)) + (
        f" {text.strip()!r}" if text and kind in ("word", "number") else ""
    )
