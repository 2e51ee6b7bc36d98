"""How a statement is tested: every part of it on the runs of both sides, paired by source, task, shots and draw."""

import math
from dataclasses import dataclass, replace

import numpy as np

from reprompt.claims.counted import Counted, Judged, doubt, partial_conjunction
from reprompt.claims.expressions import Choice, Number, Piece, Statement, Term, methods_of, with_settings
from reprompt.claims.lookup import At
from reprompt.claims.runs import label
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
    needed: nothing in it is random, or both sides are the same. A part without p that is not settled had one draw.
    `tests` are the p values of what is claimed and of its contrary, where these are others than that of a direction.
    `runs` are what was tested, by source, task, shots and draw; None where it was not single numbers of runs.
    """

    effect: Interval
    side: int
    settled: bool = False
    note: str = ""
    runs: Values | None = None
    place: int = 0
    words: str = ""
    tests: tuple[float, float] | None = None

    @property
    def p_for(self) -> float:
        """p of what is claimed; of a direction the two-sided p of "no difference"."""
        return self.tests[0] if self.tests else self._p_of_side(1)

    @property
    def p_against(self) -> float:
        """p of the contrary, likewise."""
        return self.tests[1] if self.tests else self._p_of_side(-1)

    @property
    def doubt(self) -> float:
        """One-sided p of what is claimed, 0 .. 1: how far the part is from showing it."""
        undecided = self.side == 0 and not self.settled and not math.isnan(self.effect.p)
        return 1 - self.effect.p / 2 if undecided else doubt(self)

    def _p_of_side(self, side: int) -> float:
        return math.nan if math.isnan(self.effect.p) else self.effect.p if self.side == side else 1.0


def parts_of(statement: Statement, at: At, margin: float | None = None) -> list[Judged | Missing]:
    """Each part tested, or the reason why it was not run; a correlation is one part, of all its points.

    `margin` is how far from each other what is said to be equal may lie.
    """
    if statement.relation == "correlates_negatively_with":
        return [_correlated(statement, at)]
    pieces = statement.pieces
    outcomes = [_outcome(piece, at, place, margin) for place, piece in enumerate(pieces)]
    if not statement.quota:
        return outcomes
    quota, within = statement.quota, list(zip(pieces, outcomes, strict=True))
    counts = _by(quota.every, within).values()
    return [_counted(statement, count, place) for place, count in enumerate(counts)]


def _outcome(piece: Piece, at: At, place: int, margin: float | None) -> Part | Missing:
    statement = piece.statement
    try:
        test = TESTS.get(statement.relation)
        part = test(statement, at, place) if test else _compared(statement, at, margin)
        return replace(part, place=place, words=piece.words)
    except Missing as missing:
        return missing


Outcomes = list[tuple[Piece, Part | Missing]]


def _by(choices: tuple[Choice, ...], outcomes: Outcomes) -> dict[tuple, Outcomes]:
    """Pieces with their outcomes by what is chosen in some places."""
    groups: dict[tuple, Outcomes] = {}
    for piece, outcome in outcomes:
        groups.setdefault(tuple(piece.chosen[choice] for choice in choices), []).append((piece, outcome))
    return groups


def _counted(statement: Statement, outcomes: Outcomes, place: int) -> Counted | Missing:
    """What was run of them as one part: of the values that count so many, at each of them all that is compared."""
    quota, direction = statement.quota, statement.direction
    run, missing = [], []
    for at_one_value in _by(quota.of, outcomes).values():
        parts = tuple(outcome for _, outcome in at_one_value if isinstance(outcome, Part))
        if not parts:
            missing.append(at_one_value[0][1])
        elif len(at_one_value) == 1:
            run += parts
        else:
            run.append(Counted(parts, len(at_one_value), direction, len(at_one_value) - len(parts)))
    if not run:
        return missing[0]
    name = ", ".join(label(outcomes[0][0].chosen[choice]) for choice in quota.every)
    return Counted(tuple(run), quota.least, direction, len(missing), place, name)


def variants(at: At, term: Term, *keys: str) -> list[Values]:
    """A term at all values of some settings at which its method was compared."""
    (method,) = methods_of(term)
    compared = at.lookup.variants(at.setting, method, keys)
    return [with_settings(term, dict(zip(keys, values, strict=True))).values(at) for values in compared]


def _compared(statement: Statement, at: At, margin: float | None) -> Part:
    """Left less right: greater, smaller, or equal."""
    lhs, rhs = statement.lhs, statement.rhs
    if lhs.largest:
        return _largest(lhs.values(at), rhs, margin)
    runs = _some(difference(lhs.values(at), rhs.values(at)))
    effect = stratified(runs)
    caution = lhs.caution(*lhs.arguments) if callable(lhs.caution) else lhs.caution
    if lhs.beside_number and isinstance(rhs, Number) and rhs.value:
        caution = lhs.beside_number
    part = Part(effect, 0, effect.seeds == 0, _coverage(effect, max(lhs.tasks, rhs.tasks)) or caution, runs)
    if statement.is_identity:
        return _identical(part)
    if statement.relation == "==":
        return _printed(part, rhs) if part.settled else _equal(part, margin)
    side = sign(effect.estimate) * statement.direction
    if statement.relation in (">=", "<=") and side == 0:
        return replace(part, side=1, settled=True)
    return replace(part, side=-1 if side == 0 and part.settled else side)


def _identical(part: Part) -> Part:
    """An identity holds only when every run agrees."""
    runs = part.runs.by_origin.values()
    differing = sum(abs(value) > ZERO for value in runs)
    if not differing:
        return replace(part, side=1, settled=True)
    return replace(part, side=-1, note=_notes(f"{differing} of {len(runs)} runs differ", part.note))


def _printed(part: Part, number: Number) -> Part:
    """What no draw can change meets a stated value that it would be printed as, rounded or cut off."""
    value = number.value + part.effect.estimate
    cut_off = number.cuts_off(value) and not number.rounds(value)
    note = _notes("cut off in print, not rounded" if cut_off else "", part.note)
    return replace(part, side=1 if number.rounds(value) or cut_off else -1, note=note)


def _equal(part: Part, margin: float) -> Part:
    """Equality: the difference lies within the margin, which is shown by two one-sided tests (Schuirmann 1987).

    They reject at 5 % where the 90 % interval lies inside. The contrary is that the difference exceeds the margin, on
    either side.
    """
    effect = part.effect
    within = max(effect.p_above(-margin), effect.p_below(margin))
    beyond = min(1.0, 2 * min(effect.p_above(margin), effect.p_below(-margin)))
    low, high = effect.bounds(0.9)
    note = f"90 % interval {low:+.2f} to {high:+.2f}, margin {margin:g}"
    return replace(part, side=_within(effect, margin), tests=(within, beyond), note=_notes(note, part.note))


def _largest(values: Values, number: Number, margin: float) -> Part:
    """The largest of several data sets' averages against a stated value: of averages, as papers take a maximum.

    It is within the margin where all lie below its upper end, and one above its lower end. The interval goes from the
    highest of the lower ends, each at 95 % for all data sets together, to the highest of the upper ends.
    """
    by_task = {task: stratified(values.on((task,))) for task in sorted({o.task for o in values.by_origin})}
    best = max(by_task, key=lambda task: by_task[task].estimate)
    each, n = list(by_task.values()), len(by_task)
    low = max(one.bounds(1 - 0.05 / n)[0] for one in each) - number.value
    high = max(one.high for one in each) - number.value
    effect = replace(by_task[best], estimate=by_task[best].estimate - number.value, low=low, high=high, tasks=n)
    part = Part(effect, 0, effect.seeds == 0, f"largest on {best}")
    if part.settled:
        return _printed(part, number)
    if any(math.isnan(one.low) for one in each):
        return replace(part, side=_within(effect, margin))
    bottom, top = number.value - margin, number.value + margin
    within = max(*(one.p_below(top) for one in each), partial_conjunction([one.p_above(bottom) for one in each], 1))
    above = partial_conjunction([one.p_above(top) for one in each], 1)
    beyond = min(1.0, 2 * min(above, max(one.p_below(bottom) for one in each)))
    note = f"{part.note}; margin {margin:g}"
    return replace(part, side=_within(effect, margin), tests=(within, beyond), note=note)


def _within(effect: Interval, margin: float) -> int:
    return 1 if abs(effect.estimate) <= margin else -1


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
    pieces, points, reasons = [piece.statement for piece in statement.pieces], [], []
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
