"""A two-layer CLIP of width 32 with random weights."""

import torch

from reprompt.clip.backbones import Backbone
from reprompt.clip.weights import build, freeze

MEAN_STD = ((0.5, 0.5, 0.5), (0.25, 0.25, 0.25))


def tiny_clip() -> Backbone:
    """It is frozen, always the same, and large enough that its features differ."""
    torch.manual_seed(0)
    model = build(
        {"image_size": 40, "patch_size": 8, "width": 32, "layers": 2, "head_width": 16},
        {"width": 32, "heads": 2, "layers": 2},
        joint_width=24,
    )
    with torch.no_grad():
        model.token_embedding.weight.mul_(20)
        model.positional_embedding.mul_(20)
    return Backbone("tiny", freeze(model), 40, *MEAN_STD, weights_sha256="random")
