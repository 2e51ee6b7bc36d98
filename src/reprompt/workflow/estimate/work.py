"""Work: what is to be computed, counted in things whose price a short calibration finds.

operations   floating-point operations of matrix products and convolutions
elements     numbers that a block of an image tower passes on, tokens x width or pixels x channels
packed       the same of the text tower, where own tokens are laid apart and together again
scores       attention weights of the text tower; the image tower's are never laid down
launches     blocks run, whatever their size
steps        training steps and other rounds of the loop, whatever they compute
pictures     pixels read, cropped or scaled by the CPU
"""

from dataclasses import astuple, dataclass, fields


@dataclass(frozen=True)
class Work:
    """An amount of work. Amounts add up, and can be repeated."""

    operations: float = 0.0
    elements: float = 0.0
    packed: float = 0.0
    scores: float = 0.0
    launches: float = 0.0
    steps: float = 0.0
    pictures: float = 0.0

    def __add__(self, other: "Work") -> "Work":
        return Work(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    def __mul__(self, times: float) -> "Work":
        return Work(*(times * a for a in astuple(self)))

    __rmul__ = __mul__


KINDS = tuple(field.name for field in fields(Work))
NOTHING = Work()


@dataclass(frozen=True)
class Pass:
    """A forward pass through part of a tower, and what its backward pass costs.

    Towers are frozen: backward, a product with a weight costs one product, but one of two activations costs two.
    """

    forward: Work = NOTHING
    backward: Work = NOTHING

    def __add__(self, other: "Pass") -> "Pass":
        return Pass(self.forward + other.forward, self.backward + other.backward)

    def __mul__(self, times: float) -> "Pass":
        return Pass(times * self.forward, times * self.backward)

    __rmul__ = __mul__

    def trained(self, backwards: int = 1, recomputed: bool = False) -> Work:
        """Forward, so many times backward, and each time forward again where nothing is kept for it."""
        again = self.forward if recomputed else NOTHING
        return self.forward + backwards * (self.backward + again)
