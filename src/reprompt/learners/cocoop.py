"""CoCoOp: a context that looks at the image. Zhou et al., CVPR 2022, arXiv:2203.05557.

    paper       here         meaning
    v_m         context      M learnable vectors, shared by all classes
    h_theta     meta_*       Linear, ReLU, Linear on the normalised image feature, a sixteenth of its width inside
    pi          shift        h_theta(x), one vector of the text tower's width per image
    v_m(x)      conditioned  v_m + pi                                                           section 3.2

Every image has prompts of its own, so the text tower runs once per image and class; what the classes of one image
share at the front is computed once per image. A meta-net of zeros is CoOp.
"""

import torch
import torch.nn.functional as F
from pydantic import PositiveInt

from reprompt.cells.axes import LearnerSettings, TextPrompts, Widths
from reprompt.clip.backbones import Backbone
from reprompt.clip.params import Params
from reprompt.clip.prompts import ClassPrompts
from reprompt.clip.savings import ALL_SAVINGS, Savings
from reprompt.clip.text import encode_prompts
from reprompt.initialisation.context import initial_context
from reprompt.learners.affine import affine, default_affine
from reprompt.learners.learner import frozen_image_features, seen_by_frozen_tower
from reprompt.learners.output import LearnerOutput


class Settings(LearnerSettings):
    """`context_length` M."""

    label = "CoCoOp"
    images_at_once = 16  # each has class prompts of its own

    context_length: PositiveInt

    @property
    def text_prompts(self) -> TextPrompts:
        """The context, shifted for every image."""
        return TextPrompts(self.context_length, per_image=True)

    def beside_prompts(self, widths: Widths) -> int:
        """The meta-net, but for its biases."""
        return widths.joint * (widths.joint + widths.text) // 16


class Learner:
    """Classifies by prompts whose context is shifted by each image."""

    images_at_once = Settings.images_at_once

    def __init__(self, backbone: Backbone, class_names: list[str], settings: Settings, savings: Savings = ALL_SAVINGS):
        self.backbone, self.settings, self.savings = backbone, settings, savings
        self.prompts = ClassPrompts.of(backbone.model, class_names)
        self.sees = seen_by_frozen_tower(savings)

    def start(self, initialisation: str, stream: torch.Generator) -> Params:
        """context (M, D) and the meta-net (E -> E/16 -> D), started as PyTorch starts linear layers."""
        width, joint = self.backbone.text_width, self.backbone.joint_width
        return {
            "context": initial_context(self.backbone, initialisation, self.settings.context_length, stream),
            **default_affine("meta_in", joint, joint // 16, stream),
            **default_affine("meta_out", joint // 16, width, stream),
        }

    def forward(self, params: Params, images: torch.Tensor) -> LearnerOutput:
        """`context` (R, M, D), the meta-net, and images -> features, with class features (R, B, K, E) per image."""
        features = frozen_image_features(self.backbone, images)
        runs, count = len(params["context"]), features.shape[1]
        hidden = F.relu(affine(features.expand(runs, -1, -1), params, "meta_in"))
        shift_RBD = affine(hidden, params, "meta_out")
        conditioned = params["context"][:, None] + shift_RBD[:, :, None]  # (R, B, M, D)
        parts = self.prompts.around(conditioned.flatten(0, 1))
        classes = encode_prompts(self.backbone.model, *parts, savings=self.savings)
        return LearnerOutput(features, classes.unflatten(0, (runs, count)), self.backbone.scale)
