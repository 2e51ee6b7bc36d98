"""What the loop asks of a learner, and what learners share.

R runs, B images, K classes, M context vectors, D text width, E joint width
"""

from dataclasses import dataclass
from typing import Literal, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from reprompt.clip.backbones import Backbone
from reprompt.clip.params import Params
from reprompt.clip.savings import Savings
from reprompt.learners.output import LearnerOutput

Sees = Literal["features", "pixels", "unprojected"]


@dataclass(frozen=True)
class Shown:
    """The few-shot set of a run as the frozen image tower sees it: features as they come, not of length 1.

    `plain` (N, E) are of the images as they are, `views` (V, N, E) of their augmented views, as many as are kept;
    `labels` are (N,) among K `classes`, or (N, K). `shots` is the size of the largest class.
    """

    plain: Tensor
    views: Tensor
    labels: Tensor
    classes: int
    shots: int

    def trained_on(self, augmentation: str) -> Tensor:
        """Features (V, N, E) of what a run of that augmentation sees; V is 1 where there is none."""
        return self.plain[None] if augmentation == "none" else self.views


class Learner(Protocol):
    """Built from (backbone, class_names, settings, savings), and `templates` where its settings are `of_templates`.

    `sees` says what `forward` gets of an image. `features`: normalised features (R or 1, B, E) of the frozen image
    tower. `unprojected`: what that tower has before its projection (R or 1, B, W). `pixels`: (R or 1, B, 3, H, W).
    `images_at_once` is how many test images one forward pass takes, which bounds its memory; None is all of them.
    """

    sees: Sees
    backbone: Backbone
    images_at_once: int | None

    def start(self, initialisation: str, stream: torch.Generator) -> Params:
        """The learned tensors of one run: `initialisation` is "random" or a phrase for the text context."""

    def forward(self, params: Params, images: Tensor) -> LearnerOutput:
        """Learned tensors of R runs, each with a leading run axis, and images -> features and logits."""


class OfItsImages(Learner, Protocol):
    """A learner some of whose tensors are made of a run's few-shot images (`of_its_images`)."""

    def of_images(self, shown: Shown) -> Params:
        """These tensors of one run: the start of learned ones, and those that are `held`."""


def seen_by_frozen_tower(savings: Savings) -> Sees:
    """What a learner without visual prompts gets: cached features, or pixels where that saving is off."""
    return "features" if savings.cached_images else "pixels"


def frozen_image_features(backbone: Backbone, images: Tensor) -> Tensor:
    """Features as they are, pixels (R or 1, B, 3, H, W) through the frozen tower: (R or 1, B, E)."""
    if images.ndim == 3:
        return images
    with torch.no_grad():
        features = backbone.model.visual(images.flatten(0, 1).to(backbone.dtype))
    return F.normalize(features.to(backbone.learned_dtype), dim=-1).unflatten(0, images.shape[:2])
