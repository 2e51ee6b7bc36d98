"""What was computed against what the file holds, and how far apart the two may be."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

from reprompt.parity.case import Case

Group = Literal["logits", "loss", "gradient", "step 1", "step 5", "other"]

AT_START = 1e-5  # logits and loss at the start
IN_DOUBLE = 1e-6  # cases computed in double precision
SPREADS = 10  # elsewhere: this many times the reference's own spread between single and double precision


@dataclass(frozen=True)
class ArrayDifference:
    """The largest difference of one array, relative to its largest magnitude, and what is allowed."""

    array: str
    group: Group
    error: float
    tolerance: float

    @property
    def holds(self) -> bool:
        """Whether it is within its tolerance; a NaN is not."""
        return self.error <= self.tolerance


@dataclass
class CaseComparison:
    """All differences of one case."""

    case: Case
    differences: list[ArrayDifference] = field(default_factory=list)

    def add(self, array: str, actual: Tensor, group: Group, spread: str | None = None) -> None:
        """Compare a result with the array that the file holds; `spread` names its group in `precision_json`.

        Raises ValueError where their shapes differ.
        """
        expected, actual = self.case.tensor(array).double(), actual.detach().double()
        if expected.shape != actual.shape:
            raise ValueError(f"{array}: computed {tuple(actual.shape)}, the file holds {tuple(expected.shape)}")
        self._append(array, actual, expected, group, spread or array)

    def add_start(self, array: str, actual: Tensor, group: Group) -> None:
        """Compare the first step of an array that has a row per step."""
        self._append(f"{array}[0]", actual.detach().double(), self.case.tensor(array).double()[0], group, array)

    def add_exact(self, array: str, equal: bool) -> None:
        """A result that is equal or not."""
        self.differences.append(ArrayDifference(array, "other", 0.0 if equal else float("inf"), 0.0))

    def add_all(self, prefix: str, actual: dict[str, Tensor], group: Group) -> None:
        """Compare every array below a prefix; one that the file holds and we do not have is an error."""
        for name in self.case.under(f"{prefix}."):
            if name not in actual:
                raise ValueError(f"{prefix}.{name}: nothing computed to compare it with")
            self.add(f"{prefix}.{name}", actual[name], group, spread=prefix)

    def worst(self, group: Group) -> float | None:
        """The largest error of a group, if the file has any."""
        errors = [difference.error for difference in self.differences if difference.group == group]
        return max(errors, key=lambda e: (e != e, e)) if errors else None

    @property
    def failures(self) -> list[ArrayDifference]:
        return [difference for difference in self.differences if not difference.holds]

    def _append(self, array: str, actual: Tensor, expected: Tensor, group: Group, spread: str) -> None:
        scale = float(expected.abs().max()) or 1.0  # of an array of zeros the difference itself counts
        error = float((actual - expected).abs().max()) / scale
        self.differences.append(ArrayDifference(array, group, error, self._tolerance(group, spread)))

    def _tolerance(self, group: Group, spread: str) -> float:
        if self.case.spreads is None:
            return IN_DOUBLE
        if group in ("logits", "loss"):
            return AT_START
        return max(AT_START, SPREADS * self.case.spreads.get(spread, 0.0))


def stacked(tensors: Iterable[Tensor]) -> Tensor:
    """Results of several steps as one array, as the files hold them."""
    return torch.stack([tensor.detach() for tensor in tensors])
