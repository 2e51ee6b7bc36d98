"""Why a claim has its verdict, in a sentence: what decided, on how much of the claim, and what to keep in mind."""

import math

from reprompt.claims.claim import META, SOURCE_TASKS
from reprompt.claims.counted import Counted
from reprompt.claims.expressions import Number
from reprompt.claims.notes import notes_of
from reprompt.claims.verdict import BELOW, CONTRADICTED, HOLDS, LEVEL, NOT_RUN, OPEN, Adjusted, Judgement
from reprompt.evidence.strata import TRAINED_STARTS, strata_of
from reprompt.tables.methods import ONE_START

UNITS = {"points": "points", "degrees": "degrees"}  # of others the unit says nothing beside a number
ONE_SOURCE = (
    "one start: the mean of the source prompts of all seeds, which all draws share; the verdict is about that start, "
    "and how lucky it is, is in no interval"
)
ONE = {META: ONE_START, SOURCE_TASKS: ONE_SOURCE}  # what is said where all draws share one trained start


def reason_of(judgement: Judgement, in_family: Adjusted, verdict: str, delta: float) -> str:
    """The sentence, its clauses joined by semicolons."""
    if verdict == NOT_RUN:
        reasons = list(dict.fromkeys(str(reason) for reason in judgement.missing))
        return reasons[0] + (f" (and {len(reasons) - 1} more like this)" if len(reasons) > 1 else "")
    worst, parts = judgement.worst, len(judgement.parts) + len(judgement.missing)
    clauses = [_decision(judgement, in_family, verdict, delta)]
    clauses += _what_it_takes(judgement) if verdict == OPEN else []
    clauses += _beside(judgement, in_family, verdict, delta)
    if judgement.missing:
        clauses.append(f"{len(judgement.parts)} of {parts} parts run")
    if parts > 1 and worst.words:
        clauses.append(f"furthest from the claim: {worst.words}")
    clauses += [worst.note] if worst.note else []
    return "; ".join([*clauses, *notes_of(judgement.claim), *_one_start(judgement)])


def _decision(judgement: Judgement, in_family: Adjusted, verdict: str, delta: float) -> str:
    worst, statement = judgement.worst, judgement.claim.statement
    tested = not math.isnan(judgement.p)
    if not tested and verdict == OPEN:
        return "one draw only, so nothing can be tested"
    equality, stated = statement.relation == "==", isinstance(statement.rhs, Number)
    if not tested and equality and (worst.effect.seeds > 0 or stated):
        met = "equal in every run" if statement.is_identity else "met to the printed precision"
        return met if verdict == HOLDS else "off by more than the printed precision"
    if not tested:
        return "nothing on either side is random, so the sign decides"
    p = f"p {in_family.bh:.3f}" if in_family.bh >= 0.001 else "p < 0.001"
    p += " among the paper's claims"
    if verdict == HOLDS:
        return f"every part as claimed, {p}" if len(judgement.parts) > 1 else f"as claimed, {p}"
    if verdict == CONTRADICTED and len(judgement.parts) > 1:
        return f"{judgement.against()} of {len(judgement.parts)} parts significantly against it, {p}"
    if verdict == CONTRADICTED:
        return f"{'outside the margin' if equality else 'the other way round'}, {p}"
    if verdict == BELOW:
        return f"an effect as claimed, if there is one, is below {_named(judgement, delta)}; {p}"
    if judgement.all_as_claimed:
        return f"as claimed, but draws could explain it: {p}"
    if worst.side == 0:
        return "no difference, or none with one sign"
    return f"against the claim, but draws could explain it: {p}"


def _what_it_takes(judgement: Judgement) -> list[str]:
    """Why an open claim is open, and how many draws would decide it."""
    if math.isnan(judgement.p):
        return []
    sides = {part.side for part in judgement.parts}
    why = ["parts disagree"] if {1, -1} <= sides or judgement.whole.side == 0 else []
    why += ["one task"] if judgement.worst.effect.tasks == 1 else []
    why += _few_starts(judgement)
    draws = judgement.draws_needed
    if not math.isnan(draws):
        why.append("more than 1,000 draws needed" if math.isinf(draws) else f"{draws:.0f} draws needed for 80 % power")
    return [", ".join(why)] if why else []


def _few_starts(judgement: Judgement) -> list[str]:
    """Whether units are trained starts, and how many."""
    for part in judgement.single_parts:
        strata = strata_of(part.runs) if part.runs else ()
        if strata and strata[0].name == TRAINED_STARTS:
            return [f"{len(strata[0].units)} trained starts"]
    return []


def _beside(judgement: Judgement, in_family: Adjusted, verdict: str, delta: float) -> list[str]:
    """What the numbers beside the verdict say otherwise than it: a small effect, a bare interval, Holm."""
    beside, single = [], list(judgement.single_parts)
    if verdict == HOLDS and single and all(part.below(delta, 0.95) for part in single):
        beside.append(f"below {_named(judgement, delta)}")
    effect = judgement.worst.effect
    undecided = verdict in (OPEN, BELOW) and not math.isnan(judgement.p)
    if undecided and len(single) == 1 and single[0].direction and (effect.low > 0 or effect.high < 0):
        beside.append("the interval leaves 0 out, the correction for the paper's other claims does not agree")
    if verdict in (HOLDS, CONTRADICTED) and in_family.holm >= LEVEL:
        beside.append("not by Holm")
    at_least, of = judgement.shown
    if (of > 1 and verdict in (OPEN, BELOW)) or any(isinstance(part, Counted) for part in judgement.parts):
        beside.append(f"shown by itself for at least {at_least} of {of}")
    return beside


def _named(judgement: Judgement, delta: float) -> str:
    unit = UNITS.get(judgement.claim.statement.unit, "")
    return f"{delta:g} {unit.removesuffix('s') if delta == 1 else unit}".strip()


def _one_start(judgement: Judgement) -> list[str]:
    """Where all draws share one trained start."""
    start = judgement.claim.start
    return [ONE[start]] if start and not _few_starts(judgement) else []
