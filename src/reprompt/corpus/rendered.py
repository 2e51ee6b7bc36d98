"""The corpus from rendered pairs, of which everything is known."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from reprompt.cells.clustering import Clustering
from reprompt.cells.parameters import Corpus as CorpusSettings
from reprompt.clip.backbones import Backbone
from reprompt.corpus.assignment import Assignment
from reprompt.corpus.quality import Truth
from reprompt.corpus.run import make_corpus
from reprompt.miniature.corpus import render_corpus


def make_rendered_corpus(
    folder: Path,
    pairs: CorpusSettings,
    image_features: np.ndarray,
    backbone: Backbone,
    settings: Clustering,
    workers: int,
    advance: Callable[[int], None] = lambda stages: None,
) -> Assignment:
    """Render the pairs in so many processes, and make everything of them and of their image features (N, E)."""
    corpus = render_corpus(pairs.pairs, pairs.seed, pairs.mismatched_share, workers)
    truth = Truth(corpus.mismatched, corpus.families, corpus.concepts)
    hashes, images = {"corpus_sha256": corpus.sha256}, corpus.images.__getitem__
    return make_corpus(folder, corpus.captions, images, image_features, truth, backbone, settings, hashes, advance)
