"""What every learner's forward pass gives: features of images and classes, and their logits."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class LearnerOutput:
    """R runs, B images, K classes, E joint width; features are normalised.

    `images` is (R, B, E), or (1, B, E) when all runs see the same images; `classes` is (R, K, E), or (R, B, K, E)
    where every image has class features of its own (CoCoOp). What a learner adds to the scaled cosines is `beside`
    (R, B, K); a `penalty` (R,) on what it learns is added to every objective.
    """

    images: Tensor
    classes: Tensor
    scale: Tensor
    beside: Tensor | None = None
    penalty: Tensor | None = None

    @property
    def logits(self) -> Tensor:
        """Cosine similarity times temperature, and what stands beside it: (R, B, K)."""
        return self.scaled_cosines if self.beside is None else self.scaled_cosines + self.beside

    @property
    def scaled_cosines(self) -> Tensor:
        """Cosine similarity times temperature, (R, B, K)."""
        if self.classes.ndim == 4:
            return self.scale * (self.classes @ self.images[..., None]).squeeze(-1)
        return self.scale * self.images @ self.classes.transpose(-1, -2)
