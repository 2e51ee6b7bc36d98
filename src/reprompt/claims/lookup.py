"""Where a term's numbers are looked up: the papers' printed tables, or our records. Terms are evaluated on either."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from reprompt.evidence.lookup import Missing
from reprompt.evidence.values import Origin, Values

SettingValue = str | float
MEASURED = {  # what is measured along a run, and how it is called in a reason
    "curve": "accuracy over epochs",  # in percent after each epoch (epochs,)
    "angle": "the angle between the gradients",  # G_d and G_g, in degrees in each epoch (epochs,)
    "text_cosines": "cosines between text features",  # of all pairs of base classes (K (K - 1) / 2,)
    "inner_product": "the inner product of support and query gradients",  # normalised, at logged steps (steps,)
    "wrong": "which images were misjudged",  # booleans (images,)
}


@dataclass(frozen=True)
class Setting:
    """In what setting of a paper a claim's terms are meant; `given` is what it says of every term."""

    paper: str
    protocol: str
    given: tuple[tuple[str, SettingValue], ...] = ()


@dataclass(frozen=True)
class Slice:
    """One method in one place. `method` is a published id; `place` a task or a group; `split` all, base, new or H.

    `named` are the settings that the term names.
    """

    setting: Setting
    method: str
    place: str
    split: str = "all"
    named: tuple[tuple[str, SettingValue], ...] = ()


class Lookup:
    """What evaluation asks. A lookup answers what it has; for all else it raises Missing with the reason in words.

    `allows_gaps`: whether a trend or a correlation may be judged on some of its points, and say so. `lacks` is how its
    reasons begin. `chooses_partners` is the metric of transfers by which MVLPT's groups of tasks are chosen.
    """

    allows_gaps = True
    lacks = "no records hold"
    chooses_partners = "validation"

    def accuracies(self, where: Slice) -> Values:
        """Accuracy of every run in percent; split H is the harmonic mean of base and new."""
        raise Missing(f"{self.lacks} accuracy")

    def numbers(self, where: Slice, metric: str) -> Values:
        """Another number of every run: delta_lcd or delta_mid."""
        raise Missing(f"{self.lacks} {metric}")

    def arrays(self, where: Slice, name: str) -> Mapping[Origin, np.ndarray]:
        """What was measured along each run, by its name in MEASURED."""
        raise Missing(f"{self.lacks} {MEASURED[name]}")

    def variants(self, setting: Setting, method: str, keys: tuple[str, ...]) -> list[tuple[SettingValue, ...]]:
        """The values of some settings at which a method was compared."""
        raise Missing(f"{self.lacks} values over {' and '.join(keys)}")

    def transfers(self, learner: str, metric: str) -> pd.DataFrame:
        """How a prompt does on another task: `metric` in percent by (seed, source), down, and target, across."""
        raise Missing(f"{self.lacks} how a prompt tuned on one task does on another task")

    def counted(self, percent: float) -> Values:
        """What was counted and not run."""
        raise Missing(f"{self.lacks} numbers of learned parameters")


@dataclass(frozen=True)
class At:
    """Where terms are looked up, and in which setting; with `of_curve` accuracies are numbers of their curves."""

    lookup: Lookup
    setting: Setting
    of_curve: Callable[[np.ndarray], float] | None = None

    def slice(self, method: str, place: str, split: str = "all", **named: SettingValue) -> Slice:
        """One method in one place."""
        return Slice(self.setting, method, place, split, tuple(named.items()))

    def accuracies(self, where: Slice) -> Values:
        """Accuracy of every run in percent, or what `of_curve` makes of its course over the epochs."""
        return self.of_arrays("curve", where, self.of_curve) if self.of_curve else self.lookup.accuracies(where)

    def of_arrays(self, name: str, where: Slice, reduce: Callable[[np.ndarray], float]) -> Values:
        """A number of what was measured along each run."""
        return Values({origin: float(reduce(array)) for origin, array in self.lookup.arrays(where, name).items()})
