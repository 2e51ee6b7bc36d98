"""ProLIP: the projection of the image tower is fine-tuned. Fahes et al. 2024, arXiv:2410.05270.

    paper     here          meaning
    x_o       images        what the image tower has before its projection, frozen (and kept)
    W_o       projection    (W, E); of a ResNet that of its attention pool, whose bias stays                 eq. 1
    lambda    pull          loss = cross-entropy + lambda norm(W_o - W_o^0)^2, a sum of squares              eq. 5
    N         shots         lambda is 1 / N (the paper's rule without validation), or 1 / N^2, or a number

At the start it is zero-shot CLIP. A lambda of 1 / N or 1 / N^2 made the tables without validation; in those with
few-shot validation lambda and the rate are chosen among 49 on N validation images of a class. The released code runs in
half precision, where steps of 1e-5 on entries above 0.03 vanish; here the projection is learned in single precision.
"""

from typing import Literal

import torch
import torch.nn.functional as F

from reprompt.cells.axes import OfClassTexts, Widths
from reprompt.clip.backbones import Backbone
from reprompt.clip.params import Params
from reprompt.clip.savings import ALL_SAVINGS, Savings
from reprompt.clip.unprojected import projection_of, unprojected_features
from reprompt.foundation.block import NonNegative
from reprompt.learners.fixed_texts import FixedTexts
from reprompt.learners.learner import Shown
from reprompt.learners.output import LearnerOutput
from reprompt.learners.templates import class_features


class Settings(OfClassTexts):
    """`pull` is lambda, or the rule that gives it of the shots."""

    label = "ProLIP"
    of_its_images = True
    held = ("pull",)

    pull: Literal["1/N", "1/N^2"] | NonNegative = "1/N"

    @property
    def moves_images(self) -> bool:
        """They are projected anew."""
        return True

    @property
    def reads_pixels(self) -> bool:
        """The feature store holds features after the projection."""
        return True

    def beside_prompts(self, widths: Widths) -> int:
        """The projection of a ViT."""
        return widths.image * widths.joint


class Learner:
    """Classifies images that go through a learned projection, among fixed class texts."""

    images_at_once = Settings.images_at_once

    def __init__(self, backbone: Backbone, class_names: list[str], settings: Settings, savings: Savings = ALL_SAVINGS):
        self.backbone, self.settings = backbone, settings
        self.sees = "unprojected" if savings.cached_images else "pixels"
        self.texts = FixedTexts(lambda: class_features(backbone, class_names, settings.class_texts, savings), savings)
        self.frozen = projection_of(backbone.model, backbone.learned_dtype)

    def start(self, initialisation: str, stream: torch.Generator) -> Params:
        """projection (W, E), CLIP's own."""
        return {"projection": self.frozen.weight.to("cpu", torch.float32, copy=True)}

    def of_images(self, shown: Shown) -> Params:
        """pull, a number."""
        rule = {"1/N": 1 / shown.shots, "1/N^2": 1 / shown.shots**2}.get(self.settings.pull, self.settings.pull)
        return {"pull": torch.tensor(rule, dtype=shown.plain.dtype)}

    def forward(self, params: Params, images: torch.Tensor) -> LearnerOutput:
        """`projection` (R, W, E), `pull` (R,) in training, and images -> features, logits and the penalty."""
        if images.ndim > 3:
            images = unprojected_features(self.backbone.model, images).to(self.backbone.learned_dtype)
        features = F.normalize(images @ params["projection"] + self.frozen.bias, dim=-1)
        penalty = None
        if "pull" in params:
            penalty = params["pull"] * (params["projection"] - self.frozen.weight).square().sum(dim=(1, 2))
        classes = self.texts.features.expand(len(features), -1, -1)
        return LearnerOutput(features, classes, self.backbone.scale, penalty=penalty)
