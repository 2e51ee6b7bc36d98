"""How often the rule errs: every claim judged in worlds without effects, and on methods against themselves.

**Worlds without effects** are made of the differences that were measured, by rotation (evidence/rotations.py). Claims
are parsed and their runs grouped once; what is judged in a world are the same parts with other p.

    p below 0.05             of the claims of a kind, in worlds without any effect
    any false verdict, Holm  the chance of one or more among a paper's claims, in the same worlds
    false, BH                in mixed worlds the share of false ones among a paper's verdicts, 0 where there are none

In a mixed world half of the comparisons keep their effect, by who is compared: then the world's truth is the measured
direction, else there is none. Of n parts of which u have to go as claimed, "holds" is true where u are true, and
"contradicted" where n - u + 1 are true the other way.

Left out are claims that are judged by permutation or on logged steps, equalities (without an effect they are true), and
what no draw can change; `left_out` names them.

    W worlds, K strata
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import count

import numpy as np
import pandas as pd
from scipy.stats import t as student_t

from reprompt.claims.counted import Counted, Judged
from reprompt.claims.parts import CORRELATION, MEAN, Part
from reprompt.claims.verdict import LEVEL, Judgement, exchanged, singles, two_sided
from reprompt.evidence.family import Family, Kind
from reprompt.evidence.moderation import LEAST_VARIANCE
from reprompt.evidence.multiplicity import benjamini_hochberg, holm
from reprompt.evidence.rotations import turned
from reprompt.evidence.strata import strata_of
from reprompt.evidence.values import Values

COLUMNS = ("check", "paper", "of", "claims", "worlds", "what", "value")
NO_EFFECTS, MIXED = "worlds without effects", "mixed worlds"
ALL = "all"
P_BELOW, ANY_HOLM, FALSE_BH = "p below 0.05", "any false verdict, Holm", "false among verdicts, BH"
AT_ONCE = 50  # worlds; bounds memory
SEED = 0
ENDS = "ends"  # marks the kind of a trend's last less first


@dataclass(frozen=True)
class Contrast:
    """A mean over strata: their rows in the family, and what they weigh, (G,) each."""

    rows: np.ndarray
    weights: np.ndarray


@dataclass(frozen=True)
class Rotated:
    """What is tested of a part, nothing where it is settled; of a trend its ends too."""

    mean: Contrast | None = None
    ends: Contrast | None = None


@dataclass(frozen=True)
class Worlds:
    """Some worlds: of every stratum its mean, better variance and added degrees, and which keep their effect.

    All (W, K).
    """

    means: np.ndarray
    variances: np.ndarray
    added: np.ndarray
    keeps: np.ndarray

    def mean_of(self, contrast: Contrast) -> np.ndarray:
        """The estimate of a comparison in every world (W,)."""
        return self.means[:, contrast.rows] @ contrast.weights


class NullCheck:
    """The claims that can be judged in worlds without effects, prepared once."""

    def __init__(self, judgements: Iterable[Judgement]):
        every = [judgement for judgement in judgements if judgement.parts]
        self.left_out = [judgement.claim.id for judgement in every if not _can_be_rotated(judgement)]
        self.judgements = [judgement for judgement in every if _can_be_rotated(judgement)]
        numbers = count()
        self._wholes = [
            exchanged(judgement.whole, lambda part: replace(part, place=next(numbers))) for judgement in self.judgements
        ]
        self.family = Family()
        parts = [part for whole in self._wholes for part in singles(whole)]
        for part in parts:
            for kind, runs in _tested(part):
                self.family.add(kind, strata_of(runs))
        self._rotated = [Rotated(*(self._contrast(*tested) for tested in _tested(part))) for part in parts]
        places = {who: place for place, who in enumerate(dict.fromkeys(map(_who, self.family.kinds)))}
        self._who_of_row = np.zeros(len(self.family.strata), int)
        for kind, rows in self.family.kinds.items():
            self._who_of_row[rows] = places[_who(kind)]

    def _contrast(self, kind: Kind, runs: Values) -> Contrast:
        strata = strata_of(runs)
        tasks = np.array([stratum.tasks for stratum in strata], dtype=float)
        return Contrast(self.family.rows(kind, strata), tasks / tasks.sum())

    def frame(self, worlds: int) -> pd.DataFrame:
        """What the module says, with COLUMNS, over so many worlds of each sort."""
        stream = np.random.default_rng(SEED)
        p, _ = self._judged(worlds, 0.0, stream)
        mixed, truth = self._judged(worlds, 0.5, stream)
        rows = [*self._without_effects(p, worlds), *self._mixed(mixed, truth, worlds)]
        return pd.DataFrame(rows, columns=list(COLUMNS))

    def _judged(self, worlds: int, share: float, stream: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """p of every claim in every world (W, claims), and whether the verdict on its side would be true."""
        p, truth = [], []
        for first in range(0, worlds, AT_ONCE):
            some = self._worlds(min(AT_ONCE, worlds - first), share, stream)
            wholes = [exchanged(whole, partial(self._in, some)) for whole in self._wholes]
            p.append(np.stack([np.broadcast_to(two_sided(whole), len(some.means)) for whole in wholes], axis=-1))
            truth.append(np.stack([self._is_true(whole, some) for whole in wholes], axis=-1))
        return np.concatenate(p), np.concatenate(truth)

    def _worlds(self, worlds: int, share: float, stream: np.random.Generator) -> Worlds:
        keeps = (stream.random((worlds, self._who_of_row.max() + 1)) < share)[:, self._who_of_row]
        means, variances = turned(self.family.strata, keeps, worlds, stream)
        return Worlds(means, *self.family.moderate(variances), keeps)

    def _in(self, worlds: Worlds, part: Part) -> Part:
        """What a part is in some worlds: itself with other p."""
        if part.settled:
            return part
        rotated = self._rotated[part.place]
        up = self._p_above(rotated.mean, worlds)
        down = 1 - up
        if rotated.ends:
            first, last = (np.sign(worlds.mean_of(contrast)) for contrast in (rotated.mean, rotated.ends))
            up, down = (np.where(first == last, p, 1.0) for p in (up, down))
        return replace(part, tests=(up, down) if part.direction == 1 else (down, up))

    def _p_above(self, contrast: Contrast, worlds: Worlds) -> np.ndarray:
        """One-sided p of "at most 0" in every world (W,)."""
        rows = contrast.rows
        parts = worlds.variances[:, rows] * contrast.weights**2 / self.family.units[rows]
        degrees = self.family.units[rows] - 1 + worlds.added[:, rows] / len(rows)
        variance = parts.sum(axis=-1)
        with np.errstate(divide="ignore", invalid="ignore"):
            freedom = variance**2 / (parts**2 / degrees).sum(axis=-1)
            p = student_t.sf(worlds.mean_of(contrast) / np.sqrt(variance), freedom)
        return np.where(variance > LEAST_VARIANCE, p, 1.0)

    def _is_true(self, whole: Counted, worlds: Worlds) -> np.ndarray:
        """Whether a verdict on the side that the p name would be true, in every world (W,)."""
        as_claimed, against = self._truth(whole, worlds)
        names_claim = np.asarray(whole.p_for) <= np.asarray(whole.p_against)
        return np.where(names_claim, as_claimed, against)

    def _truth(self, part: Judged, worlds: Worlds) -> tuple[np.ndarray, np.ndarray]:
        """Whether a part is true, and whether its contrary is, in every world (W,)."""
        if isinstance(part, Counted):
            for_, against = (
                np.sum(side, axis=0) for side in zip(*(self._truth(inner, worlds) for inner in part.parts), strict=True)
            )
            return for_ >= part.least, against > part.number - part.least
        every = np.ones(len(worlds.means), bool)
        there = every if part.settled else worlds.keeps[:, self._rotated[part.place].mean.rows[0]]
        return there & (part.side == 1), there & (part.side == -1)

    def _without_effects(self, p: np.ndarray, worlds: int) -> Iterator[tuple]:
        kinds = [sort_of(judgement) for judgement in self.judgements]
        for sort in dict.fromkeys(kinds):
            of = np.array([kind == sort for kind in kinds])
            yield NO_EFFECTS, ALL, sort, int(of.sum()), worlds, P_BELOW, float((p[:, of] < LEVEL).mean())
        for paper, of in self._papers():
            yield NO_EFFECTS, paper, ALL, int(of.sum()), worlds, P_BELOW, float((p[:, of] < LEVEL).mean())
            any_false = (holm(p[:, of]) < LEVEL).any(axis=-1)
            yield NO_EFFECTS, paper, ALL, int(of.sum()), worlds, ANY_HOLM, float(any_false.mean())

    def _mixed(self, p: np.ndarray, truth: np.ndarray, worlds: int) -> Iterator[tuple]:
        for paper, of in self._papers():
            verdicts = benjamini_hochberg(p[:, of]) < LEVEL
            false = (verdicts & ~truth[:, of]).sum(axis=-1) / np.maximum(verdicts.sum(axis=-1), 1)
            yield MIXED, paper, ALL, int(of.sum()), worlds, FALSE_BH, float(false.mean())

    def _papers(self) -> Iterator[tuple[str, np.ndarray]]:
        papers = [judgement.claim.paper for judgement in self.judgements]
        for paper in dict.fromkeys(papers):
            yield paper, np.array([one == paper for one in papers])


def sort_of(judgement: Judgement) -> str:
    """What kind of claim it is."""
    single = [part for part in judgement.single_parts if not part.settled]
    if single[0].kind[1] == CORRELATION:
        return "correlation"
    if single[0].kind[1] != MEAN:
        return "trend"
    if any(isinstance(part, Counted) for part in judgement.parts):
        return "at least so many parts"
    return "one comparison" if len(judgement.parts) == 1 else "every part"


def _tested(part: Part) -> Iterator[tuple[Kind, Values]]:
    """What is tested of a part, with its kind: its runs, and of a trend its ends."""
    if not part.settled:
        yield part.kind, part.runs
        if part.ends is not None:
            yield (*part.kind, ENDS), part.ends


def _who(kind: Kind) -> tuple[str, ...]:
    """Who is compared in a kind, whatever the metric."""
    return (kind[0], *(name for name in kind[3:] if name != ENDS))


def _can_be_rotated(judgement: Judgement) -> bool:
    single = list(judgement.single_parts)
    tested = [part for part in single if not part.settled]
    testable = all(part.kind and part.margin is None and not np.isnan(part.p_for) for part in tested)
    return bool(tested) and testable and not judgement.whole.settled
