"""VPT: learnable tokens in the image tower. Jia et al., ECCV 2022, arXiv:2203.12119; on CLIP in MVLPT and MaPLe.

    paper    here             meaning
    P_j      visual[:, j]     N learnable tokens before block j; J = 1 is shallow, J = all layers is deep
    g        classes          text features of the template, fixed

Three codings exist, told apart by settings: MaPLe's repository puts prompts before `ln_pre` and starts them
normally, MVLPT's after `ln_pre`, uniformly; both at `visual_depth` layers. `project_width` lets narrower prompts pass
through one shared linear layer (MVLPT; unused in its tables).
"""

import torch

from reprompt.clip.backbones import Backbone
from reprompt.clip.params import Params
from reprompt.clip.savings import ALL_SAVINGS, Savings
from reprompt.clip.vision import encode_images, require_tokens
from reprompt.learners.affine import affine, default_affine
from reprompt.learners.output import LearnerOutput
from reprompt.learners.templates import class_features
from reprompt.learners.visual_start import enters_before_norm, visual_prompts


class Learner:
    """Classifies images seen with visual prompts among fixed class texts.

    Settings: `visual_length` N, `visual_depth` J, `placement`, `visual_start`, `project_width`, `text` (a template).
    """

    sees = "pixels"
    images_at_once = 32

    def __init__(self, backbone: Backbone, class_names: list[str], settings: dict, savings: Savings = ALL_SAVINGS):
        self.backbone, self.settings, self.savings = backbone, settings, savings
        self.tower = require_tokens(backbone.model, "visual prompts")
        self.class_names, self.template = class_names, settings.get("text", "a photo of a {}.")
        self.classes = self._classes() if savings.fixed_text_once else None

    def start(self, how: str, stream: torch.Generator) -> Params:
        """visual (J, N, W), or (J, N, P) and its projection; `how` concerns text only."""
        width = self.settings.get("project_width")
        projection = default_affine("project", width, self.tower.proj.shape[0], stream) if width else {}
        return {"visual": visual_prompts(self.tower, self.settings, stream, width), **projection}

    def forward(self, params: Params, images: torch.Tensor) -> LearnerOutput:
        """`visual` (R, J, N, W) and pixels -> features and logits."""
        prompts = params["visual"]
        if "project_weight" in params:
            prompts = affine(prompts.flatten(1, 2), params, "project").unflatten(1, prompts.shape[1:3])
        before_norm = enters_before_norm(self.settings)
        features = encode_images(self.backbone.model, images, prompts, before_norm, self.savings)
        classes = self._classes() if self.classes is None else self.classes
        return LearnerOutput(features, classes.expand(len(prompts), -1, -1), self.backbone.scale)

    def _classes(self) -> torch.Tensor:
        with torch.no_grad():
            return class_features(self.backbone, self.class_names, (self.template,), self.savings)
