"""CLIP-Adapter: two small layers on the image feature. Gao et al., IJCV 2024, arXiv:2110.04544.

    paper       here      meaning
    f           images    image feature
    W_1^v       down      (E / reduction, E), no bias
    W_2^v       up        (E, E / reduction), no bias
    alpha       ratio     f* = ratio ReLU(ReLU(f W_1^T) W_2^T) + (1 - ratio) f, then length 1                 eq. 4, 6
    W           classes   text features of `class_texts`, fixed

The released code has the adapter of images alone, with a ratio of 0.2 for all data sets, and points to CoOp's commands
for the rest; the paper says a rate of 1e-5 and a ratio for each data set that was searched, which it does not print.
With no bias the layers scale with their input, so the normalised feature gives the logits of the raw one. A ratio of 0
is zero-shot CLIP.
"""

import torch
import torch.nn.functional as F
from pydantic import PositiveInt

from reprompt.cells.axes import OfClassTexts, Widths
from reprompt.clip.backbones import Backbone
from reprompt.clip.params import Params
from reprompt.clip.savings import ALL_SAVINGS, Savings
from reprompt.foundation.block import Probability
from reprompt.learners.affine import default_affine
from reprompt.learners.fixed_texts import FixedTexts
from reprompt.learners.learner import frozen_image_features, seen_by_frozen_tower
from reprompt.learners.output import LearnerOutput
from reprompt.learners.templates import class_features


class Settings(OfClassTexts):
    """The share `adapter_ratio` of the adapted feature, and how much narrower its hidden layer is."""

    label = "CLIP-Adapter"

    adapter_ratio: Probability = 0.2
    reduction: PositiveInt = 4

    @property
    def moves_images(self) -> bool:
        """They are adapted."""
        return True

    def beside_prompts(self, widths: Widths) -> int:
        """Both layers."""
        return 2 * widths.joint * (widths.joint // self.reduction)


class Learner:
    """Classifies adapted image features among fixed class texts."""

    images_at_once = Settings.images_at_once

    def __init__(self, backbone: Backbone, class_names: list[str], settings: Settings, savings: Savings = ALL_SAVINGS):
        self.backbone, self.settings = backbone, settings
        self.sees = seen_by_frozen_tower(savings)
        self.texts = FixedTexts(lambda: class_features(backbone, class_names, settings.class_texts, savings), savings)

    def start(self, initialisation: str, stream: torch.Generator) -> Params:
        """down (E / reduction, E) and up (E, E / reduction), as PyTorch starts linear layers."""
        width = self.backbone.joint_width
        hidden = width // self.settings.reduction
        layers = default_affine("down", width, hidden, stream) | default_affine("up", hidden, width, stream)
        return {name: layers[f"{name}_weight"] for name in ("down", "up")}

    def forward(self, params: Params, images: torch.Tensor) -> LearnerOutput:
        """`down` (R, H, E), `up` (R, E, H) and images -> adapted features and logits."""
        features, ratio = frozen_image_features(self.backbone, images), self.settings.adapter_ratio
        hidden = F.relu(features @ params["down"].transpose(1, 2))
        adapted = ratio * F.relu(hidden @ params["up"].transpose(1, 2)) + (1 - ratio) * features
        classes = self.texts.features.expand(len(adapted), -1, -1)
        return LearnerOutput(F.normalize(adapted, dim=-1), classes, self.backbone.scale)
