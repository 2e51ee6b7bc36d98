"""All claims at once: one row per claim, with its verdict, the numbers behind it and a sentence that says why."""

import math
from collections.abc import Mapping
from functools import cache
from io import StringIO
from types import MappingProxyType

import pandas as pd

from reprompt.cells.parameters import Verdicts
from reprompt.claims.claim import Claim
from reprompt.claims.expressions import Statement
from reprompt.claims.gram import CLAIMS as OF_GRAM
from reprompt.claims.images import beyond_these_images
from reprompt.claims.lookup import At, Lookup
from reprompt.claims.mvlpt import CLAIMS as OF_MVLPT
from reprompt.claims.needs import why_not_judged
from reprompt.claims.npt import CLAIMS as OF_NPT
from reprompt.claims.null import COLUMNS, NullCheck
from reprompt.claims.printed import Printed
from reprompt.claims.prograd import CLAIMS as OF_PROGRAD
from reprompt.claims.reasons import reason_of
from reprompt.claims.records import lookups
from reprompt.claims.runs import Runs
from reprompt.claims.terms import share_of_gain
from reprompt.claims.twins import twin_rows
from reprompt.claims.verdict import (
    CONTRADICTED,
    HOLDS,
    OPEN,
    VERDICTS,
    Adjusted,
    Judgement,
    adjusted,
    judge,
    judged_together,
)
from reprompt.evidence.lookup import Lost, Missing
from reprompt.evidence.statistics import Interval

CLAIMS = (*OF_PROGRAD, *OF_GRAM, *OF_MVLPT, *OF_NPT)
PARTLY = "holds as far as the cells survive"
OUTSIDE = "outside the tables"
COUNTED = "counted from cells: "  # before holds or contradicted; the README counts these claims as outside
DECIMALS = 4
WORDS = ("scale", "id", "paper", "claim", "verdict", "unit", "printed_verdict", "worst_part", "reason", "output")
NOT_KNOWN = Interval(math.nan, math.nan, math.nan, 0, tasks=0)


def claims_frame(
    records: pd.DataFrame, rule: Verdicts, missing: Mapping[str, str] = MappingProxyType({})
) -> pd.DataFrame:
    """Judge every claim on the records of one scale: a row per claim in listed order, as `_row` has it.

    One that needs a data set that is `missing` is not run, also where others of its data sets are there. Raises
    ValueError where records of several scales are mixed.
    """
    by_paper, judgements = judged(records, missing)
    of_family, scale = adjusted(judgements), "".join(sorted(records["scale"].unique()))
    rows = []
    for judgement in judgements:
        in_family = of_family.get(judgement.claim.id, Adjusted())
        verdict = judgement.verdict(in_family.bh, delta_of(judgement.claim, rule))
        beyond = _beyond(judgement, by_paper[judgement.claim.paper])
        decided = {"verdict": verdict, **_numbers(judgement, in_family, verdict)}
        reason = reason_of(judgement, in_family, verdict, delta_of(judgement.claim, rule))
        rows.append(_row(judgement, scale, decided | {"beyond": beyond, "reason": reason}))
    return pd.DataFrame(rows)


def judged(
    records: pd.DataFrame, missing: Mapping[str, str] = MappingProxyType({})
) -> tuple[Mapping[str, Runs], list[Judgement]]:
    """Where the terms of each paper are looked up, and every claim judged, variances of a kind moderated together."""
    scales = sorted(records["scale"].unique())
    if len(scales) > 1:
        raise ValueError(f"records of several scales: {', '.join(scales)}; read those of one results/<scale> folder")
    by_paper = lookups(records)
    waiting = {claim.id: reason for claim in CLAIMS if (reason := why_not_judged(claim, missing))}
    judgements, _ = judged_together(
        Judgement(claim, (), (waiting[claim.id],)) if claim.id in waiting else judge(claim, by_paper[claim.paper])
        for claim in CLAIMS
    )
    return by_paper, judgements


def null_frame(records: pd.DataFrame, worlds: int, missing: Mapping[str, str] = MappingProxyType({})) -> pd.DataFrame:
    """How often the rule errs on the records of one scale: null.py in so many worlds, and twins.py."""
    by_paper, judgements = judged(records, missing)
    check = NullCheck(judgements)
    twins = pd.DataFrame(list(twin_rows(OF_PROGRAD, by_paper)), columns=list(COLUMNS))
    return pd.concat([check.frame(worlds), twins], ignore_index=True) if check.judgements else twins


def delta_of(claim: Claim, rule: Verdicts) -> float:
    """The smallest effect that one would name, in the claim's unit: at most half of what the paper prints."""
    delta = rule.delta.get(claim.statement.unit, math.nan)
    return delta if math.isnan(claim.prints) else min(delta, abs(claim.prints) / 2)


def _beyond(judgement: Judgement, lookup: Lookup) -> Interval:
    """The interval of the part that is shown, over draws and test images; NaN where predictions do not say it."""
    shown = judgement.worst_single
    try:
        return beyond_these_images(shown, At(lookup, judgement.claim.setting)) if shown else NOT_KNOWN
    except Missing:
        return NOT_KNOWN


def _numbers(judgement: Judgement, in_family: Adjusted, verdict: str) -> dict:
    """What the verdict rests on, beside the estimate."""
    at_least, of = judgement.shown
    return {
        **{"p": judgement.p, "p_bh": in_family.bh, "p_holm": in_family.holm},
        "parts_shown": at_least if of > 1 and not math.isnan(judgement.p) else math.nan,
        "draws_needed": judgement.draws_needed if verdict == OPEN else math.nan,
    }


def to_csv(frame: pd.DataFrame) -> str:
    """The frame as CSV: four decimals, one order, the same bytes for the same records."""
    return frame.to_csv(index=False, float_format=f"%.{DECIMALS}f", lineterminator="\n")


def read_csv(text: str) -> pd.DataFrame:
    """What `to_csv` wrote, as a frame again."""
    words = dict.fromkeys(WORDS, "")
    return pd.read_csv(StringIO(text), dtype=dict.fromkeys(WORDS, str)).fillna(words)


def counts(frame: pd.DataFrame) -> pd.DataFrame:
    """How many claims of each paper have each verdict; papers down, in listed order."""
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


def _row(judgement: Judgement, scale: str, decided: Mapping) -> dict:
    """A claim and what became of it. Numbers that do not exist are NaN.

    `estimate` with its 95 % interval is of the part that is furthest from what is claimed (`worst_part`): left side
    minus right side, the slope of a trend per step, or a correlation; `unit` says in what. `beyond_low` to
    `beyond_high` is the same over other test images too. `published_estimate` is the same part on the paper's own
    tables, `margin` what the paper prints, with the sign of the claimed direction. `p` is the claim's p as in
    verdict.py, `p_bh` the same after Benjamini and Hochberg's adjustment over the paper's claims, which decides, and
    `p_holm` after Holm's. `parts_run` of `parts` comparisons were run; `parts_as_claimed` of them have the claimed
    sign, for at least `parts_shown` it is shown at 5 %, and `parts_against` are significantly against it.
    `draws_needed` is what an open claim would need (inf: more than anybody would go). `seeds` is the number of
    independent units (0: nothing is random) and `tasks` the number of tasks behind the estimate.
    """
    claim, worst, printed = judgement.claim, judgement.worst, printed_judgements()[judgement.claim.id]
    effect = worst.effect if worst else NOT_KNOWN
    same = next((part for part in printed.parts if worst and part.place == worst.place), printed.worst)
    return {
        **{"scale": scale, "id": claim.id, "paper": claim.paper, "claim": claim.text, "verdict": decided["verdict"]},
        **{"estimate": effect.estimate, "low": effect.low, "high": effect.high},
        **{"beyond_low": decided["beyond"].low, "beyond_high": decided["beyond"].high, "unit": claim.statement.unit},
        "margin": claim.prints * (claim.statement.direction or 1),
        "published_estimate": same.effect.estimate if same else math.nan,
        "printed_verdict": printed_verdict(printed),
        **{"seeds": effect.seeds, "tasks": effect.tasks},
        **{name: decided[name] for name in ("p", "p_bh", "p_holm")},
        **{"parts": len(judgement.parts) + len(judgement.missing), "parts_run": len(judgement.parts)},
        "parts_as_claimed": sum(part.side == 1 for part in judgement.parts),
        **{"parts_shown": decided["parts_shown"], "parts_against": judgement.against()},
        "draws_needed": decided["draws_needed"],
        "worst_part": worst.words if worst else "",
        "reason": decided["reason"],
        "output": claim.output,
    }
