"""Choosing and arranging what the figures of the corpus show."""

from collections.abc import Sequence

import numpy as np
from umap import UMAP

from reprompt.cells.clustering import Clustering
from reprompt.corpus.assignment import Assignment
from reprompt.corpus.pairs import CorpusPairs
from reprompt.corpus.pictures import CorpusFigureData
from reprompt.corpus.quality import Truth, roc
from reprompt.corpus.sentences import Embed
from reprompt.foundation.streams import numpy_stream, stream_seed

CURVE = 400  # points of the curve, at most
CAPTIONS = 2000  # distinct captions on the map, at most
EXACT = 4096  # points: from here on UMAP searches for neighbours approximately
APART = 0.3  # how far UMAP keeps points of the map apart; topics are found with none of it
TOPICS = 4  # of which pictures are shown
PICTURES = 3  # of each domain


def figure_data_of(assignment: Assignment, pairs: CorpusPairs, settings: Clustering, embed: Embed) -> CorpusFigureData:
    """Choose and arrange what is shown.

    Where the truth is not known the curve has no points and all families are "".
    """
    captions, truth = pairs.captions, pairs.truth
    mismatched_stay, matched_stay = filter_curve(assignment, truth)
    on_map = captions_on_map(assignment, captions, settings.topics.seed)
    shown, examples_of = example_pairs(assignment, settings.domains.per_topic)
    examples = pairs.images([0, *examples_of.ravel()])[1:]  # never asks for no picture at all
    return CorpusFigureData(
        mismatched_stay=mismatched_stay,
        matched_stay=matched_stay,
        map_xy=flat_map(embed([captions[pair] for pair in on_map]), settings),
        map_topic=assignment.topic[on_map],
        map_family=np.array([truth.families[pair] if truth else "" for pair in on_map]),
        topic_words=np.array(assignment.topic_words),
        example_topics=shown,
        examples=examples.reshape(*examples_of.shape, *examples.shape[1:]),
    )


def filter_curve(assignment: Assignment, truth: Truth | None) -> tuple[np.ndarray, np.ndarray]:
    """The shares of mismatched and of matched pairs that stay at some thresholds (T,); none without the truth."""
    if truth is None:
        return np.empty(0, np.float32), np.empty(0, np.float32)
    curve = roc(assignment.similarity, truth.mismatched)
    points = np.unique(np.linspace(0, len(curve.matched_stay) - 1, CURVE).round().astype(int))
    return curve.mismatched_stay[points].astype(np.float32), curve.matched_stay[points].astype(np.float32)


def captions_on_map(assignment: Assignment, captions: Sequence[str], seed: int) -> np.ndarray:
    """Kept pairs with different captions, drawn at random: indices (n,) in their order."""
    first = {captions[pair]: pair for pair in np.flatnonzero(assignment.kept)[::-1]}
    pairs = np.sort(list(first.values()))
    return np.sort(numpy_stream(seed, "captions on the map").permutation(pairs)[:CAPTIONS])


def flat_map(embeddings: np.ndarray, settings: Clustering) -> np.ndarray:
    """Embeddings (n, D) in two dimensions (n, 2), by UMAP.

    Neighbours are searched for as they were for the topics, as the other way would have to be compiled now.
    """
    topics = settings.topics
    flat = UMAP(
        n_neighbors=topics.n_neighbors,
        n_components=2,
        metric=topics.metric,
        min_dist=APART,
        random_state=stream_seed(topics.seed, "map of captions") % 2**32,
        n_jobs=1,
        force_approximation_algorithm=topics.sample >= EXACT,
    )
    return flat.fit_transform(embeddings).astype(np.float32)


def example_pairs(assignment: Assignment, domains: int) -> tuple[np.ndarray, np.ndarray]:
    """Some topics (t,), from the largest to the smallest that can be shown, and pairs of each domain (t, U, p).

    A topic is shown if each of its domains has enough pictures; of these the first ones are shown.
    """
    rows: dict[int, np.ndarray] = {}
    for topic in range(len(assignment.topic_words)):
        members = [
            np.flatnonzero((assignment.topic == topic) & (assignment.domain == domain)) for domain in range(domains)
        ]
        if min(map(len, members)) >= PICTURES:
            rows[topic] = np.stack([pairs[:PICTURES] for pairs in members])
    chosen = np.linspace(0, len(rows) - 1, min(TOPICS, len(rows))).round().astype(int)
    shown = np.array(list(rows), np.int16)[chosen]
    return shown, np.array([rows[topic] for topic in shown], np.int64).reshape(-1, domains, PICTURES)
