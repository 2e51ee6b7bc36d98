"""The corpus from rendered pairs, of which everything is known."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from reprompt.chc.assignment import Assignment
from reprompt.chc.quality import Truth
from reprompt.chc.run import make_corpus
from reprompt.chc.settings import Clustering
from reprompt.clip.backbones import Backbone
from reprompt.miniature.corpus import render_corpus
from reprompt.plan.parameters import Corpus as CorpusSettings


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
