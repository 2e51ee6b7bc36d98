"""What a claim says of its terms, as Python expressions, and the test of it.

    mean(prograd, ELEVEN, shots=1) > mean(coop, ELEVEN, shots=1)       also <, >=, ==, and == approximately(1.3)
    (mean(prograd, ELEVEN) - mean(coop, ELEVEN)).decreases_with(shots=(1, 2, 4, 8, 16))
    mean(coop, ELEVEN).varies_with("init")
    inner_product(coop + gram).increases_over("meta_step")
    delta_lcd(METHODS, ELEVEN).correlates_negatively_with(mean_H(METHODS, ELEVEN))
    partners(coop).differ_from(partners(each(vpt, upt)))

`each(a, b)` makes a *part* for every value: the same one moves together wherever it stands, different ones form a
product, in the order in which they appear; a group stands for its data sets. All `pair(a, b)` are matched by position.

A part is tested on what was run of both sides, paired by source, task, shots and draw (evidence/pairing.py), and keeps
these runs. Every statement knows its `lhs`, its `direction` (1: the left side is said to be larger, or to rise; -1: the
opposite; 0: equal, or no direction) and the `unit` of its effect.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from itertools import product
from typing import Any, ClassVar

import numpy as np

from reprompt.evidence.adaptation import LABELS as MVLPT_LABELS
from reprompt.evidence.curves import rise, thirds
from reprompt.evidence.exchanges import range_over_starts
from reprompt.evidence.inference import ZERO, Estimate, estimate
from reprompt.evidence.lookup import Lookup, Missing, Slice
from reprompt.evidence.values import Side, Values, combine, difference, seedwise
from reprompt.tables.methods import ABLATIONS, METHODS
from reprompt.tasks.groups import members

LABELS = MVLPT_LABELS | {method.published_id: method.in_a_sentence for method in (*METHODS.values(), *ABLATIONS)}
DIRECTION = {">": 1, ">=": 1, "<": -1, "==": 0}
POINTS_OF_A_CORRELATION = 3


class Method(str):
    """A method by its published id; `coop + gram` is "coop+gram", `unigram.with_("no_regulator")` an ablation."""

    def __add__(self, other: str) -> "Method":
        return Method(f"{self}+{other}")

    def with_(self, change: str) -> "Method":
        """The method with one thing changed, as GRAM's Table 6 has it."""
        return Method(f"{self}-{change}")


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


@dataclass(frozen=True)
class Setting:
    """In what setting of a paper a claim's terms are meant; `given` is what it says of every term."""

    paper: str
    protocol: str
    given: tuple[tuple[str, str | float], ...] = ()


@dataclass(frozen=True)
class At:
    """Where terms are looked up, and in which setting."""

    lookup: Lookup
    setting: Setting

    def slice(self, method: str, place: str, split: str = "all", settings: tuple = ()) -> Slice:
        """One method in one place."""
        given = self.setting
        return Slice(given.paper, given.protocol, method, place, split, settings, given.given)


class Term:
    """A quantity of the papers. Its operators make statements of it."""

    unit: ClassVar[str] = "points"
    tasks: ClassVar[int] = 1  # on how many data sets it looks
    caution: ClassVar[str] = ""  # what a reader should know before believing a test of it

    def values(self, at: At) -> Side:
        """Its value in every run, or a plain number. Raises Missing with the reason in words."""
        raise NotImplementedError

    def curves(self, at: At) -> Mapping:
        """What was logged of it step by step, by run. Raises Missing where nothing was."""
        raise Missing(f"nothing was logged of {type(self).__name__}")

    def variants(self, at: At, keys: tuple[str, ...]) -> list[Values]:
        """Its values at every value that was run of some settings. Raises Missing where they are not varied."""
        raise Missing(f"nothing varies {' and '.join(keys)} of {type(self).__name__}")

    def __sub__(self, other: "Term") -> "Difference":
        return Difference(self, other)

    def __gt__(self, other: "Term | float") -> "Comparison":
        return Comparison(self, ">", as_term(other))

    def __lt__(self, other: "Term | float") -> "Comparison":
        return Comparison(self, "<", as_term(other))

    def __ge__(self, other: "Term | float") -> "Comparison":
        return Comparison(self, ">=", as_term(other))

    def __eq__(self, other: object) -> "Comparison":  # type: ignore[override]
        return Comparison(self, "==", as_term(other))

    __hash__ = None

    def increases_with(self, **series: tuple) -> "Trend":
        """A rise over the values of one setting, in the order given."""
        return Trend(self, 1, *_series(series))

    def decreases_with(self, **series: tuple) -> "Trend":
        """A fall over the values of one setting, in the order given."""
        return Trend(self, -1, *_series(series))

    def increases_over(self, steps: str) -> "Rise":
        """A rise of what was logged step by step."""
        return Rise(self, 1, steps)

    def correlates_negatively_with(self, other: "Term") -> "Correlation":
        """A negative correlation over all values of each(...)."""
        return Correlation(self, other)

    def varies_with(self, key: str) -> "Varying":
        """Different averages at different values of a setting, of those that were run."""
        return Varying(self, (key,))


def _series(series: dict[str, tuple]) -> tuple[str, tuple]:
    ((key, values),) = series.items()
    return key.rstrip("_"), tuple(map(plain, values))


@dataclass(frozen=True, eq=False)
class Number(Term):
    """A plain number, and how many decimals it is printed with; `about`: it is met by an interval, too."""

    value: float
    decimals: int
    about: bool = False

    def values(self, at: At) -> float:
        """Itself."""
        return self.value


def approximately(value: float) -> Number:
    """A stated value, met to the printed precision or by an interval."""
    return replace(as_term(value), about=True)


def as_term(value: Any) -> Term:
    """A number as a term, with the decimals that it is written with."""
    return value if isinstance(value, Term) else Number(float(value), len(str(value).partition(".")[2]))


@dataclass(frozen=True, eq=False)
class Difference(Term):
    """left - right, run by run."""

    left: Term
    right: Term

    @property
    def unit(self) -> str:
        return self.left.unit

    @property
    def tasks(self) -> int:
        return max(self.left.tasks, self.right.tasks)

    @property
    def caution(self) -> str:
        return self.left.caution or self.right.caution

    def values(self, at: At) -> Side:
        """Left minus right."""
        return difference(self.left.values(at), self.right.values(at))


@dataclass(frozen=True)
class Part:
    """One comparison of a claim. `effect` is left minus right, the slope of a trend, or a correlation.

    `side` is 1 as claimed, -1 against the claim, 0 neither (no difference at all). `settled` says that no test is
    needed: nothing in it is random, or a stated value is met. A part without p that is not settled had one draw.
    `runs` are what was tested, by source, task, shots and draw; None where it was not single numbers of runs.
    """

    effect: Estimate
    side: int
    settled: bool = False
    note: str = ""
    runs: Values | None = None
    place: int = 0
    words: str = ""

    @property
    def doubt(self) -> float:
        """One-sided p of the claimed direction, 0 .. 1: how far the part is from showing what is claimed."""
        if self.settled or math.isnan(self.effect.p):
            return {1: 0.0, 0: 0.5, -1: 1.0}[self.side]
        return self.effect.p / 2 if self.side == 1 else 1 - self.effect.p / 2


@dataclass(frozen=True, eq=False)
class Statement:
    """What is said of a term."""

    lhs: Term

    @property
    def unit(self) -> str:
        """What the effect is measured in."""
        return self.lhs.unit

    @property
    def methods(self) -> tuple[Method, ...]:
        """Every method in it, in the order in which they appear."""
        return tuple(dict.fromkeys(value for _, value in leaves_of(self) if isinstance(value, Method)))

    def pieces(self) -> list[tuple["Statement", str]]:
        """The plain statements that it stands for, without each(...) and pair(...), and what was chosen, in words."""
        keys: dict[Choice, str] = {}  # the setting that a choice first stands for
        for key, leaf in leaves_of(self):
            if isinstance(leaf, Choice):
                keys.setdefault(leaf, key)
        singly, matched = ([choice for choice in keys if choice.kind == kind] for kind in ("each", "pair"))
        axes = [[{choice: value} for value in choice.values] for choice in singly]
        if matched:
            rows = zip(*(choice.values for choice in matched), strict=True)
            axes.append([dict(zip(matched, values, strict=True)) for values in rows])
        pieces = []
        for chosen in product(*axes):
            values = {choice: value for of_axis in chosen for choice, value in of_axis.items()}
            words = ", ".join(_in_words(keys[choice], value) for choice, value in values.items())
            pieces.append((substituted(self, values), words))
        return pieces

    def parts(self, at: At) -> list[Part | Missing]:
        """Each part tested, or the reason why it was not run."""
        outcomes = []
        for place, (piece, words) in enumerate(self.pieces()):
            try:
                outcomes.append(replace(piece.part(at, place), place=place, words=words))
            except Missing as missing:
                outcomes.append(missing)
        return outcomes

    def part(self, at: At, place: int) -> Part:
        """The one part of a statement without choices; `place` is its number. Raises Missing."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class Comparison(Statement):
    """Left against right, tested on their difference: greater, smaller, equal, or a stated value."""

    relation: str
    rhs: Term

    @property
    def direction(self) -> int:
        return DIRECTION[self.relation]

    @property
    def of_value(self) -> bool:
        """Whether it says "equal", which no test can show."""
        return self.relation == "=="

    @property
    def identity(self) -> bool:
        """Whether two measured sides are said to be the same."""
        return self.of_value and not isinstance(self.rhs, Number)

    @property
    def about(self) -> bool:
        """Whether an interval meets the stated value, too."""
        return isinstance(self.rhs, Number) and self.rhs.about

    def part(self, at: At, place: int) -> Part:
        """The difference; an equality as `_against_value` has it."""
        gap = runs_of(difference(self.lhs.values(at), self.rhs.values(at)))
        effect = estimate(gap)
        note = coverage(effect, max(self.lhs.tasks, self.rhs.tasks)) or self._caution
        part = Part(effect, 0, effect.seeds == 0, note, gap)
        if self.of_value:
            return self._against_value(part)
        side = sign(effect.mean) * self.direction
        if self.relation == ">=" and side == 0:
            return replace(part, side=1, settled=True)
        return replace(part, side=-1 if side == 0 and part.settled else side)

    @property
    def _caution(self) -> str:
        if isinstance(self.rhs, Number) and self.rhs.value and getattr(self.lhs, "of_images", False):
            return "an accuracy printed elsewhere is a yardstick only on the same images"
        return self.lhs.caution

    def _against_value(self, part: Part) -> Part:
        """A stated value is met to the printed precision (a count: to the nearest whole), or inside the interval.

        An interval so wide that it holds 0 as well says nothing of the value. An identity holds only when every run
        agrees.
        """
        if self.identity:
            runs = part.runs.by_origin.values()
            differing = sum(abs(value) > ZERO for value in runs)
            if not differing:
                return replace(part, side=1, settled=True)
            return replace(part, side=-1, note=_notes(f"{differing} of {len(runs)} runs differ", part.note))
        if abs(part.effect.mean) <= 0.5 * 10.0**-self.rhs.decimals + ZERO:
            return replace(part, side=1, settled=True)
        if self.about and part.effect.low <= 0 <= part.effect.high:
            if part.effect.low <= -self.rhs.value <= part.effect.high:
                note = _notes("the interval holds 0 as well as the stated value", part.note)
                return replace(part, side=0, note=note)
            return replace(part, side=1, settled=True)
        return replace(part, side=-1)


@dataclass(frozen=True, eq=False)
class Trend(Statement):
    """A rise (1) or a fall (-1) over the values of a setting: the slope over rank positions in every run.

    Last against first must point the same way.
    """

    direction: int
    key: str
    series: tuple[str | float, ...]

    @property
    def unit(self) -> str:
        """What the slope is measured in."""
        return f"{self.lhs.unit} per step"

    def part(self, at: At, place: int) -> Part:
        """The linear contrast over those values that were run."""
        levels, reasons = [], []
        for position, value in enumerate(self.series):
            try:
                levels.append((position, with_setting(self.lhs, self.key, value).values(at)))
            except Missing as missing:
                reasons.append(missing)
        if len(levels) < 2 or (reasons and not at.lookup.allows_gaps):
            raise reasons[0]
        center = sum(position for position, _ in levels) / len(levels)
        spread = sum((position - center) ** 2 for position, _ in levels)
        contrast: Side = 0.0
        for position, side in levels:
            weight = (position - center) / spread
            contrast = combine(contrast, side, lambda total, value, weight=weight: total + weight * value)
        contrast = runs_of(contrast)
        effect, ends = estimate(contrast), estimate(runs_of(difference(levels[-1][1], levels[0][1])))
        side = sign(effect.mean) * self.direction
        notes = [coverage(effect, self.lhs.tasks)]
        if reasons:
            notes.append(f"{len(levels)} of {len(self.series)} values of {self.key} were run")
        if sign(ends.mean) != sign(effect.mean):
            side = -1 if effect.seeds == 0 else 0
            notes.append("the slope and last against first disagree in sign")
        return Part(effect, side, effect.seeds == 0, _notes(*notes), contrast)


@dataclass(frozen=True, eq=False)
class Rise(Statement):
    """A rise of a series that was logged step by step: its last third against its first, see evidence/curves.py."""

    direction: int
    steps: str

    def part(self, at: At, place: int) -> Part:
        """The rise over all runs."""
        logged = list(self.lhs.curves(at).values())
        effect = rise(logged)
        first, last = (np.mean([third.mean() for third in side]) for side in zip(*map(thirds, logged), strict=True))
        note = f"first third {first:.3f}, last third {last:.3f} of {len(logged[0])} logged steps, "
        note += f"{effect.seeds} run{'' if effect.seeds == 1 else 's'}"
        return Part(effect, sign(effect.mean) * self.direction, note=note)


@dataclass(frozen=True, eq=False)
class Correlation(Statement):
    """A negative correlation over points, one for each piece, each an average over tasks.

    Pearson's r in every draw, tested as Fisher's z. It asks whether other draws would turn the sign for these methods,
    not whether it holds for other methods.
    """

    rhs: Term

    direction: ClassVar[int] = -1
    unit: ClassVar[str] = "r"

    def parts(self, at: At) -> list[Part | Missing]:
        """One part, of all points."""
        pieces, points, reasons = self.pieces(), [], []
        for piece, _ in pieces:
            try:
                points.append((piece.lhs.values(at), piece.rhs.values(at)))
            except Missing as missing:
                reasons.append(missing)
        if len(points) < POINTS_OF_A_CORRELATION or (reasons and not at.lookup.allows_gaps):
            return [reasons[0]]
        sides = [side for point in points for side in point]
        z = seedwise(sides, lambda values: math.atanh(pearson(values[::2], values[1::2])))
        if not z.by_origin:
            return [Missing(NEVER_TOGETHER)]
        effect = estimate(z)
        effect = replace(effect, mean=math.tanh(effect.mean), low=math.tanh(effect.low), high=math.tanh(effect.high))
        notes = [coverage(effect, max(piece.lhs.tasks for piece, _ in pieces))]
        if reasons:
            notes.append(f"{len(points)} of {len(pieces)} points were run")
        side = sign(effect.mean) * self.direction
        return [Part(effect, side, effect.seeds == 0, _notes(*notes), z, words=f"{len(points)} points")]


@dataclass(frozen=True, eq=False)
class Varying(Statement):
    """Different averages at different values of a setting: their range against chance, see evidence/exchanges.py."""

    keys: tuple[str, ...]

    direction: ClassVar[int] = 1

    def part(self, at: At, place: int) -> Part:
        """The range, tested by exchanging the values of the setting."""
        spread = range_over_starts(self.lhs.variants(at, self.keys), np.random.default_rng(place))
        effect = untested_interval(spread.width, spread.p, spread.seeds, spread.tasks)
        by_chance = f"{spread.starts} starts; {spread.by_chance:.2f} points where they are exchanged at random"
        side = 1 if spread.width > spread.by_chance else 0
        return Part(effect, side, note=_notes(coverage(effect, self.lhs.tasks), by_chance))


NEVER_TOGETHER = "both sides were run, but never on the same task and draw"


def runs_of(side: Side) -> Values:
    """The runs of a difference. Raises Missing where there are none."""
    if isinstance(side, float) or not side.by_origin:
        raise Missing(NEVER_TOGETHER)
    return side


def untested_interval(mean: float, p: float, seeds: int, tasks: int) -> Estimate:
    """The effect of a permutation test: it has a p and no interval."""
    return Estimate(mean, math.nan, math.nan, p, math.nan, seeds, tasks)


def coverage(effect: Estimate, meant: int) -> str:
    """On how much of a claim's data sets an effect is; empty where on all."""
    return f"on {effect.tasks} of {meant} data sets" if effect.tasks < meant else ""


def sign(value: float) -> int:
    """-1, 0 or 1; 0 is what rounding may leave."""
    return 0 if abs(value) < ZERO else 1 if value > 0 else -1


def pearson(x: list[float], y: list[float]) -> float:
    """Pearson's correlation, kept off -1 and 1 so that its Fisher transform is finite; 0 without any spread."""
    x, y = np.array(x) - np.mean(x), np.array(y) - np.mean(y)
    spread = math.sqrt((x @ x) * (y @ y))
    return max(-1 + ZERO, min(1 - ZERO, float(x @ y) / spread)) if spread > 0 else 0.0


def substituted(node: Any, values: Mapping[Any, Any]) -> Any:
    """A statement or term with some of what stands in it replaced: choices by values, or a method by another."""
    if isinstance(node, Choice | str):
        return values.get(node, node)
    if isinstance(node, tuple):
        return tuple(substituted(part, values) for part in node)
    if is_dataclass(node):
        return replace(node, **{field.name: substituted(getattr(node, field.name), values) for field in fields(node)})
    return node


def with_setting(node: Any, key: str, value: str | float) -> Any:
    """The term with key=value wherever settings are named; a key that is already there stays as it is."""
    if not is_dataclass(node):
        return node
    parts = {field.name: with_setting(getattr(node, field.name), key, value) for field in fields(node)}
    if "settings" in parts and key not in dict(parts["settings"]):
        parts["settings"] = (*parts["settings"], (key, value))
    return replace(node, **parts)


def leaves_of(node: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """What stands in a statement, from left to right, with the setting it stands for ("" for none); of a choice first
    the choice, then its values.
    """
    if is_dataclass(node) and not isinstance(node, Choice):
        for field in fields(node):
            value = getattr(node, field.name)
            for name, part in value if field.name == "settings" else [("", value)]:
                yield from leaves_of(part, name)
        return
    yield key, node
    for part in node.values if isinstance(node, Choice) else node if isinstance(node, tuple) else ():
        yield from leaves_of(part, key)


def _in_words(key: str, value: str | float) -> str:
    words = f"{value:g}" if isinstance(value, float) else LABELS.get(value, value)
    return f"{key} {words}" if key and key != "backbone" else words


def _notes(*notes: str) -> str:
    return "; ".join(note for note in notes if note)
