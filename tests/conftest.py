"""Fixtures shared by the tests: tiny frozen CLIPs."""

import pytest
import torch

from reprompt.clip.backbones import Backbone
from reprompt.clip.weights import build, freeze

torch.set_num_threads(1)  # the models are tiny, and the tests run side by side

MEAN_STD = ((0.5, 0.5, 0.5), (0.25, 0.25, 0.25))


@pytest.fixture(scope="session")
def tiny() -> Backbone:
    """A two-layer CLIP of width 32 with random weights, large enough that its features differ."""
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
