"""One task as a fleet sees it: its split, its image features and, where the image tower is prompted, its images."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from reprompt.clip.backbones import Backbone
from reprompt.clip.features import TaskFeatures
from reprompt.clip.unprojected import unprojected_features
from reprompt.data.pictures import Pictures
from reprompt.data.splits import Split
from reprompt.evaluation.images import EvaluationBatch, Images
from reprompt.learners.learner import Learner


@dataclass(frozen=True)
class Pixels:
    """The images of one task: for testing, and for training as they are and in augmented views.

    `views` are not there where training takes the images as they are.
    """

    test: Pictures
    plain: Pictures
    views: Pictures | None = None


@dataclass(frozen=True)
class TaskData:
    """One task; `pixels` are there for recipes that prompt the image tower."""

    split: Split
    features: TaskFeatures
    pixels: Pixels | None = None

    def training_images(self, backbone: Backbone, augmentation: str = "views") -> Images:
        """What the loop takes its batches from: the images in views or, by augmentation `none`, as they are, V = 1.

        Features (V, N, E) are normalised and on the backbone's device.
        """
        plain = augmentation == "none"
        features = self.features.normalised_plain[None] if plain else self.features.normalised_views
        if self.pixels is None:
            return Images(features.to(backbone.device))
        pixels = self.pixels.plain if plain else self.pixels.views
        return Images(features.to(backbone.device), pixels, backbone.normalise, partial(unprojected, backbone))

    def test_images(self, backbone: Backbone) -> Images:
        """The test images as episodes are made of: features (1, N, E), as training images that are as they are."""
        pixels = None if self.pixels is None else self.pixels.test
        features = self.features.normalised_test[None].to(backbone.device)
        return Images(features, pixels, backbone.normalise, partial(unprojected, backbone))

    def test_batches(self, learner: Learner, split: str, at_most: int | None = None) -> Iterator[EvaluationBatch]:
        """The test images of a split's classes, at most so many, as many at once as one forward pass takes.

        A batch has features (1, B, E) or pixels (1, B, 3, H, W), whichever the learner sees.
        """
        backbone, chosen = learner.backbone, self.split.test_images(split, at_most)
        targets = torch.from_numpy(self.split.test_targets(split, at_most)).to(backbone.device)
        at_once = learner.images_at_once or len(chosen)
        batches = [torch.from_numpy(chosen[start : start + at_once]) for start in range(0, len(chosen), at_once)]
        first_view = ((torch.zeros_like(indices), indices) for indices in batches)
        seen = self.test_images(backbone).batches(learner.sees, first_view)
        for images, indices, of_batch in zip(seen, batches, targets.split(at_once), strict=True):
            yield EvaluationBatch(images[None], indices, of_batch)


def unprojected(backbone: Backbone, pixels: Tensor) -> Tensor:
    """What a backbone's image tower has before its projection, in the precision of what is learned."""
    return unprojected_features(backbone.model, pixels).to(backbone.learned_dtype)


Tasks = Mapping[str, TaskData]
