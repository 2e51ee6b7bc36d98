"""What every learner's forward pass gives: features of images and classes, and their logits."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class LearnerOutput:
    """R runs, B images, K classes, E joint width; features are normalised.

    `images` is (R, B, E), or (1, B, E) when all runs see the same images; `classes` is (R, K, E), or (R, B, K, E)
    where every image has class features of its own (CoCoOp).
    """

    images: Tensor
    classes: Tensor
    scale: Tensor

    @property
    def logits(self) -> Tensor:
        """Cosine similarity times temperature, (R, B, K)."""
        if self.classes.ndim == 4:
            return self.scale * (self.classes @ self.images[..., None]).squeeze(-1)
        return self.scale * self.images @ self.classes.transpose(-1, -2)
