"""What the loop asks of a learner, and what learners share.

R runs, B images, K classes, M context vectors, D text width, E joint width
"""

from typing import Literal, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from reprompt.clip.backbones import Backbone
from reprompt.clip.params import Params
from reprompt.clip.savings import Savings
from reprompt.learners.output import LearnerOutput

Sees = Literal["features", "pixels"]


class Learner(Protocol):
    """Built from (backbone, class_names, settings, savings), and `templates` where its settings are `of_templates`.

    `sees` says what `forward` gets of an image. `features`: normalised features (R or 1, B, E) of the frozen image
    tower. `pixels`: (R or 1, B, 3, H, W). `images_at_once` is how many test images one forward pass takes, which bounds
    its memory; None is all of them.
    """

    sees: Sees
    backbone: Backbone
    images_at_once: int | None

    def start(self, initialisation: str, stream: torch.Generator) -> Params:
        """The learned tensors of one run: `initialisation` is "random" or a phrase for the text context."""

    def forward(self, params: Params, images: Tensor) -> LearnerOutput:
        """Learned tensors of R runs, each with a leading run axis, and images -> features and logits."""


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
