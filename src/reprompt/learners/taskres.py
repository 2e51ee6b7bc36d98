"""TaskRes: a learned residual of every class feature. Yu et al., CVPR 2023, arXiv:2211.10277.

    paper     here        meaning
    t         base        text features as they come, mean over templates, not of length 1
    x         residual    (K, E), zero at the start
    alpha     residual_share   t' = t + alpha x, then length 1                                               eq. 5
    z         images      normalised image feature, frozen

So alpha is relative to the length that the text tower gives its features. The released code sets it to 0.5, and to 1 on
Flowers102; its enhanced base is another text projection, which is not released.
"""

import torch
import torch.nn.functional as F
from pydantic import PositiveFloat

from reprompt.cells.axes import OfRawClassTexts, Widths
from reprompt.clip.backbones import Backbone
from reprompt.clip.params import Params
from reprompt.clip.savings import ALL_SAVINGS, Savings
from reprompt.learners.fixed_texts import FixedTexts
from reprompt.learners.learner import frozen_image_features, seen_by_frozen_tower
from reprompt.learners.output import LearnerOutput
from reprompt.learners.templates import named_by, raw_class_features


class Settings(OfRawClassTexts):
    """`residual_share` is alpha."""

    label = "TaskRes"

    residual_share: PositiveFloat = 0.5

    @property
    def moves_classes(self) -> bool:
        """The residuals move them."""
        return True

    @property
    def weights_per_class(self) -> bool:
        """A residual each."""
        return True

    def beside_prompts(self, widths: Widths) -> int:
        """The residuals."""
        return widths.classes * widths.joint


class Learner:
    """Classifies among class texts that are each moved by a learned residual."""

    images_at_once = Settings.images_at_once

    def __init__(self, backbone: Backbone, class_names: list[str], settings: Settings, savings: Savings = ALL_SAVINGS):
        self.backbone, self.settings, self.classes = backbone, settings, len(class_names)
        self.sees, names = seen_by_frozen_tower(savings), named_by(class_names, settings.underscores)
        self.base = FixedTexts(lambda: raw_class_features(backbone, names, settings.class_texts, savings), savings)

    def start(self, initialisation: str, stream: torch.Generator) -> Params:
        """residual (K, E), zero."""
        return {"residual": torch.zeros(self.classes, self.backbone.joint_width)}

    def forward(self, params: Params, images: torch.Tensor) -> LearnerOutput:
        """`residual` (R, K, E) and images -> features and logits."""
        classes = F.normalize(self.base.features + self.settings.residual_share * params["residual"], dim=-1)
        return LearnerOutput(frozen_image_features(self.backbone, images), classes, self.backbone.scale)
