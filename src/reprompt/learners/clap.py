"""CLAP: class prototypes held to the class texts. Silva-Rodriguez et al., CVPR 2024, arXiv:2312.12730.

    paper      here          meaning
    t_c        base          text features as they come, mean over templates, not of length 1
    w_c        prototypes    (K, E), started at t_c; logits are the cosines with z times CLIP's temperature      eq. 4
    lambda_c   multipliers   mean over the few-shot images of c of the zero-shot probability of c, in all views  eq. 8
    penalty    penalty       mean over classes of lambda_c norm(w_c - t_c)^2; 0 is the paper's ZS-LP             eq. 7

The released code has an update of the multipliers in every epoch ("adaptative"), which its scripts do not switch on, so
that no table has it; it is not here.
"""

from typing import Literal

import torch
import torch.nn.functional as F

from reprompt.cells.axes import OfRawClassTexts, Widths
from reprompt.clip.backbones import Backbone
from reprompt.clip.params import Params
from reprompt.clip.savings import ALL_SAVINGS, Savings
from reprompt.learners.fixed_texts import FixedTexts
from reprompt.learners.learner import Shown, frozen_image_features, seen_by_frozen_tower
from reprompt.learners.output import LearnerOutput
from reprompt.learners.templates import named_by, raw_class_features


class Settings(OfRawClassTexts):
    """`constraint` none is ZS-LP; the multipliers see images as they are trained on, by `augmentation`."""

    label = "CLAP"
    of_its_images = True
    held = ("multipliers",)
    of_one_class = True

    constraint: Literal["l2", "none"] = "l2"
    augmentation: str = "views"

    @property
    def moves_classes(self) -> bool:
        """The prototypes are they."""
        return True

    @property
    def weights_per_class(self) -> bool:
        """A prototype each."""
        return True

    def beside_prompts(self, widths: Widths) -> int:
        """The prototypes."""
        return widths.classes * widths.joint


class Learner:
    """Classifies by the angle to prototypes that start at the class texts."""

    images_at_once = Settings.images_at_once

    def __init__(self, backbone: Backbone, class_names: list[str], settings: Settings, savings: Savings = ALL_SAVINGS):
        self.backbone, self.settings = backbone, settings
        self.sees, names = seen_by_frozen_tower(savings), named_by(class_names, settings.underscores)
        self.base = FixedTexts(lambda: raw_class_features(backbone, names, settings.class_texts, savings), savings)

    def start(self, initialisation: str, stream: torch.Generator) -> Params:
        """prototypes (K, E), the class texts."""
        return {"prototypes": self.base.features.to("cpu", torch.float32, copy=True)}

    def of_images(self, shown: Shown) -> Params:
        """multipliers (K,)."""
        features = F.normalize(shown.trained_on(self.settings.augmentation), dim=-1)
        classes = F.normalize(self.base.features, dim=-1).to(features)
        probabilities = (self.backbone.scale.to(features) * features @ classes.T).softmax(dim=-1).mean(dim=0)  # (N, K)
        of_class = F.one_hot(shown.labels, shown.classes).to(features.dtype)
        return {"multipliers": (probabilities * of_class).sum(dim=0) / of_class.sum(dim=0).clamp(min=1)}

    def forward(self, params: Params, images: torch.Tensor) -> LearnerOutput:
        """`prototypes` (R, K, E), `multipliers` (R, K) and images -> features, logits and the penalty."""
        prototypes, penalty = params["prototypes"], None
        if self.settings.constraint == "l2":
            moved = (prototypes - self.base.features).square().sum(dim=-1)
            penalty = (params["multipliers"] * moved).mean(dim=-1)
        features = frozen_image_features(self.backbone, images)
        return LearnerOutput(features, F.normalize(prototypes, dim=-1), self.backbone.scale, penalty=penalty)
