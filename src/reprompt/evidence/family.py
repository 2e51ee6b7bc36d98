"""All strata of a family of comparisons, each once, and what their kinds make of their variances (moderation.py).

The same strata stand behind many comparisons (a task at one shot, and the average over tasks), so a kind's prior counts
each of them once, and many worlds at once are worked out for each of them once.

    W worlds, K strata, G of them in one comparison
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from reprompt.evidence.moderation import fit_prior
from reprompt.evidence.strata import Stratum

Kind = tuple[str, ...]


@dataclass
class Family:
    """Strata by kind. Add all, then ask."""

    strata: list[Stratum] = field(default_factory=list)
    kinds: dict[Kind, list[int]] = field(default_factory=dict)
    _rows: dict[tuple, int] = field(default_factory=dict)

    def add(self, kind: Kind, strata: Sequence[Stratum]) -> None:
        """The strata of a comparison, unless they are there; one of a single unit has no variance and is left out."""
        for stratum in strata:
            key = _key(kind, stratum)
            if len(stratum.units) > 1 and key not in self._rows:
                self._rows[key] = len(self.strata)
                self.kinds.setdefault(kind, []).append(len(self.strata))
                self.strata.append(stratum)

    def rows(self, kind: Kind, strata: Sequence[Stratum]) -> np.ndarray:
        """The places of a comparison's strata (G,)."""
        return np.array([self._rows[_key(kind, stratum)] for stratum in strata])

    @cached_property
    def units(self) -> np.ndarray:
        """How many units every stratum has (K,)."""
        return np.array([len(stratum.units) for stratum in self.strata])

    @cached_property
    def _sizes(self) -> np.ndarray:
        return np.array([stratum.size for stratum in self.strata], dtype=float).reshape(len(self.strata), 2)

    def moderate(self, variances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Better variances, and the degrees of freedom that each gains, from variances (W, K) to (W, K) each."""
        better, added = variances.copy(), np.zeros_like(variances)
        for places in self.kinds.values():
            degrees = self.units[places] - 1.0
            prior = fit_prior(variances[:, places], degrees, self._sizes[places])
            better[:, places], added[:, places] = prior.moderated(variances[:, places], degrees)
        return better, added

    @cached_property
    def _as_measured(self) -> tuple[np.ndarray, np.ndarray]:
        variances = np.array([[float(np.var(stratum.values, ddof=1)) for stratum in self.strata]])
        return self.moderate(variances)

    def moderated(self, kind: Kind) -> Callable[[Sequence[Stratum], Sequence[float]], tuple[np.ndarray, np.ndarray]]:
        """What `stratified` takes for a comparison of a kind whose strata are in the family."""

        def of(strata: Sequence[Stratum], variances: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
            rows = self.rows(kind, strata)
            better, added = self._as_measured
            return better[0, rows], added[0, rows]

        return of

    def degrees_gained(self) -> dict[Kind, float]:
        """d0 of every kind that has a prior: the most that one of its strata gains."""
        added = self._as_measured[1][0]
        gained = {kind: float(added[places].max()) for kind, places in self.kinds.items()}
        return {kind: degrees for kind, degrees in gained.items() if degrees}


def _key(kind: Kind, stratum: Stratum) -> tuple:
    return kind, *stratum.independent_set, stratum.values
