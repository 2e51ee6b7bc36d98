"""Fixtures shared by the tests: tiny frozen CLIPs."""

from pathlib import Path

import numpy as np
import pytest
import torch

from reprompt.clip.backbones import TOKEN_TABLE, VOCABULARY, Backbone, build, freeze

GOLDEN = Path(__file__).parent / "golden"
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


@pytest.fixture(scope="session")
def golden_clip() -> Backbone:
    """The frozen model behind the golden cases, in OpenAI's layout."""
    with np.load(GOLDEN / "clip_tiny.npz") as file:
        arrays = {name: torch.from_numpy(file[name]) for name in file}
    table = torch.zeros(VOCABULARY, 128)
    table[arrays["token_embedding.ids"].long()] = arrays["token_embedding.rows"]
    model = build(
        {"image_size": 32, "patch_size": 8, "width": 64, "layers": 4, "head_width": 64},
        {"width": 128, "heads": 2, "layers": 4},
        joint_width=64,
        quick_gelu=True,
    )
    weights = {k: v for k, v in arrays.items() if not k.startswith(("meta.", "token_embedding."))}
    model.load_state_dict(weights | {TOKEN_TABLE: table})
    return Backbone("golden", freeze(model), 32, *MEAN_STD, weights_sha256="golden")


@pytest.fixture
def golden_case():
    """Load a golden case by name as a dictionary of tensors and arrays of text."""

    def load(name: str) -> dict:
        with np.load(GOLDEN / f"{name}.npz") as file:
            return {k: v if v.dtype.kind == "U" else torch.from_numpy(np.asarray(v)) for k, v in file.items()}

    return load
