"""A against A: claims judged on a method against itself, run a second time on the same draws.

CoOp and ProGrad are run twice on the same few-shot draws, the second time (`repeat`) with other batches and random
starts. Every claim that compares the two is judged with one of them and its twin in the other's place. Whatever it
says, "holds" or "contradicted", is false. This is one world, so it gives a count and not a rate.
"""

from collections.abc import Iterator, Mapping

from reprompt.claims.claim import Claim
from reprompt.claims.expressions import Method, methods_of, substituted
from reprompt.claims.lookup import At
from reprompt.claims.parts import parts_of
from reprompt.claims.runs import AGAIN, Runs, label
from reprompt.claims.verdict import CONTRADICTED, HOLDS, Judgement, adjusted, judged_together
from reprompt.evidence.lookup import Missing

PAIR = (Method("coop"), Method("prograd"))
METRICS = ("accuracy", "H")  # what both have, and its course
CHECK, FALSE = "a method against itself", "verdicts, all of them false"


def twin_rows(claims: tuple[Claim, ...], by_paper: Mapping[str, Runs]) -> Iterator[tuple]:
    """Rows for the table of null.py: for each of the two in the other's place, how many claims get a verdict."""
    for stays, goes in (PAIR, PAIR[::-1]):
        twins = [judgement for claim in claims if (judgement := _judged(claim, by_paper, stays, goes)).parts]
        if not twins:
            continue
        judgements, _ = judged_together(twins)
        family = adjusted(judgements)
        verdicts = [one.verdict(family[one.claim.id].bh) for one in judgements if one.claim.id in family]
        false = sum(verdict in (HOLDS, CONTRADICTED) for verdict in verdicts)
        yield CHECK, "prograd", f"{label(stays)} for {label(goes)}", len(verdicts), 1, FALSE, float(false)


def _judged(claim: Claim, by_paper: Mapping[str, Runs], stays: Method, goes: Method) -> Judgement:
    """A claim with the twin of one method in the other's place; without parts where it does not compare the two."""
    statement = claim.statement
    metric = statement.lhs.metric
    if set(methods_of(statement)) != set(PAIR) or not statement.direction or not metric.rstrip(")").endswith(METRICS):
        return Judgement(claim, (), ())
    twin = substituted(statement, {goes: Method(f"{stays}{AGAIN}")})
    outcomes = parts_of(twin, At(by_paper[claim.paper], claim.setting), None)
    run = tuple(outcome for outcome in outcomes if not isinstance(outcome, Missing))
    return Judgement(claim, run, tuple(outcome for outcome in outcomes if isinstance(outcome, Missing)))
