"""From the parts of a claim to one word: holds, contradicted, below delta, open or not run (docs/verdicts.md).

How a claim is judged
    1. Each comparison in it is a *part*: each(...) and pair(...) make several.
    2. A part is tested on differences paired by task and draw, by a t test over independent units (evidence/strata.py)
       with variances moderated within the part's kind (evidence/moderation.py). A trend is tested on the linear
       contrast over rank positions, in every run; last against first must have the same sign. A series that was logged
       step by step has its last third tested against its first (curves.py). A correlation is taken over the points of a
       claim in every draw and tested as Fisher's z. The groups of tasks that two learners choose are tested by
       exchanging prompts between them, the range over several starts by exchanging the starts (exchanges.py). That a
       value is equal to a stated one is shown by two one-sided tests, within the margin of the claim, and its contrary
       by one that exceeds the margin (parts.py): noise never helps.
    3. A claim has one p = min(1, 2 min(p_for, p_against)). Of n parts of which u have to go as claimed p_for = PC(u) of
       the one-sided p toward the claim, p_against = PC(n - u + 1) of those against it (evidence/multiplicity.py); the
       smaller names the side. Counts, maxima and ranges are of averages over draws, as in print.
    4. Over all claims of a paper that have a p, Benjamini and Hochberg's adjusted p below 0.05 decides. Holm's stands
       beside it as a second mark.
    5. What is not decided is *below delta* where the effect on the claimed side, if there is one, is smaller than one
       would name, in each part: the end of the one-sided 95 % interval is below delta. Else it is open.
    6. Nothing is tested where nothing is random (untuned CLIP against untuned CLIP): then the sign decides, and a
       stated value is met by what is printed like it, rounded or cut off.

The difference that a paper prints is an effect size. It stands beside our estimate and is not tested.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from reprompt.claims.claim import Claim
from reprompt.claims.counted import Counted, Judged, P
from reprompt.claims.lookup import At, Lookup
from reprompt.claims.parts import Part, parts_of
from reprompt.evidence.family import Family
from reprompt.evidence.lookup import Missing
from reprompt.evidence.multiplicity import benjamini_hochberg, holm, partial_conjunction
from reprompt.evidence.power import draws_needed
from reprompt.evidence.strata import strata_of

LEVEL = 0.05
VERDICTS = ("holds", "contradicted", "below delta", "open", "not run")
HOLDS, CONTRADICTED, BELOW, OPEN, NOT_RUN = VERDICTS


@dataclass(frozen=True)
class Judgement:
    """A claim on what a lookup has, before the other claims of the paper are taken into account."""

    claim: Claim
    parts: tuple[Judged, ...]
    missing: tuple[Missing, ...]  # why the other parts were not run, one reason each

    @property
    def worst(self) -> Judged | None:
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
    def tested(self) -> tuple[Judged, ...]:
        """The parts that have a p."""
        return tuple(part for part in self.parts if not part.settled and not math.isnan(part.p_for))

    @property
    def p(self) -> float:
        """The claim's p, as the module says; NaN where nothing was tested or no test is needed."""
        untestable = any(not part.settled and math.isnan(part.p_for) for part in self.parts)
        if self.all_as_claimed and untestable:
            return math.nan
        return two_sided(self.whole)

    def against(self) -> int:
        """How many parts are significantly against the claim, after Bonferroni's correction over its parts."""
        significant = [part for part in self.tested if 2 * part.p_against * len(self.tested) < LEVEL]
        return len(significant) + self.settled_against

    def verdict(self, adjusted: float = math.nan, delta: float = math.nan) -> str:
        """The word for the claim, given its p among those of its paper and what one would name.

        Without `adjusted` (nothing tested) signs alone decide.
        """
        if not self.parts:
            return NOT_RUN
        if not math.isnan(self.p):
            if adjusted < LEVEL:
                return HOLDS if self.whole.p_for < self.whole.p_against else CONTRADICTED
            return BELOW if self.below(delta) else OPEN
        if self.settled_against:
            return CONTRADICTED
        return HOLDS if all(part.settled and part.side == 1 for part in self.parts) else OPEN

    def below(self, delta: float) -> bool:
        """Whether every part has an effect on the claimed side of less than delta, if any; all have to be known."""
        single = list(self.single_parts)
        known = not self.missing and not any(part.unknown for part in self.parts if isinstance(part, Counted))
        return known and bool(single) and all(part.below(delta) for part in single)

    @property
    def single_parts(self) -> Iterator[Part]:
        """All comparisons in it, also those of which so many are enough."""
        for part in self.parts:
            yield from singles(part)

    @property
    def worst_single(self) -> Part | None:
        """The one comparison that the estimate of the worst part is of."""
        part = self.worst
        while isinstance(part, Counted):
            part = part.deciding
        return part

    @property
    def shown(self) -> tuple[int, int]:
        """Of how many parts at least the claimed direction is shown at 5 %, and of how many: the largest u of PC(u).

        Of a claim that counts the parts are what is counted. Those that need no test count as they are.
        """
        (counted, *others) = self.parts or (None,)
        parts = counted.parts if isinstance(counted, Counted) and not others else self.parts
        p = np.array([float(part.side != 1) if part.settled else _known(part.p_for) for part in parts])
        return max((u for u in range(1, len(p) + 1) if partial_conjunction(p, u) < LEVEL), default=0), len(p)

    @property
    def draws_needed(self) -> float:
        """Draws that 80 % power would need to decide it at the present estimates; NaN where parts disagree."""
        return _needed(self.whole, self.whole.side) if self.whole.side else math.nan

    @property
    def whole(self) -> Counted:
        """All of its parts, of which all have to go as claimed."""
        return Counted(self.parts, len(self.parts), self.claim.statement.direction)


def two_sided(part: Judged) -> P:
    """p that a claim enters the correction with."""
    return np.minimum(1.0, 2 * np.minimum(part.p_for, part.p_against))


def singles(part: Judged) -> Iterator[Part]:
    """The comparisons in a part."""
    if isinstance(part, Counted):
        for inner in part.parts:
            yield from singles(inner)
    else:
        yield part


def exchanged(part: Judged, by: Callable[[Part], Part]) -> Judged:
    """A part with every comparison in it exchanged."""
    if isinstance(part, Counted):
        return replace(part, parts=tuple(exchanged(inner, by) for inner in part.parts))
    return by(part)


def judge(claim: Claim, lookup: Lookup) -> Judgement:
    """All parts of a claim on what a lookup has, each by its own variances."""
    outcomes = parts_of(claim.statement, At(lookup, claim.setting), claim.equal_within)
    run = tuple(outcome for outcome in outcomes if not isinstance(outcome, Missing))
    return Judgement(claim, run, tuple(outcome for outcome in outcomes if isinstance(outcome, Missing)))


def judged_together(judgements: Iterable[Judgement]) -> tuple[list[Judgement], Family]:
    """The same with variances moderated within kinds, and the strata of all of them by kind."""
    judgements, family = list(judgements), Family()
    for judgement in judgements:
        for part in judgement.single_parts:
            if part.kind and not part.settled:
                family.add(part.kind, strata_of(part.runs))

    def moderated(part: Part) -> Part:
        return part.judged(family.moderated(part.kind)) if part.kind and not part.settled else part

    together = [
        replace(judgement, parts=tuple(exchanged(part, moderated) for part in judgement.parts))
        for judgement in judgements
    ]
    return together, family


@dataclass(frozen=True)
class Adjusted:
    """A claim's p among those of its paper: `bh` decides, `holm` is the second mark."""

    bh: float = math.nan
    holm: float = math.nan


def adjusted(judgements: Iterable[Judgement]) -> dict[str, Adjusted]:
    """The adjusted p by claim id; the family is every claim of one paper that has a p."""
    families: dict[str, dict[str, float]] = {}
    for judgement in judgements:
        if not math.isnan(judgement.p):
            families.setdefault(judgement.claim.paper, {})[judgement.claim.id] = judgement.p
    return {name: of_name for family in families.values() for name, of_name in _of_family(family).items()}


def _of_family(family: Mapping[str, float]) -> dict[str, Adjusted]:
    p = np.array(list(family.values()))
    both = zip(benjamini_hochberg(p).tolist(), holm(p).tolist(), strict=True)
    return {name: Adjusted(*values) for name, values in zip(family, both, strict=True)}


def _known(p: float) -> float:
    return 1.0 if math.isnan(p) else p


def _needed(part: Judged, side: int) -> float:
    """Draws until a part is shown on a side: of several the last of those that have to go that way.

    NaN where the test of that one does not say.
    """
    if isinstance(part, Counted):
        least = part.least if side == 1 else part.number - part.least + 1
        needed = sorted((_needed(inner, side) for inner in part.parts), key=_or_never)
        return needed[least - 1] if least <= len(needed) else math.inf
    if part.side != side:
        return math.inf
    return 0.0 if part.settled else draws_needed(part.tested) if part.tested and part.margin is None else math.nan


def _or_never(draws: float) -> float:
    return math.inf if math.isnan(draws) else draws
