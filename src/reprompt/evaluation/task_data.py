"""One task as a fleet sees it: its split, its image features and, where the image tower is prompted, its images."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from reprompt.clip.backbones import Backbone
from reprompt.clip.features import TaskFeatures
from reprompt.data.pictures import Pictures
from reprompt.data.splits import Split
from reprompt.evaluation.images import Images
from reprompt.learners.learner import Learner


@dataclass(frozen=True)
class Pixels:
    """The images of one task: for testing and, if it is trained on, for training as they are and in augmented views.

    `views` are not there where training takes the images as they are.
    """

    test: Pictures
    plain: Pictures | None = None
    views: Pictures | None = None


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
        pixels = self.pixels.plain if plain else self.pixels.views
        return Images(features.to(backbone.device), pixels, backbone.normalise)

    def test_images(self, learner: Learner, which: np.ndarray) -> Iterator[tuple[np.ndarray, Tensor]]:
        """Test images as one forward pass of a learner takes them: places (B,), features or pixels (1, B, ...)."""
        backbone, at_once = learner.backbone, learner.images_at_once or len(which)
        parts = [which[start : start + at_once] for start in range(0, len(which), at_once)]
        if learner.sees == "features":
            features = self.features.normalised_test
            yield from ((places, features[places].to(backbone.device)[None]) for places in parts)
        else:
            for places in parts:
                yield places, backbone.normalise(self.pixels.test.plain(places).to(backbone.device))[None]


Tasks = Mapping[str, TaskData]
