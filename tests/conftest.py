"""What all tests share: a tiny frozen CLIP, how a small corpus is clustered, and how they are shared out."""

from pathlib import Path

import pytest
import torch

from reprompt.cells.clustering import Clustering
from reprompt.clip.backbones import Backbone
from tiny_clip import tiny_clip

torch.set_num_threads(1)  # the models are tiny, and the tests run side by side


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Rehearsals take 40 minutes: whatever `-m` selects, they are collected only where they are named."""
    unasked = not any("rehearsal" in argument for argument in config.args)
    return True if collection_path.name == "rehearsal" and unasked else None


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests of a file go to one worker (`--dist loadgroup`), so that what they share is made once."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(str(item.path.relative_to(item.config.rootpath))))


@pytest.fixture(scope="session")
def tiny() -> Backbone:
    """A two-layer CLIP of width 32 with random weights, frozen."""
    return tiny_clip()


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
