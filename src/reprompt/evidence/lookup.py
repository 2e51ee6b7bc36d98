"""Where a term's numbers are looked up: the papers' printed tables, or our records. Terms are evaluated on either."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from reprompt.evidence.values import Origin, Values


@dataclass(frozen=True)
class Choice:
    """Several values in one place: each(...), pair(...), or a plain list a|b (kind "list")."""

    kind: str
    values: tuple[str | float, ...]


TermValue = str | float | Choice


class Missing(LookupError):
    """A quantity that a lookup does not have, and why, in words."""


class Lost(Missing):
    """A cell that the paper's table has, of which the transcription does not: its text did not survive."""


@dataclass(frozen=True)
class Slice:
    """One method in one place: what a single name in a claim points at.

    `method` is a published id. `place` is a data set or a group; `split` is all, base, new or H. `settings` are the
    keys that the term names. `setting` is the claim's table setting, and `defaults` what the claim says of all terms.
    """

    paper: str
    setting: str
    method: str
    place: str
    split: str = "all"
    settings: tuple[tuple[str, TermValue], ...] = ()
    defaults: tuple[tuple[str, str], ...] = ()

    def having(self, **settings: TermValue) -> "Slice":
        """The same with settings added or replaced."""
        return replace(self, settings=tuple({**dict(self.settings), **settings}.items()))


class Lookup:
    """What evaluation asks. A lookup answers what it has; for all else it raises Missing with the reason in words.

    `allows_gaps`: whether a trend or a correlation may be judged on some of its points, and say so. `lacks` is how its
    reasons begin.
    """

    allows_gaps = True
    lacks = "no records hold"

    def accuracies(self, where: Slice) -> Values:
        """Accuracy of every run in percent; split H is the harmonic mean of base and new."""
        raise Missing(f"{self.lacks} accuracy")

    def deltas(self, where: Slice, name: str) -> Values:
        """delta_lcd or delta_mid of every run, without its sign."""
        raise Missing(f"{self.lacks} {name}")

    def curves(self, where: Slice) -> Mapping[Origin, np.ndarray]:
        """Accuracy in percent after each epoch (epochs,), by run."""
        raise Missing(f"{self.lacks} curves over epochs")

    def angles(self, where: Slice) -> Mapping[Origin, np.ndarray]:
        """Mean angle in degrees between G_d and G_g in each epoch (epochs,), by run."""
        raise Missing(f"{self.lacks} angles")

    def inner_products(self, where: Slice) -> Mapping[Origin, np.ndarray]:
        """The normalised inner product of support and query gradient at the logged meta-steps (steps,), by run."""
        raise Missing(f"{self.lacks} inner products of support and query gradients")

    def text_cosines(self, where: Slice) -> Mapping[Origin, np.ndarray]:
        """Cosines between the text features of all pairs of base classes (K (K - 1) / 2,), by run."""
        raise Missing(f"{self.lacks} cosines")

    def wrong(self, where: Slice) -> Mapping[Origin, np.ndarray]:
        """Which test images are misjudged (images,), by run."""
        raise Missing(f"{self.lacks} predictions")

    def variants(self, where: Slice, keys: tuple[str, ...]) -> list[Slice]:
        """The same slice at every value that was run of some settings."""
        raise Missing(f"{self.lacks} values over {' and '.join(keys)}")

    def transfers(self, learner: str, metric: str) -> pd.DataFrame:
        """How a prompt does on another task: `metric` in percent by (seed, source), down, and target, across."""
        raise Missing(f"{self.lacks} how a prompt tuned on one task does on another task")

    def parameter_share(self, learner: str) -> Values:
        """Learned numbers in percent of all parameters of ViT-B/16 CLIP."""
        raise Missing(f"{self.lacks} numbers of learned parameters")
