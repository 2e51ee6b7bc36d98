"""Work: what is to be computed, counted in things whose price a short calibration finds.

operations   floating-point operations of products of matrices and of convolutions
batched      the same of products of many small matrices: attention
moved        numbers that all other kernels read and write
launches     kernels, whatever their size
pictures     pixels read, cropped or scaled by the CPU
"""

from dataclasses import astuple, dataclass, fields, replace
from typing import NamedTuple


@dataclass(frozen=True)
class Work:
    """An amount of work. Amounts add up, and can be repeated."""

    operations: float = 0.0
    batched: float = 0.0
    moved: float = 0.0
    launches: float = 0.0
    pictures: float = 0.0

    def __add__(self, other: "Work") -> "Work":
        return Work(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    def __mul__(self, times: float) -> "Work":
        return Work(*(times * a for a in astuple(self)))

    __rmul__ = __mul__


KINDS = tuple(field.name for field in fields(Work))
NOTHING = Work()


class Cost(NamedTuple):
    """What is computed, and the bytes that its results take at most."""

    work: Work
    peak: float

    def shared(self, part: float) -> "Cost":
        """Of a part of the runs or images."""
        return Cost(shared(self.work, part), part * self.peak)


def shared(work: Work, part: float) -> Work:
    """Of a part of the runs or images: as many kernels, which do less in proportion."""
    return replace(part * work, launches=work.launches)
