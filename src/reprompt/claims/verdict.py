"""From the parts of a claim to one word: holds, contradicted, inconclusive or not run.

How a claim is judged
    1. Each comparison in it is a *part*: each(...) and pair(...) make several.
    2. A part is tested on differences paired by task and draw (evidence/statistics.py): two-sided p of "no difference".
       A trend is tested on the linear contrast over rank positions, in every run; last against first must have the
       same sign. A series that was logged step by step has its last third tested against its first (curves.py).
       A correlation is taken over the points of a claim in every draw and tested as Fisher's z.
       The groups of tasks that two learners choose are tested by exchanging prompts between them, the range over
       several starts by exchanging the starts (exchanges.py).
    3. A claim has one p. Where all parts go as claimed it is the largest p of a part (intersection-union: all of them
       have to hold). Otherwise it is the smallest p of a part that goes the other way, times the number of tested
       parts: one such part contradicts the claim, and there were that many chances.
    4. Over all claims of a paper that have a p, p is adjusted by Holm's method; below 0.05 the claim holds, or is
       contradicted. Else it is inconclusive.
    5. Nothing is tested where nothing is random (untuned CLIP against untuned CLIP): then the sign decides. A value
       that a claim states is met when it agrees to the printed precision or lies in the interval, unless the interval
       holds 0 as well; only a miss is tested.

The difference that a paper prints is an effect size. It stands beside our estimate and is not tested.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from reprompt.claims.claim import Claim
from reprompt.claims.lookup import At, Lookup
from reprompt.claims.parts import Part, parts_of
from reprompt.evidence.lookup import Missing
from reprompt.evidence.statistics import holm

LEVEL = 0.05
HOLDS, CONTRADICTED, INCONCLUSIVE, NOT_RUN = VERDICTS = ("holds", "contradicted", "inconclusive", "not run")


@dataclass(frozen=True)
class Judgement:
    """A claim on what a lookup has, before the other claims of the paper are taken into account."""

    claim: Claim
    parts: tuple[Part, ...]
    missing: tuple[Missing, ...]  # why the other parts were not run, one reason each

    @property
    def worst(self) -> Part | None:
        """The part that is furthest from what is claimed."""
        return max(self.parts, key=lambda part: (part.doubt, -abs(part.effect.estimate), -part.place), default=None)

    @property
    def all_as_claimed(self) -> bool:
        """Whether every part that was run goes as claimed."""
        return bool(self.parts) and all(part.side == 1 for part in self.parts)

    @property
    def settled_against(self) -> int:
        """How many parts are against the claim without a test."""
        return sum(part.settled and part.side == -1 for part in self.parts)

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
        if self.settled_against:
            return math.nan
        against = [part.effect.p for part in self.tested if part.side == -1]
        if against:
            return min(1.0, min(against) * len(self.tested))
        return 1.0 if self.tested else math.nan

    def against(self) -> int:
        """How many parts are significantly against the claim, after Bonferroni's correction over its parts."""
        significant = [part for part in self.tested if part.side == -1 and part.effect.p * len(self.tested) < LEVEL]
        return len(significant) + self.settled_against

    def verdict(self, p_holm: float = math.nan) -> str:
        """The word for the claim; without `p_holm` (nothing tested) signs alone decide."""
        if not self.parts:
            return NOT_RUN
        if not math.isnan(self.p):
            if not p_holm < LEVEL:
                return INCONCLUSIVE
            return HOLDS if self.all_as_claimed else CONTRADICTED
        if self.settled_against:
            return CONTRADICTED
        return HOLDS if all(part.settled and part.side == 1 for part in self.parts) else INCONCLUSIVE


def judge(claim: Claim, lookup: Lookup) -> Judgement:
    """All parts of a claim on what a lookup has."""
    outcomes = parts_of(claim.statement, At(lookup, claim.setting))
    run = tuple(outcome for outcome in outcomes if isinstance(outcome, Part))
    return Judgement(claim, run, tuple(outcome for outcome in outcomes if isinstance(outcome, Missing)))


def adjusted(judgements: Iterable[Judgement]) -> dict[str, float]:
    """Holm-adjusted p by claim id; the family is every claim of one paper that has a p."""
    families: dict[str, dict[str, float]] = {}
    for judgement in judgements:
        if not math.isnan(judgement.p):
            families.setdefault(judgement.claim.paper, {})[judgement.claim.id] = judgement.p
    return {name: p for family in families.values() for name, p in holm(family).items()}
