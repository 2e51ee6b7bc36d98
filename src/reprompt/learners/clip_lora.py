"""CLIP-LoRA: low-rank updates of both towers' attention. Zanella and Ben Ayed, CVPRW 2024, arXiv:2405.18541.

    paper      here          meaning
    A          *_down        (J, M, r, D) of J blocks and M matrices of each, uniform within 1 / sqrt(D) at the start
    B          *_up          (J, M, D, r), zero at the start, so that it starts at zero-shot CLIP
    gamma      scale         h = W x + gamma B A x                                                           eq. 4

`rank_scale` root, gamma alpha / sqrt(r), is the released code's, so that of all its tables; rank, alpha / r, is that of
LoRA's paper. The towers stay as they are: updates go into the forward pass beside the blocks' weights, for every run
its own. The released code drops a quarter of the inputs of B A in training (dropout 0.25); here nothing is dropped,
which departs from its tables.
"""

import math
from typing import Literal

import torch
from pydantic import PositiveFloat, PositiveInt

from reprompt.cells.axes import ImageDepth, LearnerSettings, TextDepth, Widths
from reprompt.clip.backbones import Backbone
from reprompt.clip.params import Params
from reprompt.clip.prompts import ClassPrompts
from reprompt.clip.savings import ALL_SAVINGS, Savings
from reprompt.clip.text import encode_prompts
from reprompt.clip.updates import updated_text, updates_of
from reprompt.clip.vision import encode_updated_images, require_tokens
from reprompt.initialisation.context import phrase_vectors
from reprompt.learners.fixed_texts import FixedTexts
from reprompt.learners.learner import frozen_image_features, seen_by_frozen_tower
from reprompt.learners.output import LearnerOutput
from reprompt.learners.templates import class_features


class Settings(LearnerSettings):
    """Which `lora_matrices` of the first blocks of which towers are updated, with which rank and alpha.

    `before_name` are the words of every class text before the name.
    """

    label = "CLIP-LoRA"
    images_at_once = 32

    lora_towers: Literal["both", "text", "image"] = "both"
    lora_text_layers: TextDepth
    lora_image_layers: ImageDepth
    lora_matrices: tuple[Literal["q", "k", "v", "o"], ...] = ("q", "k", "v")
    lora_rank: PositiveInt = 2
    lora_alpha: PositiveFloat = 1.0
    rank_scale: Literal["root", "rank"] = "root"
    before_name: str = "a photo of a"

    @property
    def scale(self) -> float:
        """gamma."""
        return self.lora_alpha / (math.sqrt(self.lora_rank) if self.rank_scale == "root" else self.lora_rank)

    @property
    def moves_classes(self) -> bool:
        """Where the text tower has updates."""
        return self.lora_towers != "image"

    @property
    def moves_images(self) -> bool:
        """Where the image tower has updates."""
        return self.lora_towers != "text"

    @property
    def into_image_tower(self) -> bool:
        """Whether the image tower has updates, which then has to be a ViT."""
        return self.lora_towers != "text"

    def beside_prompts(self, widths: Widths) -> int:
        """A and B of every matrix."""
        text = 0 if self.lora_towers == "image" else self.lora_text_layers * widths.text
        image = 0 if self.lora_towers == "text" else self.lora_image_layers * widths.image
        return 2 * self.lora_rank * len(self.lora_matrices) * (text + image)


class Learner:
    """Classifies with towers whose attention is updated."""

    images_at_once = Settings.images_at_once

    def __init__(self, backbone: Backbone, class_names: list[str], settings: Settings, savings: Savings = ALL_SAVINGS):
        self.backbone, self.settings, self.savings = backbone, settings, savings
        self.sees = "pixels" if settings.into_image_tower else seen_by_frozen_tower(savings)
        self.towers = {}
        if settings.lora_towers != "image":
            self.towers["text"] = (settings.lora_text_layers, backbone.text_width)
            self.prompts = ClassPrompts.of(backbone.model, class_names)
            self.words = phrase_vectors(backbone, settings.before_name).to(backbone.device)
        else:
            template = (f"{settings.before_name} {{}}.",)
            self.texts = FixedTexts(lambda: class_features(backbone, class_names, template, savings), savings)
        if settings.into_image_tower:
            tower = require_tokens(backbone.model, "updates of the image tower")
            self.towers["image"] = (settings.lora_image_layers, tower.proj.shape[0])

    def start(self, initialisation: str, stream: torch.Generator) -> Params:
        """text_down, image_down (J, M, r, D) and text_up, image_up (J, M, D, r)."""
        rank, count, params = self.settings.lora_rank, len(self.settings.lora_matrices), {}
        for tower, (layers, width) in self.towers.items():
            drawn = torch.rand(layers, count, rank, width, generator=stream)
            params[f"{tower}_down"] = (2 * drawn - 1) / math.sqrt(width)
            params[f"{tower}_up"] = torch.zeros(layers, count, width, rank)
        return params

    def forward(self, params: Params, images: torch.Tensor) -> LearnerOutput:
        """Updates with a leading run axis and images -> features and logits."""
        model = self.backbone.model
        updates = {
            tower: updates_of(
                self.settings.lora_matrices, params[f"{tower}_down"], params[f"{tower}_up"], self.settings.scale
            )
            for tower in self.towers
        }
        runs = len(next(iter(params.values())))
        if "text" in updates:
            parts = self.prompts.around(self.words.expand(runs, -1, -1))
            classes = encode_prompts(updated_text(model, updates["text"]), *parts, savings=self.savings)
        else:
            classes = self.texts.features.expand(runs, -1, -1)
        if "image" in updates:
            features = encode_updated_images(model, images, updates["image"], self.savings)
        else:
            features = frozen_image_features(self.backbone, images)
        return LearnerOutput(features, classes, self.backbone.scale)
