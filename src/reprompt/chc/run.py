"""The command `reprompt corpus`: from pairs to what meta-training and the report read, all in one folder.

    pairs.npz       what is known of every pair: assignment.py
    quality.json    how good filter and topics are, where the truth is known: quality.py
    pictures.npz    what the figures show: pictures.py
    costs.json      seconds per stage, machine and versions

Only the last differs from run to run.
"""

import json
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from reprompt.atomic import write_text
from reprompt.chc.assignment import Assignment
from reprompt.chc.cluster import cluster_pairs
from reprompt.chc.filter import similarities
from reprompt.chc.quality import Truth, quality
from reprompt.chc.sentences import sentence_encoder
from reprompt.chc.settings import Clustering
from reprompt.chc.showing import pictures_of
from reprompt.chc.stopwatch import Stopwatch
from reprompt.clip.backbones import Backbone
from reprompt.clip.features import encode_images
from reprompt.costs import circumstances
from reprompt.miniature.corpus import render_corpus
from reprompt.plan.parameters import Corpus as CorpusSettings

STAGES = 6  # that `advance` is told of


def make_rendered_corpus(
    folder: Path,
    pairs: CorpusSettings,
    backbone: Backbone,
    settings: Clustering,
    workers: int,
    advance: Callable[[int], None],
) -> Assignment:
    """Render the pairs in so many processes, and make everything of them."""
    corpus = render_corpus(pairs.pairs, pairs.seed, pairs.mismatched_share, workers)
    truth = Truth(corpus.mismatched, corpus.families, corpus.concepts)
    hashes = {"corpus_sha256": corpus.sha256}
    return make_corpus(folder, corpus.captions, corpus.images.__getitem__, truth, backbone, settings, hashes, advance)


def make_corpus(
    folder: Path,
    captions: Sequence[str],
    images: Callable[[Sequence[int]], np.ndarray],
    truth: Truth,
    backbone: Backbone,
    settings: Clustering,
    hashes: dict[str, str],
    advance: Callable[[int], None] = lambda stages: None,
) -> Assignment:
    """Filter and cluster N pairs, write all that is made of them to `folder`, and return the assignment.

    `images` gives the pictures (n, H, W, 3) of some pairs; `hashes` names where pairs come from. Image features are in
    a file beside the results while this runs, never all in memory.
    """
    started, watch = time.monotonic(), Stopwatch(advance)
    folder.mkdir(parents=True, exist_ok=True)
    embed = sentence_encoder()
    with tempfile.TemporaryDirectory(dir=folder, prefix="features-") as beside:
        with watch.stage("image features"):
            features = encode_in_chunks(Path(beside) / "images.npy", images, len(captions), backbone, settings.chunk)
        with watch.stage("similarities"):
            found = similarities(features, captions, backbone.model, settings.chunk)
        hashes = {"backbone_sha256": backbone.weights_sha256, **hashes}
        assignment = cluster_pairs(captions, features, found, settings, embed, hashes, watch)
    with watch.stage("pictures"):
        pictures = pictures_of(assignment, truth, captions, images, settings, embed)
    assignment.write(folder / "pairs.npz")
    pictures.write(folder / "pictures.npz")
    write_text(folder / "quality.json", json.dumps(quality(assignment, truth), indent=1) + "\n")
    costs = circumstances(started, torch.device("cpu"), pairs=len(captions), stages=watch.seconds)
    write_text(folder / "costs.json", json.dumps(costs, indent=1) + "\n")
    return assignment


def encode_in_chunks(
    path: Path, images: Callable[[Sequence[int]], np.ndarray], pairs: int, backbone: Backbone, chunk: int
) -> np.ndarray:
    """Image features (N, E) of all pairs in a memory-mapped file, `chunk` pictures at a time."""
    features = np.lib.format.open_memmap(path, "w+", np.float32, (pairs, backbone.joint_width))
    for start in range(0, pairs, chunk):
        here = range(start, min(start + chunk, pairs))
        features[here.start : here.stop] = encode_images(backbone, images(here)).numpy()
    return features
