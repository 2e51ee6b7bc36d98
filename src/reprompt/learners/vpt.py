"""VPT: learnable tokens in the image tower. Jia et al., ECCV 2022, arXiv:2203.12119; on CLIP in MVLPT and MaPLe.

    paper    here             meaning
    P_j      visual[:, j]     N learnable tokens before block j; J = 1 is shallow, J = all layers is deep
    g        classes          text features of the template, fixed

Two codings exist, told apart by settings: MaPLe's repository puts prompts before `ln_pre` and starts them normally,
MVLPT's after `ln_pre`, uniformly; both at `visual_depth` layers. `project_width` lets narrower prompts pass through one
shared linear layer (MVLPT's code; unused in its tables).
"""

import torch
from pydantic import PositiveInt

from reprompt.cells.axes import ImagePromptSettings, Widths
from reprompt.clip.backbones import Backbone
from reprompt.clip.params import Params
from reprompt.clip.savings import ALL_SAVINGS, Savings
from reprompt.clip.vision import encode_prompted_images, require_tokens
from reprompt.learners.affine import affine, default_affine
from reprompt.learners.output import LearnerOutput
from reprompt.learners.templates import class_features
from reprompt.learners.visual_start import enters_before_norm, visual_prompts


class Settings(ImagePromptSettings):
    """`visual_length` N, `visual_depth` J, the `template` of the class texts, and the width of projected prompts."""

    label = "VPT"
    images_at_once = 32
    templates = 1

    template: str = "a photo of a {}."
    project_width: PositiveInt | None = None

    def learned_numbers(self, widths: Widths) -> int:
        """The prompts and, where there is one, the projection."""
        if self.project_width is None:
            return super().learned_numbers(widths)
        prompts = self.visual_length * self.visual_depth * self.project_width
        return prompts + (self.project_width + 1) * widths.image


class Learner:
    """Classifies images seen with visual prompts among fixed class texts."""

    sees = "pixels"
    images_at_once = Settings.images_at_once

    def __init__(self, backbone: Backbone, class_names: list[str], settings: Settings, savings: Savings = ALL_SAVINGS):
        self.backbone, self.settings, self.savings = backbone, settings, savings
        self.tower = require_tokens(backbone.model, "visual prompts")
        self.class_names = class_names
        self.classes = self._classes() if savings.fixed_text_once else None

    def start(self, initialisation: str, stream: torch.Generator) -> Params:
        """visual (J, N, W), or (J, N, P) and its projection; `initialisation` concerns text only."""
        width = self.settings.project_width
        projection = default_affine("project", width, self.tower.proj.shape[0], stream) if width else {}
        return {"visual": visual_prompts(self.tower, self.settings, stream, width), **projection}

    def forward(self, params: Params, images: torch.Tensor) -> LearnerOutput:
        """`visual` (R, J, N, W) and pixels -> features and logits."""
        prompts = params["visual"]
        if "project_weight" in params:
            prompts = affine(prompts.flatten(1, 2), params, "project").unflatten(1, prompts.shape[1:3])
        before_norm = enters_before_norm(self.settings)
        features = encode_prompted_images(self.backbone.model, images, prompts, before_norm, self.savings)
        classes = self._classes() if self.classes is None else self.classes
        return LearnerOutput(features, classes.expand(len(prompts), -1, -1), self.backbone.scale)

    def _classes(self) -> torch.Tensor:
        with torch.no_grad():
            return class_features(self.backbone, self.class_names, (self.settings.template,), self.savings)
