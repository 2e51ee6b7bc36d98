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
from collections.abc import Callable
from pathlib import Path

import torch

from reprompt.cells.clustering import Clustering
from reprompt.clip.backbones import Backbone
from reprompt.corpus.assignment import Assignment
from reprompt.corpus.cluster import cluster_pairs
from reprompt.corpus.filter import similarities
from reprompt.corpus.pairs import CorpusPairs
from reprompt.corpus.quality import quality
from reprompt.corpus.sentences import sentence_encoder
from reprompt.corpus.showing import figure_data_of
from reprompt.corpus.stopwatch import Stopwatch
from reprompt.foundation.atomic import write_text
from reprompt.foundation.costs import circumstances

STAGES = 5  # that `advance` is told of


def make_corpus(
    folder: Path,
    pairs: CorpusPairs,
    backbone: Backbone,
    settings: Clustering,
    advance: Callable[[int], None] = lambda stages: None,
) -> Assignment:
    """Filter and cluster N pairs, write all that is made of them to `folder`, and return the assignment."""
    started, watch = time.monotonic(), Stopwatch(advance)
    folder.mkdir(parents=True, exist_ok=True)
    embed = sentence_encoder()
    with watch.stage("similarities"):
        cosines = similarities(pairs.image_features, pairs.captions, backbone.model, settings.chunk)
    assignment = cluster_pairs(pairs, cosines, settings, embed, backbone.weights_sha256, watch)
    with watch.stage("pictures"):
        figure_data = figure_data_of(assignment, pairs, settings, embed)
    assignment.write(folder / "pairs.npz")
    figure_data.write(folder / "pictures.npz")
    write_text(folder / "quality.json", json.dumps(quality(assignment, pairs.truth), indent=1) + "\n")
    costs = circumstances(started, torch.device("cpu"), pairs=len(pairs.captions), stages=watch.seconds)
    write_text(folder / "costs.json", json.dumps(costs, indent=1) + "\n")
    return assignment
