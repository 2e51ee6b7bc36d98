"""How a statement is tested: every part of it on the runs of both sides, paired by source, task, shots and draw."""

import math
from dataclasses import dataclass, replace

import numpy as np

from reprompt.claims.expressions import Number, Statement, Term, methods_of, with_settings
from reprompt.claims.lookup import At
from reprompt.evidence.curves import rise, thirds
from reprompt.evidence.exchanges import compare_choices, range_over_starts
from reprompt.evidence.lookup import Missing
from reprompt.evidence.statistics import ZERO, Interval, stratified
from reprompt.evidence.values import Side, Values, by_draw, combine, difference

POINTS_OF_A_CORRELATION = 3
NEVER_TOGETHER = "both sides were run, but never on the same task and draw"


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


def parts_of(statement: Statement, at: At) -> list[Part | Missing]:
    """Each part tested, or the reason why it was not run; a correlation is one part, of all its points."""
    if statement.relation == "correlates_negatively_with":
        return [_correlated(statement, at)]
    outcomes = []
    for place, (piece, words) in enumerate(statement.pieces):
        try:
            outcomes.append(replace(TESTS.get(piece.relation, _compared)(piece, at, place), place=place, words=words))
        except Missing as missing:
            outcomes.append(missing)
    return outcomes


def variants(at: At, term: Term, *keys: str) -> list[Values]:
    """A term at all values of some settings at which its method was compared."""
    (method,) = methods_of(term)
    compared = at.lookup.variants(at.setting, method, keys)
    return [with_settings(term, dict(zip(keys, values, strict=True))).values(at) for values in compared]


def _compared(statement: Statement, at: At, place: int) -> Part:
    """Left less right: greater, smaller, or equal."""
    lhs, rhs = statement.lhs, statement.rhs
    runs = _some(difference(lhs.values(at), rhs.values(at)))
    effect = stratified(runs)
    caution = lhs.caution(*lhs.arguments) if callable(lhs.caution) else lhs.caution
    if lhs.beside_number and isinstance(rhs, Number) and rhs.value:
        caution = lhs.beside_number
    part = Part(effect, 0, effect.seeds == 0, _coverage(effect, max(lhs.tasks, rhs.tasks)) or caution, runs)
    if statement.is_identity:
        return _identical(part)
    if statement.relation == "==":
        return _equal(part, rhs)
    side = sign(effect.estimate) * statement.direction
    if statement.relation == ">=" and side == 0:
        return replace(part, side=1, settled=True)
    return replace(part, side=-1 if side == 0 and part.settled else side)


def _identical(part: Part) -> Part:
    """An identity holds only when every run agrees."""
    runs = part.runs.by_origin.values()
    differing = sum(abs(value) > ZERO for value in runs)
    if not differing:
        return replace(part, side=1, settled=True)
    return replace(part, side=-1, note=_notes(f"{differing} of {len(runs)} runs differ", part.note))


def _equal(part: Part, number: Number) -> Part:
    """A stated value is met to the printed precision (a count: to the nearest whole), or inside the interval.

    An interval so wide that it holds 0 as well says nothing of the value.
    """
    effect = part.effect
    inside = number.about and effect.low <= 0 <= effect.high
    met = abs(effect.estimate) <= 0.5 * 10.0**-number.decimals + ZERO
    if inside and not met and effect.low <= -number.value <= effect.high:
        return replace(part, side=0, note=_notes("the interval holds 0 as well as the stated value", part.note))
    return replace(part, side=1, settled=True) if inside or met else replace(part, side=-1)


def _trend(statement: Statement, at: At, place: int) -> Part:
    """The slope over rank positions in every run; last against first must point the same way."""
    lhs, series = statement.lhs, statement.rhs
    levels, reasons = [], []
    for position, value in enumerate(series.values):
        try:
            levels.append((position, with_settings(lhs, {series.key: value}).values(at)))
        except Missing as missing:
            reasons.append(missing)
    if len(levels) < 2 or (reasons and not at.lookup.allows_gaps):
        raise reasons[0]
    center = sum(position for position, _ in levels) / len(levels)
    spread = sum((position - center) ** 2 for position, _ in levels)
    slope: Side = 0.0
    for position, side in levels:
        weight = (position - center) / spread
        slope = combine(slope, side, lambda total, value, weight=weight: total + weight * value)
    slope = _some(slope)
    effect, ends = stratified(slope), stratified(_some(difference(levels[-1][1], levels[0][1])))
    side = sign(effect.estimate) * statement.direction
    notes = [_coverage(effect, lhs.tasks)]
    notes += [f"{len(levels)} of {len(series.values)} values of {series.key} were run"] if reasons else []
    if sign(ends.estimate) != sign(effect.estimate):
        side = -1 if effect.seeds == 0 else 0
        notes.append("the slope and last against first disagree in sign")
    return Part(effect, side, effect.seeds == 0, _notes(*notes), slope)


def _risen(statement: Statement, at: At, place: int) -> Part:
    """The last third of what was logged step by step against its first, see evidence/curves.py."""
    logged: list[np.ndarray] = list(statement.lhs.values(at).values())
    effect = rise(logged)
    first, last = (np.mean([third.mean() for third in side]) for side in zip(*map(thirds, logged), strict=True))
    runs = f"{effect.seeds} run{'' if effect.seeds == 1 else 's'}"
    note = f"first third {first:.3f}, last third {last:.3f} of {len(logged[0])} logged steps, {runs}"
    return Part(effect, sign(effect.estimate) * statement.direction, note=note)


def _correlated(statement: Statement, at: At) -> Part | Missing:
    """Pearson's r over points, each an average over tasks, in every draw; tested as Fisher's z.

    It asks whether other draws would turn the sign for these methods, not whether it holds for other methods.
    """
    pieces, points, reasons = [piece for piece, _ in statement.pieces], [], []
    for piece in pieces:
        try:
            points.append((piece.lhs.values(at), piece.rhs.values(at)))
        except Missing as missing:
            reasons.append(missing)
    if len(points) < POINTS_OF_A_CORRELATION or (reasons and not at.lookup.allows_gaps):
        return reasons[0]
    z = by_draw([side for point in points for side in point], lambda both: math.atanh(pearson(both[::2], both[1::2])))
    if not z.by_origin:
        return Missing(NEVER_TOGETHER)
    effect = stratified(z)
    effect = replace(effect, **{name: math.tanh(getattr(effect, name)) for name in ("estimate", "low", "high")})
    gap = f"{len(points)} of {len(pieces)} points were run" if reasons else ""
    note = _notes(_coverage(effect, max(piece.lhs.tasks for piece in pieces)), gap)
    side = sign(effect.estimate) * statement.direction
    return Part(effect, side, effect.seeds == 0, note, z, words=f"{len(points)} points")


def _varying(statement: Statement, at: At, place: int) -> Part:
    """The range of averages over the values of a setting against chance, see evidence/exchanges.py."""
    spread = range_over_starts(variants(at, statement.lhs, statement.rhs.key), np.random.default_rng(place))
    effect = Interval(spread.width, math.nan, math.nan, spread.seeds, spread.p, tasks=spread.tasks)
    by_chance = f"{spread.starts} starts; {spread.by_chance:.2f} points where they are exchanged at random"
    side = 1 if spread.width > spread.by_chance else 0
    return Part(effect, side, note=_notes(_coverage(effect, statement.lhs.tasks), by_chance))


def _other_partners(statement: Statement, at: At, place: int) -> Part:
    """How many targets have other partners, against prompts exchanged between two learners: evidence/exchanges.py."""
    chosen = compare_choices(statement.lhs.values(at), statement.rhs.values(at), np.random.default_rng(place))
    note = f"groups differ on {chosen.differing} of {chosen.targets} tasks and share {chosen.shared} partners, "
    note += f"{chosen.shared_by_chance:.1f} where prompts of the two are exchanged at random"
    effect = Interval(chosen.differing, math.nan, math.nan, chosen.seeds, chosen.p, tasks=chosen.targets)
    return Part(effect, 1 if chosen.differing else -1, note=note)


TESTS = {
    **dict.fromkeys(("increases_with", "decreases_with"), _trend),
    **{"increases_over": _risen, "varies_with": _varying, "differs_from": _other_partners},
}


def sign(value: float) -> int:
    """-1, 0 or 1; 0 is what rounding may leave."""
    return 0 if abs(value) < ZERO else 1 if value > 0 else -1


def pearson(x: list[float], y: list[float]) -> float:
    """Pearson's correlation, kept off -1 and 1 so that its Fisher transform is finite; 0 without any spread."""
    x, y = np.array(x) - np.mean(x), np.array(y) - np.mean(y)
    spread = math.sqrt((x @ x) * (y @ y))
    return max(-1 + ZERO, min(1 - ZERO, float(x @ y) / spread)) if spread > 0 else 0.0


def _some(side: Side) -> Values:
    if isinstance(side, float) or not side.by_origin:
        raise Missing(NEVER_TOGETHER)
    return side


def _coverage(effect: Interval, meant: int) -> str:
    return f"on {effect.tasks} of {meant} data sets" if effect.tasks < meant else ""


def _notes(*notes: str) -> str:
    return "; ".join(note for note in notes if note)
