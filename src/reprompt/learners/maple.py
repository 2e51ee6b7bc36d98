"""MaPLe: visual prompts as projections of text prompts. Khattak et al., CVPR 2023, arXiv:2210.03117.

    paper    here                       meaning
    P_0      context                    M text vectors before the name                               eq. 3
    P_i      deep_context[:, i - 1]     what replaces them before text block i, i < J                eq. 5
    F_k      coupling_*[:, k]           one linear layer per depth, text width -> image width
    ~P_k     visual[:, k]               F_k(P_k), the visual prompts before image block k < J        eq. 9

With couplings that are frozen, whatever the text prompt, depth 1 is IVLP at depth 1. The released code starts all
deep couplings as copies of one layer, and leaves the words of its phrase that the context does not cover frozen
before the name.
"""

import torch
from pydantic import PositiveInt

from reprompt.cells.axes import CoupledDepth, ImagePrompts, LearnerSettings, TextPrompts, Widths
from reprompt.clip.backbones import Backbone
from reprompt.clip.params import Params
from reprompt.clip.prompts import ClassPrompts
from reprompt.clip.savings import ALL_SAVINGS, Savings
from reprompt.clip.text import encode_prompts, layer_by_layer
from reprompt.clip.vision import encode_prompted_images, require_tokens
from reprompt.initialisation.context import initial_context, random_vectors
from reprompt.learners.affine import default_affine
from reprompt.learners.output import LearnerOutput


class Settings(LearnerSettings):
    """`context_length` M, `words` frozen behind it, `depth` J."""

    label = "MaPLe"
    images_at_once = 32

    context_length: PositiveInt
    words: str = ""
    depth: CoupledDepth

    @property
    def text_prompts(self) -> TextPrompts:
        return TextPrompts(self.context_length, len(self.words.split()))

    @property
    def image_prompts(self) -> ImagePrompts:
        """As many as in the text."""
        return ImagePrompts(self.context_length, self.depth)

    def learned_numbers(self, widths: Widths) -> int:
        """The text prompts and the couplings, which give the image prompts; but for biases."""
        return self.depth * (self.context_length + widths.image) * widths.text


class Learner:
    """Classifies by coupled prompts."""

    sees = "pixels"
    images_at_once = Settings.images_at_once

    def __init__(self, backbone: Backbone, class_names: list[str], settings: Settings, savings: Savings = ALL_SAVINGS):
        self.backbone, self.settings, self.savings = backbone, settings, savings
        self.tower = require_tokens(backbone.model, "coupled prompts")
        layers = min(len(self.tower.transformer.resblocks), len(backbone.model.transformer.resblocks))
        if settings.depth > layers:
            raise ValueError(f"depth {settings.depth} exceeds the {layers} layers that both towers have")
        self.prompts = ClassPrompts.of(backbone.model, class_names, words=settings.words)

    def start(self, initialisation: str, stream: torch.Generator) -> Params:
        """context (M, D), deep_context (J - 1, M, D), coupling_weight (J, W, D) and coupling_bias (J, W)."""
        length, depth = self.settings.context_length, self.settings.depth
        text, image = self.backbone.text_width, self.tower.proj.shape[0]
        first, deep = (default_affine("coupling", text, image, stream) for _ in range(2))
        params = {name: torch.stack([first[name], *[deep[name]] * (depth - 1)]) for name in first}
        params["context"] = initial_context(self.backbone, initialisation, length, stream)
        if depth > 1:
            params["deep_context"] = random_vectors(depth - 1, length, text, stream=stream)
        return params

    def forward(self, params: Params, images: torch.Tensor) -> LearnerOutput:
        """Prompts and couplings with a leading run axis and pixels -> features and logits."""
        model, context, deep = self.backbone.model, params["context"], params.get("deep_context")
        parts, entering = self.prompts.around(context), layer_by_layer(deep)
        classes = encode_prompts(model, *parts, entering=entering, savings=self.savings)
        text = context[:, None] if deep is None else torch.cat([context[:, None], deep], dim=1)  # (R, J, M, D)
        visual = text @ params["coupling_weight"].transpose(-1, -2) + params["coupling_bias"][:, :, None]
        features = encode_prompted_images(model, images, visual, before_norm=True, savings=self.savings)
        return LearnerOutput(features, classes, self.backbone.scale)
