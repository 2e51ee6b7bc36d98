"""One task as a fleet sees it: its split, its image features and, where the image tower is prompted, its images."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from reprompt.clip.backbones import Backbone
from reprompt.clip.features import TaskFeatures
from reprompt.data.splits import Split
from reprompt.learners.learner import Learner
from reprompt.train import Images


@dataclass(frozen=True)
class Pixels:
    """The images of one task, uint8: `test` (N', H, W, 3) and, if it is trained on, `plain` (N, H, W, 3) and `views`.

    `views` (V, N, H, W, 3) are augmented; they are not there where training takes the images as they are.
    """

    test: Tensor
    plain: Tensor | None = None
    views: Tensor | None = None


@dataclass(frozen=True)
class TaskData:
    """One task; `pixels` are there for recipes that prompt the image tower."""

    split: Split
    features: TaskFeatures
    pixels: Pixels | None = None

    def training_images(self, backbone: Backbone, augmentation: str = "views") -> Images:
        """What the loop takes its batches from: augmented views, or (`none`) the images as they are."""
        plain = augmentation == "none"
        features = self.features.normalised_plain[None] if plain else self.features.normalised_views
        if self.pixels is None:
            return Images(features.to(backbone.device))
        pixels = self.pixels.plain[None] if plain else self.pixels.views
        return Images(features.to(backbone.device), pixels.to(backbone.device), backbone.normalise)

    def test_images(self, learner: Learner, which: np.ndarray) -> Iterator[tuple[np.ndarray, Tensor]]:
        """Test images as one forward pass of a learner takes them: places (B,), features or pixels (1, B, ...)."""
        backbone, at_once = learner.backbone, learner.images_at_once or len(which)
        images = self.features.normalised_test if learner.sees == "features" else self.pixels.test
        for start in range(0, len(which), at_once):
            places = which[start : start + at_once]
            some = images[places].to(backbone.device)
            yield places, (some if learner.sees == "features" else backbone.normalise(some))[None]


Tasks = Mapping[str, TaskData]
