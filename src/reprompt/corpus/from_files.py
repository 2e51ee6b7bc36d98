"""The corpus from pairs on disk: Conceptual Captions as img2dataset leaves it."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np

from reprompt.cells.clustering import Clustering
from reprompt.clip.backbones import Backbone
from reprompt.corpus.assignment import Assignment
from reprompt.corpus.pairs import CorpusPairs
from reprompt.corpus.run import make_corpus
from reprompt.data.files.pairs import Pairs
from reprompt.foundation.atomic import write_text


def make_file_corpus(
    folder: Path,
    pairs: Pairs,
    image_features: np.ndarray,
    backbone: Backbone,
    settings: Clustering,
    advance: Callable[[int], None] = lambda stages: None,
) -> Assignment:
    """Make everything of pairs on disk and of their image features (N, E)."""
    clustered = CorpusPairs(pairs.captions, pairs.pictures, image_features, pairs.sha256)
    assignment = make_corpus(folder, clustered, backbone, settings, advance)
    write_text(folder / "skipped.json", json.dumps(asdict(pairs.skipped), indent=1) + "\n")
    return assignment
