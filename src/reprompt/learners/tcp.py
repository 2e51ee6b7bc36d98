"""TCP: Textual-based Class-aware Prompt tuning. Yao et al., CVPR 2024, arXiv:2311.18231.

    paper       here            meaning
    w_i^clip    reference       class feature of the untouched CLIP, of the template of its task, of length 1
    TKE         meta_*          knowledge embedding: Linear, x sigmoid(1.702 x), Linear; a quarter as wide inside
    T_i         class_tokens    M class-aware prompt tokens of the text tower's width
    [V]_m       context         M learnable vectors, shared by all classes

The context stands at the front of the sentence; before block `block` of the text tower every class's tokens take its
places, and from there on the context acts only through what other tokens have taken of it. Names that were not trained
on have tokens of their own, from their reference. The published method is `tcp+kgcoop`, with weight 8: the released
code has that objective built in.

What the paper does not say, or the released code has as a literal, is a setting, with the code's value in the file:
`block`, 8 of 12, counted from 0; `mix`, the m of x = m T + (1 - m) x, which is 1; `reference_template`, which may be
another sentence than the one that is tuned, `sentence` behind the context; Adam's `epsilon`, 1e-3, which its readme
asks to be edited into the training framework. All printed numbers have these.

    R runs, K classes, M context vectors, D text width, E joint width
"""

from collections.abc import Sequence

import torch
from pydantic import PositiveInt
from torch import Tensor

from reprompt.cells.axes import LearnerSettings, TextPrompts, Widths
from reprompt.clip.backbones import Backbone
from reprompt.clip.params import Params
from reprompt.clip.prompts import ClassPrompts
from reprompt.clip.savings import ALL_SAVINGS, Savings
from reprompt.clip.text import Entering, encode_prompts, encode_texts
from reprompt.foundation.block import Probability
from reprompt.initialisation.context import initial_context
from reprompt.learners.affine import affine, default_affine
from reprompt.learners.learner import frozen_image_features, seen_by_frozen_tower
from reprompt.learners.output import LearnerOutput
from reprompt.learners.templates import texts_of

NARROWER = 4  # the width inside, as a part of the joint width


class Settings(LearnerSettings):
    """`context_length` M, the sentences, and before which block how much of the class tokens enters.

    `sentence` stands behind the context, `{}` for the name. `reference_template` is the sentence of the untouched CLIP,
    "" the class's own template.
    """

    label = "TCP"
    of_templates = True

    context_length: PositiveInt
    sentence: str = "{}."
    reference_template: str = ""
    block: PositiveInt
    mix: Probability = 1.0

    @property
    def text_prompts(self) -> TextPrompts:
        """The context; the class tokens are no prompts of their own."""
        return TextPrompts(self.context_length, len(self.sentence.partition("{}")[0].split()))

    def beside_prompts(self, widths: Widths) -> int:
        """The textual knowledge embedding."""
        inside, tokens = widths.joint // NARROWER, self.context_length * widths.text
        return (widths.joint + 1) * inside + (inside + 1) * tokens


class Learner:
    """Classifies by prompts into which, half way up the text tower, tokens of every class enter."""

    images_at_once = Settings.images_at_once

    def __init__(
        self,
        backbone: Backbone,
        class_names: list[str],
        settings: Settings,
        savings: Savings = ALL_SAVINGS,
        templates: Sequence[str] = (),
    ):
        self.backbone, self.settings, self.savings = backbone, settings, savings
        before, name, ending = settings.sentence.partition("{}")
        if not name:
            raise ValueError(f"sentence {settings.sentence!r}: it needs {{}} where the name stands")
        self.prompts = ClassPrompts.of(backbone.model, class_names, words=before.strip(), ending=ending)
        self.texts = texts_of(class_names, [settings.reference_template] if settings.reference_template else templates)
        self.reference = self._reference() if savings.fixed_text_once else None
        self.sees = seen_by_frozen_tower(savings)

    def start(self, initialisation: str, stream: torch.Generator) -> Params:
        """context (M, D) and the embedding (E -> E/4 -> M D), started as PyTorch starts linear layers."""
        length, joint = self.settings.context_length, self.backbone.joint_width
        return {
            "context": initial_context(self.backbone, initialisation, length, stream),
            **default_affine("meta_in", joint, joint // NARROWER, stream),
            **default_affine("meta_out", joint // NARROWER, length * self.backbone.text_width, stream),
        }

    def class_tokens(self, params: Params) -> Tensor:
        """T (R, K, M, D) of the embedding's tensors, each (R, ...)."""
        reference = self._reference() if self.reference is None else self.reference
        runs = len(params["context"])
        hidden = affine(reference.expand(runs, -1, -1), params, "meta_in")
        tokens = affine(hidden * torch.sigmoid(1.702 * hidden), params, "meta_out")
        return tokens.unflatten(2, (self.settings.context_length, -1))

    def forward(self, params: Params, images: Tensor) -> LearnerOutput:
        """`context` (R, M, D), the embedding, and images -> features and logits."""
        entering = {self.settings.block: Entering(self.class_tokens(params), self.settings.mix)}
        parts = self.prompts.around(params["context"])
        classes = encode_prompts(self.backbone.model, *parts, entering=entering, savings=self.savings)
        return LearnerOutput(frozen_image_features(self.backbone, images), classes, self.backbone.scale)

    def _reference(self) -> Tensor:
        """Class features (K, E) of the untouched CLIP."""
        with torch.no_grad():
            return encode_texts(self.backbone.model, self.texts, self.savings).to(self.backbone.learned_dtype)
