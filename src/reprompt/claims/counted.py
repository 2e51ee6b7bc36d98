"""Parts of which at least so many have to go as claimed: a partial conjunction (evidence/multiplicity.py).

That "at least u of n go as claimed" is shown by PC(u) of the p that show each; it is contradicted by n - u + 1 parts
that go the other way, PC(n - u + 1) of the p that show the contrary.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from reprompt.evidence.multiplicity import partial_conjunction
from reprompt.evidence.statistics import Interval

P = float | np.ndarray  # a p, or one for each of several worlds (W,)


class Judged(Protocol):
    """What can be put together: a comparison, or several of which so many have to go as claimed.

    `side` is 1 as claimed, -1 against the claim, 0 neither. `p_for` is the one-sided p that shows the claim,
    `p_against` the one that shows the contrary; NaN where nothing can be tested. `settled` says that no test is needed.
    """

    effect: Interval
    side: int
    settled: bool
    p_for: P
    p_against: P
    note: str
    words: str
    place: int
    doubt: float


@dataclass(frozen=True)
class Counted:
    """Parts of which at least `least` have to go as claimed. Of `unknown` more nothing is known: they were not run.

    `effect` is that of the part that decides on averages over draws: the `least`-th best as `direction` has it. Where
    all have to hold that is the worst, where one is enough the best.
    """

    parts: tuple[Judged, ...]
    least: int
    direction: int
    unknown: int = 0
    place: int = 0
    name: str = ""

    @property
    def number(self) -> int:
        """How many parts there are, run or not."""
        return len(self.parts) + self.unknown

    @property
    def as_claimed(self) -> int:
        """How many of the parts go as claimed, on average over draws."""
        return sum(part.side == 1 for part in self.parts)

    @property
    def side(self) -> int:
        if self.as_claimed >= self.least:
            return 1
        against = sum(part.side == -1 for part in self.parts)
        return -1 if against > self.number - self.least else 0

    @property
    def settled(self) -> bool:
        """Whether the parts that need no test decide."""
        return not 0 < self._open_least <= len(self._open) + self.unknown

    @property
    def p_for(self) -> P:
        return self._p([part.p_for for part in self._tested], self._open_least)

    @property
    def p_against(self) -> P:
        least = len(self._open) + self.unknown - self._open_least + 1
        return self._p([part.p_against for part in self._tested], least)

    @property
    def doubt(self) -> float:
        """How far it is from showing what is claimed, 0 .. 1."""
        return doubt(self)

    @property
    def deciding(self) -> Judged:
        """The part whose effect is that of the whole."""
        best_first = sorted(self.parts, key=lambda part: -self.direction * part.effect.estimate)
        return best_first[min(self.least, len(best_first)) - 1]

    @property
    def effect(self) -> Interval:
        return self.deciding.effect

    @property
    def words(self) -> str:
        """What was chosen: for all of its parts, else for the one that decides."""
        return self.name or self.deciding.words

    @property
    def note(self) -> str:
        """How many go as claimed of how many, where not all have to, and on which one it depends."""
        notes = [self.deciding.note]
        if self.least < self.number:
            counts = f"{self.as_claimed} of {self.number} as claimed on average, {self.least} needed"
            notes = [counts, f"it depends on {self.deciding.words}", *notes]
        return "; ".join(note for note in (*notes, f"{self.unknown} not run" if self.unknown else "") if note)

    @property
    def _open(self) -> Sequence[Judged]:
        return [part for part in self.parts if not part.settled]

    @property
    def _tested(self) -> Sequence[Judged]:
        return [part for part in self._open if not np.isnan(part.p_for).any()]

    @property
    def _open_least(self) -> int:
        """How many of the parts that are not settled have to go as claimed."""
        return self.least - sum(part.settled and part.side == 1 for part in self.parts)

    def _p(self, p_values: list[P], least: int) -> P:
        if self.settled or not p_values:
            return math.nan
        p = partial_conjunction(np.stack(np.broadcast_arrays(*p_values), axis=-1), least)
        return p if p.ndim else float(p)


def doubt(part: Judged) -> float:
    """How far a part is from showing what is claimed: its one-sided p in that direction, 0 .. 1."""
    if part.settled or math.isnan(part.p_for):
        return {1: 0.0, 0: 0.5, -1: 1.0}[part.side]
    return {1: part.p_for, 0: 0.5, -1: 1 - part.p_against}[part.side]
