"""The corpus from rendered pairs, of which everything is known."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from reprompt.cells.clustering import Clustering
from reprompt.clip.backbones import Backbone
from reprompt.corpus.assignment import Assignment
from reprompt.corpus.pairs import CorpusPairs
from reprompt.corpus.quality import Truth
from reprompt.corpus.run import make_corpus
from reprompt.miniature.corpus import RenderedCorpus


def make_rendered_corpus(
    folder: Path,
    corpus: RenderedCorpus,
    image_features: np.ndarray,
    backbone: Backbone,
    settings: Clustering,
    advance: Callable[[int], None] = lambda stages: None,
) -> Assignment:
    """Make everything of rendered pairs and of their image features (N, E)."""
    truth = Truth(corpus.mismatched, corpus.families, corpus.concepts)
    pairs = CorpusPairs(corpus.captions, corpus.images.__getitem__, image_features, corpus.sha256, truth)
    return make_corpus(folder, pairs, backbone, settings, advance)
