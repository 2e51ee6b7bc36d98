"""How a statement is tested: every part of it on the runs of both sides, paired by source, task, shots and draw."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from reprompt.claims.counted import Counted, Judged, P, doubt
from reprompt.claims.expressions import Choice, Number, Piece, Series, Statement, Term, methods_of, with_settings
from reprompt.claims.lookup import At
from reprompt.claims.runs import label
from reprompt.evidence.curves import rise, thirds
from reprompt.evidence.exchanges import compare_choices, range_over_starts
from reprompt.evidence.lookup import Missing
from reprompt.evidence.multiplicity import partial_conjunction
from reprompt.evidence.statistics import ZERO, Interval, Moderated, plain, stratified
from reprompt.evidence.values import Side, Values, by_draw, combine, difference

POINTS_OF_A_CORRELATION = 3
BOUNDS = ("estimate", "low", "high")
STRICT = (">", "<")
TO_BE_NAMED = ("",)  # the kind of a part that has one
MEAN, CORRELATION = "mean", "correlation"  # how what is measured becomes one number, beside trends
NEVER_TOGETHER = "both sides were run, but never on the same task and draw"


@dataclass(frozen=True)
class Part:
    """One comparison of a claim. `effect` is left minus right, the slope of a trend, or a correlation.

    `side` is 1 as claimed, -1 against the claim, 0 neither (no difference at all). `settled` says that no test is
    needed: nothing in it is random, or both sides are the same. A part without p that is not settled had one draw.
    `tests` are the one-sided p of what is claimed and of its contrary.

    `runs` are what was tested, by source, task, shots and draw; None where it was not single numbers of runs. Their
    mean is tested against 0 in a `direction`, or, where that is 0, for equality within a `margin`; of a trend `ends`,
    last less first, have to agree. Parts of one `kind` are of one metric and compare the same methods: their variances
    are moderated together; () for a test of another sort. `tested` is the interval that was tested, of a correlation
    that of Fisher's z. `statement` is what it states, without choices.
    """

    effect: Interval
    side: int
    settled: bool = False
    remark: str = ""
    runs: Values | None = None
    place: int = 0
    words: str = ""
    tests: tuple[P, P] = (math.nan, math.nan)
    direction: int = 0
    margin: float | None = None
    ends: Values | None = None
    kind: tuple[str, ...] = ()
    tested: Interval | None = None
    statement: Statement | None = None

    @property
    def p_for(self) -> P:
        """One-sided p of what is claimed."""
        return self.tests[0]

    @property
    def p_against(self) -> P:
        """One-sided p of the contrary."""
        return self.tests[1]

    @property
    def doubt(self) -> float:
        """One-sided p of what is claimed, 0 .. 1: how far the part is from showing it."""
        undecided = self.side == 0 and not self.settled and not math.isnan(self.effect.p)
        return 1 - self.effect.p / 2 if undecided else doubt(self)

    @property
    def note(self) -> str:
        """What a reader should know of it."""
        if self.margin is None or math.isnan(self.effect.low):
            return self.remark
        low, high = self.effect.bounds(0.9)
        return _notes(f"90 % interval {low:+.2f} to {high:+.2f}, margin {self.margin:g}", self.remark)

    @property
    def compares_means(self) -> bool:
        """Whether it says that one mean is above another, and not by no less than nothing."""
        return bool(self.kind) and self.statement.relation in STRICT

    def below(self, delta: float, level: float = 0.9) -> bool:
        """Whether the effect on the claimed side is smaller than delta: by the end of its 90 % interval, which is that
        of a one-sided one of 95 %, or of an interval at another level.
        """
        if not self.compares_means:
            return False
        if self.settled:
            return self.direction * self.effect.estimate < delta
        low, high = self.effect.bounds(level)
        return (high if self.direction == 1 else -low) < delta

    def judged(self, moderated: Moderated) -> "Part":
        """Itself with the p that its runs have by better variances."""
        if not self.kind or self.settled:
            return self
        tested = stratified(self.runs, moderated)
        effect = _correlation(tested) if self.kind[1] == CORRELATION else tested
        return replace(self, effect=effect, tested=tested, tests=self._tests(tested))

    def _tests(self, tested: Interval) -> tuple[float, float]:
        if math.isnan(tested.p):
            return math.nan, math.nan
        if self.margin is not None:
            return _equality(tested, self.margin)
        if self.ends is not None and sign(stratified(self.ends).estimate) != sign(tested.estimate):
            return 1.0, 1.0
        if tested.freedom == math.inf:  # a sign test, for which draws that differ in nothing say nothing
            return {1: (tested.p / 2, 1.0), -1: (1.0, tested.p / 2), 0: (1.0, 1.0)}[self.side]
        up, down = tested.p_above(0), tested.p_below(0)
        return (up, down) if self.direction == 1 else (down, up)


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
        named = replace(part, place=place, words=piece.words, statement=statement)
        return replace(named, kind=kind_of(statement, at) if part.kind else ()).judged(plain)
    except Missing as missing:
        return missing


def kind_of(statement: Statement, at: At) -> tuple[str, ...]:
    """Of what kind a comparison is: the paper, the metric, and who is compared with whom."""
    compared = statement.relation in (">", "<", ">=", "<=", "==")
    series = statement.rhs if isinstance(statement.rhs, Series) else None
    how = MEAN if compared else f"{statement.relation} {series.key}" if series else CORRELATION
    return (at.setting.paper, how, statement.lhs.metric, *sorted(set(methods_of(statement))))


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
    note = _coverage(effect, max(lhs.tasks, rhs.tasks)) or caution
    part = Part(effect, 0, effect.seeds == 0, note, runs, direction=statement.direction, kind=TO_BE_NAMED)
    if statement.is_identity:
        return _identical(part)
    if statement.relation == "==":
        return _printed(part, rhs) if part.settled else replace(part, side=_within(effect, margin), margin=margin)
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
    differ = math.nan if math.isnan(part.effect.p) else part.effect.p / 2
    note = _notes(f"{differing} of {len(runs)} runs differ", part.note)
    return replace(part, side=-1, tests=(math.nan if math.isnan(differ) else 1.0, differ), remark=note, kind=())


def _printed(part: Part, number: Number) -> Part:
    """What no draw can change meets a stated value that it would be printed as, rounded or cut off."""
    value = number.value + part.effect.estimate
    cut_off = number.cuts_off(value) and not number.rounds(value)
    note = _notes("cut off in print, not rounded" if cut_off else "", part.note)
    return replace(part, side=1 if number.rounds(value) or cut_off else -1, remark=note)


def _equality(effect: Interval, margin: float) -> tuple[float, float]:
    """p of equality: the difference lies within the margin, by two one-sided tests (Schuirmann 1987); and of its
    contrary, that it exceeds the margin on either side.

    They reject at 5 % where the 90 % interval lies inside. Both are halved, as two times the smaller p of a claim is
    taken, and these two cannot both be small.
    """
    within = max(effect.p_above(-margin), effect.p_below(margin))
    beyond = min(1.0, 2 * min(effect.p_above(margin), effect.p_below(-margin)))
    return within / 2, beyond / 2


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
    reaches, exceeds = (
        float(partial_conjunction(np.array([one.p_above(end) for one in each]), 1)) for end in (bottom, top)
    )
    within = max(*(one.p_below(top) for one in each), reaches)
    beyond = min(1.0, 2 * min(exceeds, max(one.p_below(bottom) for one in each)))
    note = f"{part.note}; margin {margin:g}"
    return replace(part, side=_within(effect, margin), tests=(within / 2, beyond / 2), remark=note)


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
    slope: Side = 0.0
    for weight, (_, side) in zip(weights_of_trend([position for position, _ in levels]), levels, strict=True):
        slope = combine(slope, side, lambda total, value, weight=weight: total + weight * value)
    slope = _some(slope)
    ends = _some(difference(levels[-1][1], levels[0][1]))
    effect = stratified(slope)
    side = sign(effect.estimate) * statement.direction
    notes = [_coverage(effect, lhs.tasks)]
    notes += [f"{len(levels)} of {len(series.values)} values of {series.key} were run"] if reasons else []
    if sign(stratified(ends).estimate) != sign(effect.estimate):
        side = -1 if effect.seeds == 0 else 0
        notes.append("the slope and last against first disagree in sign")
    tested = {"direction": statement.direction, "ends": ends, "kind": TO_BE_NAMED}
    return Part(effect, side, effect.seeds == 0, _notes(*notes), slope, **tested)


def weights_of_trend(positions: Sequence[int]) -> list[float]:
    """What the values at some rank positions weigh in their least-squares slope."""
    center = sum(positions) / len(positions)
    spread = sum((position - center) ** 2 for position in positions)
    return [(position - center) / spread for position in positions]


def _risen(statement: Statement, at: At, place: int) -> Part:
    """The last third of what was logged step by step against its first, see evidence/curves.py."""
    logged: list[np.ndarray] = list(statement.lhs.values(at).values())
    effect = rise(logged)
    first, last = (np.mean([third.mean() for third in side]) for side in zip(*map(thirds, logged), strict=True))
    runs = f"{effect.seeds} run{'' if effect.seeds == 1 else 's'}"
    note = f"first third {first:.3f}, last third {last:.3f} of {len(logged[0])} logged steps, {runs}"
    side = sign(effect.estimate) * statement.direction
    tests = {1: (effect.p / 2, 1 - effect.p / 2), -1: (1 - effect.p / 2, effect.p / 2), 0: (1.0, 1.0)}[side]
    return Part(effect, side, remark=note, tests=tests)


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
    gap = f"{len(points)} of {len(pieces)} points were run" if reasons else ""
    note = _notes(_coverage(effect, max(piece.lhs.tasks for piece in pieces)), gap)
    side = sign(effect.estimate) * statement.direction
    words = f"{len(points)} points"
    part = Part(_correlation(effect), side, effect.seeds == 0, note, z, words=words, direction=statement.direction)
    return replace(part, kind=kind_of(statement, at), statement=statement).judged(plain)


def _correlation(z: Interval) -> Interval:
    """The interval of Fisher's z as one of r."""
    return replace(z, **{name: math.tanh(getattr(z, name)) for name in BOUNDS})


def _varying(statement: Statement, at: At, place: int) -> Part:
    """The range of averages over the values of a setting against chance, see evidence/exchanges.py."""
    spread = range_over_starts(variants(at, statement.lhs, statement.rhs.key), np.random.default_rng(place))
    effect = Interval(spread.width, math.nan, math.nan, spread.seeds, spread.p, tasks=spread.tasks)
    by_chance = f"{spread.starts} starts; {spread.by_chance:.2f} points where they are exchanged at random"
    side = 1 if spread.width > spread.by_chance else 0
    note = _notes(_coverage(effect, statement.lhs.tasks), by_chance)
    return Part(effect, side, remark=note, tests=_one_way(spread.p, side))


def _other_partners(statement: Statement, at: At, place: int) -> Part:
    """How many targets have other partners, against prompts exchanged between two learners: evidence/exchanges.py."""
    chosen = compare_choices(statement.lhs.values(at), statement.rhs.values(at), np.random.default_rng(place))
    note = f"groups differ on {chosen.differing} of {chosen.targets} tasks and share {chosen.shared} partners, "
    note += f"{chosen.shared_by_chance:.1f} where prompts of the two are exchanged at random"
    effect = Interval(chosen.differing, math.nan, math.nan, chosen.seeds, chosen.p, tasks=chosen.targets)
    side = 1 if chosen.differing else -1
    return Part(effect, side, remark=note, tests=_one_way(chosen.p, side))


def _one_way(p: float, side: int) -> tuple[float, float]:
    """Of a permutation test that asks one way: halved, as two times the smaller p of a claim is taken."""
    return (p / 2, 1.0) if side == 1 else (1.0, p / 2 if side == -1 else 1.0)


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
