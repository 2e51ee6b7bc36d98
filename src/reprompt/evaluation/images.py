"""The images of a task as a learner gets them.

R runs, B images per batch, V views, N images, E joint width
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from reprompt.data import pictures
from reprompt.data.pictures import Pictures
from reprompt.foundation.threads import read_ahead
from reprompt.learners.learner import Sees

ENCODED_TOGETHER = 256


@dataclass(frozen=True)
class Images:
    """The training images of a task, in every augmented view: `features` (V, N, E), normalised, of the frozen tower.

    `pixels` are there for learners that prompt the image tower, whose input `normalise` makes of them, and for those
    that learn its projection: what the tower has before that, `unproject` gives of its input.
    """

    features: Tensor
    pixels: Pictures | None = None
    normalise: Callable[[Tensor], Tensor] | None = None
    unproject: Callable[[Tensor], Tensor] | None = None

    @cached_property
    def unprojected(self) -> "Unprojected":
        """What the image tower has of them before its projection, each made when it is first asked for."""
        return Unprojected(self)

    def batch(self, sees: Sees, views: Tensor, images: Tensor) -> Tensor:
        """What a learner gets of images (R, B) in their views (R, B): features (R, B, E) or pixels (R, B, 3, H, W)."""
        if sees == "features":
            return self.features[views, images]
        return self.unprojected[views, images] if sees == "unprojected" else self.seen(views, images)

    def seen(self, views: Tensor, images: Tensor) -> Tensor:
        """The input of the image tower (..., 3, H, W) of images (...) in their views (...)."""
        return self._prepared(self.pixels[views, images])

    def batches(self, sees: Sees, wanted: Iterable[tuple[Tensor, Tensor]]) -> Iterator[Tensor]:
        """The same of views and images after one another, all on the CPU; pixels are read while the last are used."""
        device = self.features.device
        if sees == "features":
            return (self.features[views.to(device), images.to(device)] for views, images in wanted)
        if sees == "unprojected":
            return (self.unprojected[views, images] for views, images in wanted)
        return map(self._prepared, read_ahead(self._read, wanted))

    def _read(self, which: tuple[Tensor, Tensor]) -> Tensor:
        pixels = self.pixels[which]
        return pixels.pin_memory() if self.features.is_cuda else pixels

    def _prepared(self, pixels: Tensor) -> Tensor:
        return self.normalise(pixels.to(self.features.device, non_blocking=True))


class Unprojected:
    """What the image tower has of images before its projection, (W,) each: made once, kept on the device."""

    def __init__(self, images: Images):
        self.images = images
        self.rows = torch.full(images.features.shape[:2], -1)  # (V, N): places in `kept`, -1 before they are made
        self.kept = torch.empty(0, 0)

    def __getitem__(self, which: tuple[Tensor, Tensor]) -> Tensor:
        """(..., W) of views (...) and images (...)."""
        views, images = (index.cpu() for index in which)
        asked = torch.stack([views.flatten(), images.flatten()], dim=1)
        missing = asked[self.rows[views, images].flatten() < 0]
        if len(missing):
            self._make(missing.unique(dim=0))
        return self.kept[self.rows[views, images].to(self.kept.device)]

    def _make(self, missing: Tensor) -> None:
        """Add what is missing: (n, 2), views and images."""
        made = [self.images.unproject(self.images.seen(*part.unbind(1))) for part in missing.split(ENCODED_TOGETHER)]
        self.rows[tuple(missing.unbind(1))] = torch.arange(len(missing)) + len(self.kept)
        self.kept = torch.cat([*([self.kept] if len(self.kept) else []), *made])


@dataclass(frozen=True)
class EvaluationBatch:
    """Images of one forward pass as a learner gets them: (R or 1, B, ...), their indices and, of test images, targets.

    `indices` are among a task's test images (B,) or, where every run has images of its own, training images (R, B).
    `targets` are (B,) or, for images of several classes, (B, K).
    """

    images: Tensor
    indices: Tensor
    targets: Tensor | None = None


def laid_end_to_end(images: Sequence[Images]) -> Images:
    """The images of several tasks as one training set: features (V, sum of all N, E)."""
    if len(images) == 1:
        return images[0]
    pixels = None if images[0].pixels is None else pictures.laid_end_to_end([of_task.pixels for of_task in images])
    features = torch.cat([of_task.features for of_task in images], dim=1)
    return Images(features, pixels, images[0].normalise, images[0].unproject)
