"""All claims at once: one row per claim, with its verdict, the numbers behind it and a sentence that says why."""

import math
from collections.abc import Mapping
from functools import cache
from io import StringIO
from types import MappingProxyType

import pandas as pd

from reprompt.claims.expressions import Number, Statement
from reprompt.claims.gram import CLAIMS as OF_GRAM
from reprompt.claims.mvlpt import CLAIMS as OF_MVLPT
from reprompt.claims.needs import why_not_judged
from reprompt.claims.notes import notes_of
from reprompt.claims.npt import CLAIMS as OF_NPT
from reprompt.claims.printed import Printed
from reprompt.claims.prograd import CLAIMS as OF_PROGRAD
from reprompt.claims.records import lookups
from reprompt.claims.terms import share_of_gain
from reprompt.claims.verdict import (
    CONTRADICTED,
    HOLDS,
    INCONCLUSIVE,
    NOT_RUN,
    VERDICTS,
    Judgement,
    adjusted,
    judge,
)
from reprompt.evidence.lookup import Lost
from reprompt.evidence.statistics import Interval

CLAIMS = (*OF_PROGRAD, *OF_GRAM, *OF_MVLPT, *OF_NPT)
PARTLY = "holds as far as the cells survive"
OUTSIDE = "outside the tables"
COUNTED = "counted from cells: "  # before holds or contradicted; the README counts these claims as outside
DECIMALS = 4


WORDS = ("scale", "id", "paper", "claim", "verdict", "unit", "printed_verdict", "worst_part", "reason", "output")


def claims_frame(records: pd.DataFrame, missing: Mapping[str, str] = MappingProxyType({})) -> pd.DataFrame:
    """Judge every claim on the records of one scale: a row per claim in listed order, as `_row` has it.

    One that needs a data set that is `missing` is not run, also where others of its data sets are there. Raises
    ValueError where records of several scales are mixed.
    """
    scales = sorted(records["scale"].unique())
    if len(scales) > 1:
        raise ValueError(f"records of several scales: {', '.join(scales)}; read those of one results/<scale> folder")
    by_paper = lookups(records)
    waiting = {claim.id: reason for claim in CLAIMS if (reason := why_not_judged(claim, missing))}
    judgements = [
        Judgement(claim, (), (waiting[claim.id],)) if claim.id in waiting else judge(claim, by_paper[claim.paper])
        for claim in CLAIMS
    ]
    p_holm = adjusted(judgements)
    scale = "".join(scales)
    return pd.DataFrame([_row(judgement, p_holm.get(judgement.claim.id, math.nan), scale) for judgement in judgements])


def to_csv(frame: pd.DataFrame) -> str:
    """The frame as CSV: four decimals, one order, the same bytes for the same records."""
    return frame.to_csv(index=False, float_format=f"%.{DECIMALS}f", lineterminator="\n")


def read_csv(text: str) -> pd.DataFrame:
    """What `to_csv` wrote, as a frame again."""
    words = dict.fromkeys(WORDS, "")
    return pd.read_csv(StringIO(text), dtype=dict.fromkeys(WORDS, str)).fillna(words)


def counts(frame: pd.DataFrame) -> pd.DataFrame:
    """How many claims of each paper hold, are contradicted, inconclusive or not run; papers down, in listed order."""
    papers = list(dict.fromkeys(frame["paper"]))
    table = pd.crosstab(frame["paper"], frame["verdict"])
    return table.reindex(index=papers, columns=list(VERDICTS), fill_value=0).rename_axis(index=None, columns=None)


@cache
def printed_judgements() -> dict[str, Judgement]:
    """Every claim on the papers' own tables, by claim id."""
    lookup = Printed()
    return {claim.id: judge(claim, lookup) for claim in CLAIMS}


def printed_verdict(judgement: Judgement) -> str:
    """A claim on the papers' own tables, in words.

    The README of tasks/published calls a claim outside the tables when it needs more than looking cells up. Five of
    those can be counted from cells; they are marked with COUNTED.
    """
    if not judgement.parts or any(not isinstance(reason, Lost) for reason in judgement.missing):
        return OUTSIDE
    verdict = judgement.verdict()
    if _is_counted(judgement.claim.statement):
        return COUNTED + verdict
    return PARTLY if verdict == HOLDS and judgement.missing else verdict


def _is_counted(statement: Statement) -> bool:
    """Whether it takes a count, a maximum or a ratio of cells. The best of some is in a table's row of gains."""
    counts = statement.quota is not None and statement.quota.least > 1
    return counts or statement.lhs.largest or statement.lhs.function is share_of_gain.__wrapped__


def printed_counts() -> dict[str, int]:
    """The README of tasks/published counts: holds, holds as far as the cells survive, contradicted, outside."""
    verdicts = [printed_verdict(judgement) for judgement in printed_judgements().values()]
    plain = [OUTSIDE if verdict.startswith(COUNTED) else verdict for verdict in verdicts]
    return {verdict: plain.count(verdict) for verdict in (HOLDS, PARTLY, CONTRADICTED, OUTSIDE)}


def _row(judgement: Judgement, p_holm: float, scale: str) -> dict:
    """A claim and what became of it. Numbers that do not exist are NaN.

    `estimate` with its 95 % interval is of the part that is furthest from what is claimed (`worst_part`): left side
    minus right side, the slope of a trend per step, or a correlation; `unit` says in what. `published_estimate` is the
    same part on the paper's own tables, `margin` what the paper prints, with the sign of the claimed direction. `p` is
    the claim's p as in verdict.py, `p_holm` the same after Holm's adjustment over the paper's claims. `parts_run` of
    `parts` comparisons were run; `parts_as_claimed` of them have the claimed sign and `parts_against` are significantly
    against it. `seeds` is the number of draws (0: nothing is random) and `tasks` the number of tasks behind the
    estimate.
    """
    claim, worst, printed = judgement.claim, judgement.worst, printed_judgements()[judgement.claim.id]
    effect = worst.effect if worst else Interval(math.nan, math.nan, math.nan, 0, tasks=0)
    same = next((part for part in printed.parts if worst and part.place == worst.place), printed.worst)
    verdict = judgement.verdict(p_holm)
    return {
        **{"scale": scale, "id": claim.id, "paper": claim.paper, "claim": claim.text, "verdict": verdict},
        **{"estimate": effect.estimate, "low": effect.low, "high": effect.high, "unit": claim.statement.unit},
        "margin": claim.prints * (claim.statement.direction or 1),
        "published_estimate": same.effect.estimate if same else math.nan,
        "printed_verdict": printed_verdict(printed),
        **{"seeds": effect.seeds, "tasks": effect.tasks, "p": judgement.p, "p_holm": p_holm},
        **{"parts": len(judgement.parts) + len(judgement.missing), "parts_run": len(judgement.parts)},
        "parts_as_claimed": sum(part.side == 1 for part in judgement.parts),
        "parts_against": judgement.against(),
        "worst_part": worst.words if worst else "",
        "reason": _reason(judgement, verdict, p_holm),
        "output": claim.output,
    }


def _reason(judgement: Judgement, verdict: str, p_holm: float) -> str:
    """One sentence: what decided, on how much of the claim, and what to keep in mind."""
    if verdict == NOT_RUN:
        reasons = list(dict.fromkeys(str(reason) for reason in judgement.missing))
        return reasons[0] + (f" (and {len(reasons) - 1} more like this)" if len(reasons) > 1 else "")
    worst = judgement.worst
    clauses = [_decision(judgement, verdict, p_holm)]
    parts = len(judgement.parts) + len(judgement.missing)
    if judgement.missing:
        clauses.append(f"{len(judgement.parts)} of {parts} parts run")
    if parts > 1 and worst.words:
        clauses.append(f"furthest from the claim: {worst.words}")
    clauses += [worst.note] if worst.note else []
    return "; ".join([*clauses, *notes_of(judgement.claim)])


def _decision(judgement: Judgement, verdict: str, p_holm: float) -> str:
    worst, statement = judgement.worst, judgement.claim.statement
    tested = not math.isnan(judgement.p)
    if not tested and verdict == INCONCLUSIVE:
        return "one draw only, so nothing can be tested"
    equality, stated = statement.relation == "==", isinstance(statement.rhs, Number)
    if not tested and equality and (worst.effect.seeds > 0 or stated):
        met = "equal in every run" if statement.is_identity else "met to the printed precision"
        return met if verdict == HOLDS else "off by more than the printed precision"
    if not tested:
        return "nothing on either side is random, so the sign decides"
    p = f"p {p_holm:.3f} after Holm" if p_holm >= 0.001 else "p < 0.001 after Holm"
    if verdict == HOLDS:
        return f"every part as claimed, {p}" if len(judgement.parts) > 1 else f"as claimed, {p}"
    if verdict == CONTRADICTED and len(judgement.parts) > 1:
        return f"{judgement.against()} of {len(judgement.parts)} parts significantly against it, {p}"
    if verdict == CONTRADICTED:
        return f"{'outside the margin' if equality else 'the other way round'}, {p}"
    if judgement.all_as_claimed:
        return f"as claimed, but draws could explain it: {p}"
    if worst.side == 0:
        return "no difference, or none with one sign"
    return f"against the claim, but draws could explain it: {p}"
