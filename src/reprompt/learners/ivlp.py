"""IVLP: text and visual prompts side by side, at any depth. Rasheed et al., CVPR 2023; the baseline in MaPLe's paper.

    paper    here                       meaning
    P_0      context                    M text vectors before the name
    P_i      deep_context[:, i - 1]     what replaces them before text block i, up to `text_depth` layers
    ~P_j     visual[:, j]               N visual vectors before image block j, up to `visual_depth` layers

Text depth 1 and visual depth 1 is joint prompt tuning (GRAM's ablation); visual depth 0 is deep language prompting.
A phrase longer than the context leaves its last words frozen before the name (MaPLe issue 32): with M = 2 and
"a photo of a" the prompt reads [V]_1 [V]_2 of a {name}.
"""

from typing import Literal

import torch
from pydantic import PositiveInt

from reprompt.cells.axes import ImageDepthOrNone, ImagePrompts, ImagePromptSettings, TextDepth, TextPrompts, Widths
from reprompt.clip.backbones import Backbone
from reprompt.clip.params import Params
from reprompt.clip.prompts import ClassPrompts
from reprompt.clip.savings import ALL_SAVINGS, Savings
from reprompt.clip.text import encode_prompts, layer_by_layer
from reprompt.clip.vision import encode_prompted_images, require_tokens
from reprompt.initialisation.context import initial_context, random_vectors
from reprompt.learners.learner import frozen_image_features, seen_by_frozen_tower
from reprompt.learners.output import LearnerOutput
from reprompt.learners.visual_start import enters_before_norm, visual_prompts


class Settings(ImagePromptSettings):
    """`context_length` M, `words` frozen behind it, and the layers of either tower that have prompts."""

    label = "IVLP"
    images_at_once = 32

    context_length: PositiveInt
    words: str = ""
    position: Literal["end", "middle", "front"] = "end"
    text_depth: TextDepth
    visual_depth: ImageDepthOrNone

    @property
    def text_prompts(self) -> TextPrompts:
        return TextPrompts(self.context_length, len(self.words.split()), self.position)

    @property
    def image_prompts(self) -> ImagePrompts | None:
        return super().image_prompts if self.visual_depth else None

    def beside_prompts(self, widths: Widths) -> int:
        """What replaces the context before later layers."""
        return (self.text_depth - 1) * self.context_length * widths.text


class Learner:
    """Classifies by text and visual prompts that know nothing of each other."""

    images_at_once = Settings.images_at_once

    def __init__(self, backbone: Backbone, class_names: list[str], settings: Settings, savings: Savings = ALL_SAVINGS):
        self.backbone, self.settings, self.savings = backbone, settings, savings
        self.sees = "pixels" if settings.visual_depth else seen_by_frozen_tower(savings)
        if settings.visual_depth:
            self.tower = require_tokens(backbone.model, "visual prompts")
        layers = len(backbone.model.transformer.resblocks)
        if settings.text_depth > layers:
            raise ValueError(f"text_depth {settings.text_depth} exceeds the {layers} layers of the text tower")
        if settings.text_depth > 1 and settings.position != "end":
            raise ValueError(
                f"deep text prompts replace a context that stands before the name, not {settings.position}"
            )
        self.prompts = ClassPrompts.of(backbone.model, class_names, settings.position, settings.words)

    def start(self, initialisation: str, stream: torch.Generator) -> Params:
        """context (M, D), deep_context (text_depth - 1, M, D), visual (visual_depth, N, W)."""
        length, width = self.settings.context_length, self.backbone.text_width
        params = {"context": initial_context(self.backbone, initialisation, length, stream)}
        if self.settings.text_depth > 1:
            params["deep_context"] = random_vectors(self.settings.text_depth - 1, length, width, stream=stream)
        if self.settings.visual_depth:
            params["visual"] = visual_prompts(self.tower, self.settings, stream)
        return params

    def forward(self, params: Params, images: torch.Tensor) -> LearnerOutput:
        """Prompts with a leading run axis and images -> features and logits."""
        model, parts = self.backbone.model, self.prompts.around(params["context"])
        deep = layer_by_layer(params.get("deep_context"))
        classes = encode_prompts(model, *parts, entering=deep, savings=self.savings)
        if "visual" in params:
            before_norm = enters_before_norm(self.settings)
            features = encode_prompted_images(model, images, params["visual"], before_norm, self.savings)
        else:
            features = frozen_image_features(self.backbone, images)
        return LearnerOutput(features, classes, self.backbone.scale)
