"""From the runs of both sides of a claim to one word: holds, contradicted, inconclusive or not run.

How a claim is judged
    1. Each comparison in it is a *part*: each(...) and pair(...) make several.
    2. A part is tested on differences paired by task and draw (inference.py): two-sided p of "no difference".
       A trend is tested on the linear contrast over rank positions, in every run; last against first must have the
       same sign. A series that was logged step by step has its last third tested against its first (curves.py).
       A correlation is taken over the points of a claim in every draw and tested as Fisher's z.
       The groups of tasks that two learners choose (!=) are tested by exchanging prompts between them (transfer.py),
       the range over several starts by exchanging the starts (starts.py).
    3. A claim has one p. Where all parts go as claimed it is the largest p of a part (intersection-union: all of them
       have to hold). Otherwise it is the smallest p of a part that goes the other way, times the number of tested
       parts: one such part contradicts the claim, and there were that many chances.
    4. Over all claims of a paper that have a p, p is adjusted by Holm's method; below 0.05 the claim holds, or is
       contradicted. Else it is inconclusive.
    5. Nothing is tested where nothing is random (untuned CLIP against untuned CLIP): then the sign decides. A value
       that a claim states is met when it agrees to the printed precision or lies in the interval, unless the interval
       holds 0 as well; only a miss is tested.

The margin that a paper prints is an effect size. It stands beside our estimate and is not tested.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from reprompt.claims.claim import Claim
from reprompt.claims.expansion import Piece, expand, with_setting
from reprompt.claims.grammar import Number, Series
from reprompt.claims.quantities import caution, evaluate, logged_curves, over_starts, tasks_meant, unit
from reprompt.claims.starts import range_over_starts
from reprompt.claims.transfer import compare_choices
from reprompt.evidence.curves import rise, thirds
from reprompt.evidence.inference import ZERO, Estimate, estimate, holm
from reprompt.evidence.lookup import Lookup, Missing
from reprompt.evidence.values import Side, Values, combine, difference, seedwise

LEVEL = 0.05
HOLDS, CONTRADICTED, INCONCLUSIVE, NOT_RUN = VERDICTS = ("holds", "contradicted", "inconclusive", "not run")
DIRECTION = {
    ">": 1,
    ">=": 1,
    "<": -1,
    "increases_with": 1,
    "decreases_with": -1,
    "correlates_negatively": -1,
}
VALUES = ("approx", "==")
POINTS_OF_A_CORRELATION = 3


@dataclass(frozen=True)
class Part:
    """One comparison of a claim. `effect` is left minus right, the slope of a trend, or a correlation.

    `side` is 1 as claimed, -1 against the claim, 0 neither (no difference at all). `settled` says that no test is
    needed: nothing in it is random, or a stated value is met. A part without p that is not settled had one draw.
    """

    place: int
    words: str
    effect: Estimate
    side: int
    settled: bool
    note: str = ""

    @property
    def doubt(self) -> float:
        """One-sided p of the claimed direction, 0 .. 1: how far the part is from showing what is claimed."""
        if self.settled or math.isnan(self.effect.p):
            return {1: 0.0, 0: 0.5, -1: 1.0}[self.side]
        return self.effect.p / 2 if self.side == 1 else 1 - self.effect.p / 2


@dataclass(frozen=True)
class Judgement:
    """A claim on what a lookup has, before the other claims of the paper are taken into account."""

    claim: Claim
    parts: tuple[Part, ...]
    missing: tuple[Missing, ...]  # why the other parts were not run, one reason each

    @property
    def worst(self) -> Part | None:
        """The part that is furthest from what is claimed."""
        return max(self.parts, key=lambda part: (part.doubt, -abs(part.effect.mean), -part.place), default=None)

    @property
    def all_as_claimed(self) -> bool:
        """Whether every part that was run goes as claimed."""
        return bool(self.parts) and all(part.side == 1 for part in self.parts)

    @property
    def tested(self) -> tuple[Part, ...]:
        """The parts that have a p."""
        return tuple(part for part in self.parts if not part.settled and not math.isnan(part.effect.p))

    @property
    def p(self) -> float:
        """The claim's p, as the module says; NaN where nothing was tested or no test is needed."""
        if self.all_as_claimed:
            untestable = any(not part.settled and math.isnan(part.effect.p) for part in self.parts)
            return math.nan if untestable else max((part.effect.p for part in self.tested), default=math.nan)
        if any(part.settled and part.side == -1 for part in self.parts):
            return math.nan
        against = [part.effect.p for part in self.tested if part.side == -1]
        if against:
            return min(1.0, min(against) * len(self.tested))
        return 1.0 if self.tested else math.nan

    def against(self) -> int:
        """How many parts are significantly against the claim, after Bonferroni's correction over its parts."""
        significant = [part for part in self.tested if part.side == -1 and part.effect.p * len(self.tested) < LEVEL]
        return len(significant) + sum(part.settled and part.side == -1 for part in self.parts)

    def verdict(self, p_holm: float = math.nan) -> str:
        """The word for the claim; without `p_holm` (nothing tested) signs alone decide."""
        if not self.parts:
            return NOT_RUN
        if not math.isnan(self.p):
            if not p_holm < LEVEL:
                return INCONCLUSIVE
            return HOLDS if self.all_as_claimed else CONTRADICTED
        if any(part.settled and part.side == -1 for part in self.parts):
            return CONTRADICTED
        return HOLDS if all(part.settled and part.side == 1 for part in self.parts) else INCONCLUSIVE


def judge(claim: Claim, lookup: Lookup) -> Judgement:
    """All parts of a claim on what a lookup has."""
    pieces = expand(claim.lhs, claim.rhs)
    if claim.relation == "correlates_negatively":
        parts = [_attempt(_correlation, claim, pieces, lookup)]
    else:
        function = _way_of(claim)
        parts = [_attempt(function, claim, piece, lookup, place) for place, piece in enumerate(pieces)]
    run = tuple(part for part in parts if isinstance(part, Part))
    return Judgement(claim, run, tuple(reason for reason in parts if isinstance(reason, Missing)))


def adjusted(judgements: Iterable[Judgement]) -> dict[str, float]:
    """Holm-adjusted p by claim id; the family is every claim of one paper that has a p."""
    families: dict[str, dict[str, float]] = {}
    for judgement in judgements:
        if not math.isnan(judgement.p):
            families.setdefault(judgement.claim.paper, {})[judgement.claim.id] = judgement.p
    return {name: p for family in families.values() for name, p in holm(family).items()}


def _way_of(claim: Claim) -> Callable[..., Part]:
    """How a comparison of a claim is made."""
    if isinstance(claim.rhs, Series):
        return _trend if claim.rhs.values else _logged_curve
    if getattr(claim.lhs, "name", "") == "range_over_inits":
        return _range
    return _choices if claim.relation == "!=" else _comparison


def _attempt(function: Callable[..., Part], *arguments: object) -> Part | Missing:
    try:
        return function(*arguments)
    except Missing as missing:
        return missing


def _comparison(claim: Claim, piece: Piece, lookup: Lookup, place: int) -> Part:
    """lhs against rhs: greater, smaller, or a stated value."""
    gap = _values(difference(*(evaluate(side, claim, lookup) for side in (piece.lhs, piece.rhs))))
    effect = estimate(gap)
    note = _coverage(effect, max(tasks_meant(piece.lhs), tasks_meant(piece.rhs))) or caution(piece.lhs, piece.rhs)
    part = Part(place, piece.words, effect, 0, effect.seeds == 0, note)
    if claim.relation in VALUES:
        return _against_value(part, gap, claim, piece.rhs)
    side = _sign(effect.mean) * DIRECTION[claim.relation]
    if claim.relation == ">=" and side == 0:
        return replace(part, side=1, settled=True)
    return replace(part, side=-1 if side == 0 and part.settled else side)


def _against_value(part: Part, gap: Values, claim: Claim, rhs: object) -> Part:
    """A stated value is met to the printed precision (a count: to the nearest whole), or inside the interval.

    An interval so wide that it holds 0 as well says nothing of the value.

    `==` between two measured sides is an identity: it holds only when every run agrees.
    """
    if not isinstance(rhs, Number):
        differing = sum(abs(value) > ZERO for value in gap.by_origin.values())
        if not differing:
            return replace(part, side=1, settled=True)
        return replace(part, side=-1, note=f"{differing} of {len(gap.by_origin)} runs differ" + _after(part.note))
    precision = 0.5 * 10.0**-rhs.decimals + ZERO
    if abs(part.effect.mean) <= precision:
        return replace(part, side=1, settled=True)
    if claim.relation == "approx" and part.effect.low <= 0 <= part.effect.high:
        if part.effect.low <= -rhs.value <= part.effect.high:  # so wide that 0 is in it as well
            return replace(part, side=0, note="the interval holds 0 as well as the stated value" + _after(part.note))
        return replace(part, side=1, settled=True)
    return replace(part, side=-1)


def _choices(claim: Claim, piece: Piece, lookup: Lookup, place: int) -> Part:
    """The groups of tasks that two learners choose by their transfer to validation images."""
    grids = (lookup.transfers(*side.arguments, "validation") for side in (piece.lhs, piece.rhs))
    chosen = compare_choices(*grids, np.random.default_rng(place))
    effect = Estimate(chosen.differing, math.nan, math.nan, chosen.p, math.nan, chosen.seeds, chosen.targets)
    note = f"groups differ on {chosen.differing} of {chosen.targets} tasks and share {chosen.shared} partners, "
    note += f"{chosen.shared_by_chance:.1f} where prompts of the two are exchanged at random"
    return Part(place, piece.words, effect, 1 if chosen.differing else -1, False, note)


def _range(claim: Claim, piece: Piece, lookup: Lookup, place: int) -> Part:
    """How far the averages of several starts lie apart, against chance."""
    spread = range_over_starts(over_starts(piece.lhs, claim, lookup), np.random.default_rng(place))
    effect = Estimate(spread.width, math.nan, math.nan, spread.p, math.nan, spread.seeds, spread.tasks)
    notes = [_coverage(effect, tasks_meant(piece.lhs))]
    notes.append(f"{spread.starts} starts; {spread.by_chance:.2f} points where they are exchanged at random")
    side = 1 if spread.width > spread.by_chance else 0
    return Part(place, piece.words, effect, side, False, "; ".join(note for note in notes if note))


def _trend(claim: Claim, piece: Piece, lookup: Lookup, place: int) -> Part:
    """The slope over rank positions in every run; last against first must point the same way."""
    series = piece.rhs
    levels: list[tuple[int, Side]] = []
    reasons = []
    for position, value in enumerate(series.values):
        try:
            levels.append((position, evaluate(with_setting(piece.lhs, series.key, value), claim, lookup)))
        except Missing as missing:
            reasons.append(str(missing))
    if len(levels) < 2:
        raise Missing(reasons[0])
    if reasons and not lookup.allows_gaps:
        raise Missing(reasons[0])
    center = sum(position for position, _ in levels) / len(levels)
    spread = sum((position - center) ** 2 for position, _ in levels)
    contrast: Side = 0.0
    for position, side in levels:
        weight = (position - center) / spread
        contrast = combine(contrast, side, lambda total, value, weight=weight: total + weight * value)
    effect = estimate(_values(contrast))
    ends = estimate(_values(difference(levels[-1][1], levels[0][1])))
    side = _sign(effect.mean) * DIRECTION[claim.relation]
    notes = [_coverage(effect, tasks_meant(piece.lhs))]
    if reasons:
        notes.append(f"{len(levels)} of {len(series.values)} values of {series.key} were run")
    if _sign(ends.mean) != _sign(effect.mean):
        side = -1 if effect.seeds == 0 else 0
        notes.append("the slope and last against first disagree in sign")
    return Part(place, piece.words, effect, side, effect.seeds == 0, "; ".join(note for note in notes if note))


def _logged_curve(claim: Claim, piece: Piece, lookup: Lookup, place: int) -> Part:
    """A series that was logged step by step: its last third against its first."""
    logged = list(logged_curves(piece.lhs, piece.rhs.key, claim, lookup).values())
    effect = rise(logged)
    first, last = (np.mean([third.mean() for third in side]) for side in zip(*map(thirds, logged), strict=True))
    note = f"first third {first:.3f}, last third {last:.3f} of {len(logged[0])} logged steps, "
    note += f"{effect.seeds} run{'' if effect.seeds == 1 else 's'}"
    return Part(place, piece.words, effect, _sign(effect.mean) * DIRECTION[claim.relation], False, note)


def _correlation(claim: Claim, pieces: list[Piece], lookup: Lookup) -> Part:
    """Pearson's r over the points of a claim in every draw, each point an average over tasks; tested as Fisher's z.

    It asks whether other draws would turn the sign for these methods, not whether it holds for other methods.
    """
    points, reasons = [], []
    for piece in pieces:
        try:
            points.append((evaluate(piece.lhs, claim, lookup), evaluate(piece.rhs, claim, lookup)))
        except Missing as missing:
            reasons.append(str(missing))
    if len(points) < POINTS_OF_A_CORRELATION:
        raise Missing(reasons[0])
    if reasons and not lookup.allows_gaps:
        raise Missing(reasons[0])
    sides = [side for point in points for side in point]
    z = seedwise(sides, lambda values: math.atanh(_pearson(values[::2], values[1::2])))
    effect = estimate(z)
    effect = replace(effect, mean=math.tanh(effect.mean), low=math.tanh(effect.low), high=math.tanh(effect.high))
    notes = [_coverage(effect, max(tasks_meant(piece.lhs) for piece in pieces))]
    if reasons:
        notes.append(f"{len(points)} of {len(pieces)} points were run")
    side = _sign(effect.mean) * DIRECTION[claim.relation]
    return Part(0, f"{len(points)} points", effect, side, effect.seeds == 0, "; ".join(note for note in notes if note))


def result_unit(claim: Claim) -> str:
    """What the estimate of a claim is measured in."""
    if claim.relation == "correlates_negatively":
        return "r"
    plain = unit(claim.lhs)
    return f"{plain} per step" if isinstance(claim.rhs, Series) and claim.rhs.values else plain


def _pearson(x: list[float], y: list[float]) -> float:
    """Pearson's correlation, kept off -1 and 1 so that its Fisher transform is finite; 0 without any spread."""
    x_mean, y_mean = sum(x) / len(x), sum(y) / len(y)
    covariance = sum((a - x_mean) * (b - y_mean) for a, b in zip(x, y, strict=True))
    spread = math.sqrt(sum((a - x_mean) ** 2 for a in x) * sum((b - y_mean) ** 2 for b in y))
    return max(-1 + ZERO, min(1 - ZERO, covariance / spread)) if spread > 0 else 0.0


def _values(side: Side) -> Values:
    if isinstance(side, float) or not side.by_origin:
        raise Missing("both sides were run, but never on the same task and draw")
    return side


def _sign(value: float) -> int:
    return 0 if abs(value) < ZERO else 1 if value > 0 else -1


def _coverage(effect: Estimate, meant: int) -> str:
    return f"on {effect.tasks} of {meant} data sets" if effect.tasks < meant else ""


def _after(note: str) -> str:
    return f"; {note}" if note else ""
