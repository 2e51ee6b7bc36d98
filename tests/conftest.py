"""What all tests share: a tiny frozen CLIP, how a small corpus is clustered, and that none is a rehearsal unasked."""

from pathlib import Path

import pytest
import torch

from reprompt.cells.clustering import Clustering
from reprompt.clip.backbones import Backbone
from reprompt.clip.weights import build, freeze

torch.set_num_threads(1)  # the models are tiny, and the tests run side by side

MEAN_STD = ((0.5, 0.5, 0.5), (0.25, 0.25, 0.25))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Rehearsals take 40 minutes: whatever `-m` selects, they are collected only where they are named."""
    unasked = not any("rehearsal" in argument for argument in config.args)
    return True if collection_path.name == "rehearsal" and unasked else None


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
def clustering() -> Clustering:
    """Settings for a few hundred captions."""
    return Clustering(
        filter={"rule": "kept_fraction", "value": 0.9},
        topics={
            **{"sample": 240, "n_neighbors": 8, "n_components": 2, "min_dist": 0.0, "metric": "cosine"},
            **{"min_cluster_size": 8, "seed": 3},
        },
        domains={"per_topic": 3, "starts": 2, "seed": 4},
        chunk=64,
    )
