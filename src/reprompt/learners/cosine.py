"""The cosine classifier of ProGrad's Table 6: one learned direction per class on frozen image features.

The paper names it without an equation and there is no code. Here: W (K, E) starts at N(0, 0.01^2), logits are CLIP's
scale times cos(f, w_k), the schedule is CoOp's. Started from text features it would begin at zero-shot CLIP; the
paper's numbers lie below the linear probe's, so its weights start at random. With ProGrad, the general direction
stays that of zero-shot CLIP's text.
"""

import torch
import torch.nn.functional as F

from reprompt.cells.axes import LearnerSettings, Widths
from reprompt.clip.backbones import Backbone
from reprompt.clip.params import Params
from reprompt.clip.savings import ALL_SAVINGS, Savings
from reprompt.learners.learner import frozen_image_features, seen_by_frozen_tower
from reprompt.learners.output import LearnerOutput

SPREAD = 0.01


class Settings(LearnerSettings):
    """Nothing to set."""

    label = "Cosine"

    @property
    def weights_per_class(self) -> bool:
        """A vector each."""
        return True

    def beside_prompts(self, widths: Widths) -> int:
        """The vectors."""
        return widths.classes * widths.joint


class Learner:
    """Classifies by the angle to a learned vector per class; needs no text and cannot name new classes."""

    images_at_once = Settings.images_at_once

    def __init__(self, backbone: Backbone, class_names: list[str], settings: Settings, savings: Savings = ALL_SAVINGS):
        self.backbone, self.class_names = backbone, class_names
        self.sees = seen_by_frozen_tower(savings)

    def start(self, initialisation: str, stream: torch.Generator) -> Params:
        """weight (K, E)."""
        shape = (len(self.class_names), self.backbone.joint_width)
        return {"weight": SPREAD * torch.randn(*shape, generator=stream)}

    def forward(self, params: Params, images: torch.Tensor) -> LearnerOutput:
        """`weight` (R, K, E) and images -> features and logits."""
        classes = F.normalize(params["weight"], dim=-1)
        return LearnerOutput(frozen_image_features(self.backbone, images), classes, self.backbone.scale)
