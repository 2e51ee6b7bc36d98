"""The command `reprompt corpus`: from pairs to what meta-training and the report read, all in one folder.

    pairs.npz       what is known of every pair: assignment.py
    quality.json    how good filter and topics are, as far as the truth is known: quality.py
    pictures.npz    what the figures show: pictures.py
    skipped.json    of pairs on disk, how many could not be used, and why: from_files.py
    costs.json      seconds per stage, machine and versions

Only the last differs from run to run.
"""

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from reprompt.cells.clustering import Clustering
from reprompt.clip.backbones import Backbone
from reprompt.corpus.assignment import Assignment
from reprompt.corpus.cluster import cluster_pairs
from reprompt.corpus.filter import similarities
from reprompt.corpus.quality import Truth, quality
from reprompt.corpus.sentences import sentence_encoder
from reprompt.corpus.showing import pictures_of
from reprompt.corpus.stopwatch import Stopwatch
from reprompt.foundation.atomic import write_text
from reprompt.foundation.costs import circumstances

STAGES = 5  # that `advance` is told of


def make_corpus(
    folder: Path,
    captions: Sequence[str],
    images: Callable[[Sequence[int]], np.ndarray],
    image_features: np.ndarray,
    truth: Truth | None,
    backbone: Backbone,
    settings: Clustering,
    hashes: dict[str, str],
    advance: Callable[[int], None] = lambda stages: None,
) -> Assignment:
    """Filter and cluster N pairs, write all that is made of them to `folder`, and return the assignment.

    `images` gives the pictures (n, H, W, 3) of some pairs, `image_features` (N, E) those of all, of any length, which
    may be a memory map; `hashes` names where pairs come from; `truth` is None where nothing is known but picture and
    caption.
    """
    started, watch = time.monotonic(), Stopwatch(advance)
    folder.mkdir(parents=True, exist_ok=True)
    embed = sentence_encoder()
    with watch.stage("similarities"):
        found = similarities(image_features, captions, backbone.model, settings.chunk)
    hashes = {"backbone_sha256": backbone.weights_sha256, **hashes}
    assignment = cluster_pairs(captions, image_features, found, settings, embed, hashes, watch)
    with watch.stage("pictures"):
        pictures = pictures_of(assignment, truth, captions, images, settings, embed)
    assignment.write(folder / "pairs.npz")
    pictures.write(folder / "pictures.npz")
    write_text(folder / "quality.json", json.dumps(quality(assignment, truth), indent=1) + "\n")
    costs = circumstances(started, torch.device("cpu"), pairs=len(captions), stages=watch.seconds)
    write_text(folder / "costs.json", json.dumps(costs, indent=1) + "\n")
    return assignment
