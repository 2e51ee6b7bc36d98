"""CoOp: learnable context vectors in the prompt. Zhou et al., IJCV 2022, arXiv:2109.01134.

    paper     here       meaning
    [V]_m     context    M learnable vectors of the text tower's width, shared by all classes (or M per class)   eq. 2
    g(t_k)    classes    normalised feature of the prompt of class k
    f         images     normalised image feature, frozen (and cached)

A context equal to the token embeddings of "a photo of a" is zero-shot CLIP with the template "a photo of a {}.".
`position` says where the name stands: last in CoOp and ProGrad, in the middle in MVLPT's released scripts.
"""

from typing import Literal

import torch
from pydantic import PositiveInt

from reprompt.cells.axes import LearnerSettings, TextPrompts
from reprompt.clip.backbones import Backbone
from reprompt.clip.params import Params
from reprompt.clip.prompts import ClassPrompts
from reprompt.clip.savings import ALL_SAVINGS, Savings
from reprompt.clip.text import encode_prompts
from reprompt.initialisation.context import initial_context, random_vectors
from reprompt.learners.learner import frozen_image_features, seen_by_frozen_tower
from reprompt.learners.output import LearnerOutput


class Settings(LearnerSettings):
    """`context_length` M, where the name stands, and whether every class has a context of its own."""

    label = "CoOp"

    context_length: PositiveInt
    position: Literal["end", "middle", "front"] = "end"
    class_specific: bool = False

    @property
    def text_prompts(self) -> TextPrompts:
        return TextPrompts(self.context_length, position=self.position, per_class=self.class_specific)


class Learner:
    """Classifies among `class_names` by prompts with a learned context."""

    images_at_once = Settings.images_at_once

    def __init__(self, backbone: Backbone, class_names: list[str], settings: Settings, savings: Savings = ALL_SAVINGS):
        self.backbone, self.settings, self.savings = backbone, settings, savings
        self.prompts = ClassPrompts.of(backbone.model, class_names, settings.position)
        self.classes = len(class_names)
        self.sees = seen_by_frozen_tower(savings)

    def start(self, initialisation: str, stream: torch.Generator) -> Params:
        """context (M, D), or (K, M, D) when class-specific, which has no phrase in the paper: ValueError for one."""
        length = self.settings.context_length
        if not self.settings.class_specific:
            return {"context": initial_context(self.backbone, initialisation, length, stream)}
        if initialisation != "random":
            phrase = f"the phrase {initialisation!r}"
            raise ValueError(f"a context per class starts at random, not at {phrase} (CoOp has no such case)")
        return {"context": random_vectors(self.classes, length, self.backbone.text_width, stream=stream)}

    def forward(self, params: Params, images: torch.Tensor) -> LearnerOutput:
        """`params["context"]` (R, M, D) or (R, K, M, D), and images -> features and logits.

        Raises ValueError where contexts per class are of another number of classes.
        """
        if params["context"].ndim == 4 and params["context"].shape[1] != self.classes:
            raise ValueError(f"{params['context'].shape[1]} contexts, one per class, do not fit {self.classes} classes")
        parts = self.prompts.around(params["context"])
        classes = encode_prompts(self.backbone.model, *parts, savings=self.savings)
        return LearnerOutput(frozen_image_features(self.backbone, images), classes, self.backbone.scale)
