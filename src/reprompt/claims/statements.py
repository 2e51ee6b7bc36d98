"""What a claim says of its terms, as Python expressions, and how it is tested.

    mean(prograd, ELEVEN, shots=1) > mean(coop, ELEVEN, shots=1)       also <, >=, ==, and == approximately(1.3)
    (mean(prograd, ELEVEN) - mean(coop, ELEVEN)).decreases_with(shots=(1, 2, 4, 8, 16))
    delta_lcd(each(coop, maple), ELEVEN).correlates_negatively_with(mean_H(each(coop, maple), ELEVEN))
    mean_base(coop, ELEVEN).varies_with("init")
    inner_product(coop + gram).increases_over("meta_step")
    partners(coop).differ_from(partners(each(vpt, upt)))

`each(a, b)` makes a *part* for every value: the same one moves together wherever it stands, different ones form a
product, in the order in which they appear; a group stands for its data sets. All `pair(a, b)` are matched by position.

A part is tested on the runs of both sides, paired by source, task, shots and draw, and keeps them. A statement knows
its `methods`, the `unit` of its effect and its `direction`: 1 where the left side is said to be larger or to rise, -1
for the opposite, 0 where it is said to be equal, or only different.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from itertools import product
from typing import Any, ClassVar

import numpy as np

from reprompt.claims.lookup import Lookup, Setting, Slice
from reprompt.claims.runs import label
from reprompt.evidence.curves import rise, thirds
from reprompt.evidence.exchanges import compare_choices, range_over_starts
from reprompt.evidence.lookup import Missing
from reprompt.evidence.statistics import ZERO, Interval, stratified
from reprompt.evidence.values import Side, Values, by_draw, combine, difference
from reprompt.tasks.groups import members

DIRECTION = {">": 1, ">=": 1, "<": -1, "==": 0}
POINTS_OF_A_CORRELATION = 3
NEVER_TOGETHER = "both sides were run, but never on the same task and draw"


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


@dataclass(frozen=True)
class At:
    """Where terms are looked up, and in which setting; with `of_curve` accuracies are numbers of their curves."""

    lookup: Lookup
    setting: Setting
    of_curve: Callable[[np.ndarray], float] | None = None

    def slice(self, method: str, place: str, split: str = "all", **named: str | float) -> Slice:
        """One method in one place."""
        return Slice(self.setting, method, place, split, tuple(named.items()))

    def accuracies(self, where: Slice) -> Values:
        """Accuracy of every run in percent, or what `of_curve` makes of its course over the epochs."""
        if self.of_curve is None:
            return self.lookup.accuracies(where)
        return self.of_arrays("curve", where, self.of_curve)

    def of_arrays(self, name: str, where: Slice, reduce: Callable[[np.ndarray], float]) -> Values:
        """A number of what was measured along each run."""
        return Values({origin: float(reduce(array)) for origin, array in self.lookup.arrays(where, name).items()})

    def variants(self, term: "Term", keys: tuple[str, ...]) -> list[Values]:
        """The values of a term at all values of some settings that were compared."""
        (method,) = methods_of(term)
        return [
            with_settings(term, dict(zip(keys, values, strict=True))).values(self)
            for values in self.lookup.variants(self.setting, method, keys)
        ]


@dataclass(frozen=True, eq=False)
class Term:
    """A quantity of the papers: `function(at, *arguments, **settings)` is its value in every run. See terms.py.

    `caution` is what a reader should know before believing a test of it, `beside_number` before one against a stated
    number. Operators and methods make statements of terms.
    """

    function: Callable[..., Any]
    arguments: tuple
    settings: tuple[tuple[str, Any], ...] = ()
    unit: str = "points"
    caution: str | Callable[..., str] = ""
    beside_number: str = ""

    @property
    def tasks(self) -> int:
        """On how many data sets it looks."""
        return max(
            argument.tasks if isinstance(argument, Term) else len(members(argument)) for argument in self.arguments
        )

    def values(self, at: At) -> Any:
        """Its value in every run. Raises Missing with the reason in words."""
        return self.function(at, *self.arguments, **dict(self.settings))

    def __sub__(self, other: "Term") -> "Term":
        return Term(_difference, (self, other), unit=self.unit, caution=self.caution or other.caution)

    def __gt__(self, other: "Term | float") -> "Comparison":
        return Comparison(self, ">", _number(other))

    def __lt__(self, other: "Term | float") -> "Comparison":
        return Comparison(self, "<", _number(other))

    def __ge__(self, other: "Term | float") -> "Comparison":
        return Comparison(self, ">=", _number(other))

    def __eq__(self, other: "Term | float") -> "Comparison":
        return Comparison(self, "==", _number(other))

    __hash__ = None

    def increases_with(self, **series: tuple) -> "Trend":
        """A rise over the values of one setting, in the order given."""
        return Trend(self, 1, *_series(series))

    def decreases_with(self, **series: tuple) -> "Trend":
        """A fall over the values of one setting, in the order given."""
        return Trend(self, -1, *_series(series))

    def increases_over(self, steps: str) -> "Rise":
        """A rise of what was logged step by step."""
        return Rise(self, steps)

    def correlates_negatively_with(self, other: "Term") -> "Correlation":
        """A negative correlation over all values of each(...)."""
        return Correlation(self, other)

    def varies_with(self, key: str) -> "Varying":
        """Different averages at different values of a setting, of those that were run."""
        return Varying(self, (key,))

    def differ_from(self, other: "Term") -> "OtherPartners":
        """Other groups than another learner's."""
        return OtherPartners(self, other)


@dataclass(frozen=True)
class Number:
    """A stated number and its printed decimals; `about`: an interval that holds it meets it, too."""

    value: float
    decimals: int
    about: bool = False
    tasks: ClassVar[int] = 1

    def values(self, at: At) -> float:
        """Itself."""
        return self.value


def approximately(value: float) -> Number:
    """A stated value, met to the printed precision or by an interval."""
    return replace(_number(value), about=True)


def _number(value: Any) -> Any:
    return Number(float(value), len(str(value).partition(".")[2])) if isinstance(value, int | float) else value


def _series(series: dict[str, tuple]) -> tuple[str, tuple]:
    ((key, values),) = series.items()
    return key.rstrip("_"), tuple(map(plain, values))


def _difference(at: At, left: Term, right: Term) -> Side:
    return difference(left.values(at), right.values(at))


@dataclass(frozen=True)
class Part:
    """One comparison of a claim. `effect` is left minus right, the slope of a trend, or a correlation.

    `side` is 1 as claimed, -1 against the claim, 0 neither (no difference at all). `settled` says that no test is
    needed: nothing in it is random, or a stated value is met. A part without p that is not settled had one draw.
    `runs` are what was tested, by source, task, shots and draw; None where it was not single numbers of runs.
    """

    effect: Interval
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
        return methods_of(self)

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
    rhs: Term | Number

    @property
    def direction(self) -> int:
        return DIRECTION[self.relation]

    @property
    def of_value(self) -> bool:
        """Whether it says "equal", which no test of a difference can show."""
        return self.relation == "=="

    @property
    def identity(self) -> bool:
        """Whether two measured sides are said to be the same."""
        return self.of_value and isinstance(self.rhs, Term)

    @property
    def about(self) -> bool:
        """Whether an interval meets the stated value, too."""
        return isinstance(self.rhs, Number) and self.rhs.about

    def part(self, at: At, place: int) -> Part:
        """The difference; an equality as `_against_value` has it."""
        runs = _some(difference(self.lhs.values(at), self.rhs.values(at)))
        effect = stratified(runs)
        note = _coverage(effect, max(self.lhs.tasks, self.rhs.tasks)) or self._caution
        part = Part(effect, 0, effect.seeds == 0, note, runs)
        if self.of_value:
            return self._against_value(part)
        side = sign(effect.estimate) * self.direction
        if self.relation == ">=" and side == 0:
            return replace(part, side=1, settled=True)
        return replace(part, side=-1 if side == 0 and part.settled else side)

    @property
    def _caution(self) -> str:
        if self.lhs.beside_number and isinstance(self.rhs, Number) and self.rhs.value:
            return self.lhs.beside_number
        return self.lhs.caution(*self.lhs.arguments) if callable(self.lhs.caution) else self.lhs.caution

    def _against_value(self, part: Part) -> Part:
        """A stated value is met to the printed precision (a count: to the nearest whole), or inside the interval.

        An interval so wide that it holds 0 as well says nothing of the value. An identity holds only when every run
        agrees.
        """
        met, effect = replace(part, side=1, settled=True), part.effect
        if self.identity:
            differing = sum(abs(value) > ZERO for value in part.runs.by_origin.values())
            note = f"{differing} of {len(part.runs.by_origin)} runs differ"
            return replace(part, side=-1, note=_notes(note, part.note)) if differing else met
        if abs(effect.estimate) <= 0.5 * 10.0**-self.rhs.decimals + ZERO:
            return met
        if self.about and effect.low <= 0 <= effect.high:
            note = _notes("the interval holds 0 as well as the stated value", part.note)
            return replace(part, side=0, note=note) if effect.low <= -self.rhs.value <= effect.high else met
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
                levels.append((position, with_settings(self.lhs, {self.key: value}).values(at)))
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
        contrast = _some(contrast)
        effect, ends = stratified(contrast), stratified(_some(difference(levels[-1][1], levels[0][1])))
        gap = f"{len(levels)} of {len(self.series)} values of {self.key} were run" if reasons else ""
        part = Part(effect, sign(effect.estimate) * self.direction, effect.seeds == 0, runs=contrast)
        notes = [_coverage(effect, self.lhs.tasks), gap]
        if sign(ends.estimate) != sign(effect.estimate):
            part = replace(part, side=-1 if effect.seeds == 0 else 0)
            notes.append("the slope and last against first disagree in sign")
        return replace(part, note=_notes(*notes))


@dataclass(frozen=True, eq=False)
class Rise(Statement):
    """A rise of a series that was logged step by step: its last third against its first, see evidence/curves.py."""

    steps: str
    direction: ClassVar[int] = 1

    def part(self, at: At, place: int) -> Part:
        """The rise over all runs."""
        logged: list[np.ndarray] = list(self.lhs.values(at).values())
        effect = rise(logged)
        first, last = (np.mean([third.mean() for third in side]) for side in zip(*map(thirds, logged), strict=True))
        note = f"first third {first:.3f}, last third {last:.3f} of {len(logged[0])} logged steps, "
        note += f"{effect.seeds} run{'' if effect.seeds == 1 else 's'}"
        return Part(effect, sign(effect.estimate) * self.direction, note=note)


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
                points += [(piece.lhs.values(at), piece.rhs.values(at))]
            except Missing as missing:
                reasons.append(missing)
        if len(points) < POINTS_OF_A_CORRELATION or (reasons and not at.lookup.allows_gaps):
            return [reasons[0]]
        sides = [side for point in points for side in point]
        z = by_draw(sides, lambda values: math.atanh(pearson(values[::2], values[1::2])))
        if not z.by_origin:
            return [Missing(NEVER_TOGETHER)]
        effect = stratified(z)
        effect = replace(effect, **{name: math.tanh(getattr(effect, name)) for name in ("estimate", "low", "high")})
        gap = f"{len(points)} of {len(pieces)} points were run" if reasons else ""
        note = _notes(_coverage(effect, max(piece.lhs.tasks for piece, _ in pieces)), gap)
        side = sign(effect.estimate) * self.direction
        return [Part(effect, side, effect.seeds == 0, note, z, words=f"{len(points)} points")]


@dataclass(frozen=True, eq=False)
class Varying(Statement):
    """Different averages at different values of a setting: their range against chance, see evidence/exchanges.py."""

    keys: tuple[str, ...]
    direction: ClassVar[int] = 1

    def part(self, at: At, place: int) -> Part:
        """The range, tested by exchanging the values of the setting."""
        spread = range_over_starts(at.variants(self.lhs, self.keys), np.random.default_rng(place))
        effect = Interval(spread.width, math.nan, math.nan, spread.seeds, spread.p, tasks=spread.tasks)
        by_chance = f"{spread.starts} starts; {spread.by_chance:.2f} points where they are exchanged at random"
        side = 1 if spread.width > spread.by_chance else 0
        return Part(effect, side, note=_notes(_coverage(effect, self.lhs.tasks), by_chance))


@dataclass(frozen=True, eq=False)
class OtherPartners(Statement):
    """Two learners choose other groups of tasks: tested by exchanging prompts, see evidence/exchanges.py."""

    rhs: Term
    direction: ClassVar[int] = 0

    def part(self, at: At, place: int) -> Part:
        """How many targets have other partners, and the p of as few shared ones."""
        chosen = compare_choices(self.lhs.values(at), self.rhs.values(at), np.random.default_rng(place))
        note = f"groups differ on {chosen.differing} of {chosen.targets} tasks and share {chosen.shared} partners, "
        note += f"{chosen.shared_by_chance:.1f} where prompts of the two are exchanged at random"
        effect = Interval(chosen.differing, math.nan, math.nan, chosen.seeds, chosen.p, tasks=chosen.targets)
        return Part(effect, 1 if chosen.differing else -1, note=note)


def sign(value: float) -> int:
    """-1, 0 or 1; 0 is what rounding may leave."""
    return 0 if abs(value) < ZERO else 1 if value > 0 else -1


def pearson(x: list[float], y: list[float]) -> float:
    """Pearson's correlation, kept off -1 and 1 so that its Fisher transform is finite; 0 without any spread."""
    x, y = np.array(x) - np.mean(x), np.array(y) - np.mean(y)
    spread = math.sqrt((x @ x) * (y @ y))
    return max(-1 + ZERO, min(1 - ZERO, float(x @ y) / spread)) if spread > 0 else 0.0


def methods_of(node: Any) -> tuple[Method, ...]:
    """Every method in a statement or a term, in the order in which they appear."""
    return tuple(dict.fromkeys(leaf for _, leaf in leaves_of(node) if isinstance(leaf, Method)))


def leaves_of(node: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """What stands in a statement, from left to right, with the setting it stands for ("" for none).

    Of a choice first the choice, then its values.
    """
    if isinstance(node, Statement | Term):
        for field in fields(node):
            value = getattr(node, field.name)
            for name, part in value if field.name == "settings" else [("", value)]:
                yield from leaves_of(part, name)
        return
    if isinstance(node, tuple):
        parts = node
    else:
        parts = node.values if isinstance(node, Choice) else ()
        yield key, node
    for part in parts:
        yield from leaves_of(part, key)


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


def _some(side: Side) -> Values:
    if isinstance(side, float) or not side.by_origin:
        raise Missing(NEVER_TOGETHER)
    return side


def _in_words(key: str, value: str | float) -> str:
    words = f"{value:g}" if isinstance(value, float) else label(value)
    return f"{key} {words}" if key and key != "backbone" else words


def _coverage(effect: Interval, meant: int) -> str:
    return f"on {effect.tasks} of {meant} data sets" if effect.tasks < meant else ""


def _notes(*notes: str) -> str:
    return "; ".join(note for note in notes if note)
