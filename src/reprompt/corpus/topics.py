"""Semantic topics: captions in groups of one meaning. GRAM (arXiv:2303.06571), section 3.2: BERTopic's steps.

    paper            here
    Sentence-BERT    sentences.py
    UMAP             SteadyUMAP
    HDBSCAN          hdbscan.HDBSCAN, by excess of mass; what it calls noise belongs to no topic
    L                TopicModel.topics

Both are fitted on a sample of the distinct captions; all others are assigned, chunk by chunk, as `BERTopic.transform`
does it: UMAP puts a caption among its neighbours in the sample, HDBSCAN says whose topic reaches there. So memory is
that of the sample and of one chunk of embeddings. Equal captions count once: one that occurs a hundred times would else
be a topic by itself.
"""

import copy
from collections.abc import Sequence

import numba
import numpy as np
from bertopic import BERTopic
from hdbscan import HDBSCAN
from umap import UMAP

from reprompt.cells.clustering import TopicClustering
from reprompt.corpus.sentences import Embed
from reprompt.foundation.streams import numpy_stream, stream_seed

NONE = -1  # the topic of what belongs to none


class SteadyUMAP(UMAP):
    """UMAP whose `transform` depends on a point alone, not on what else is in the chunk or on the last bit of a number.

    UMAP moves new points by gradient descent: towards their neighbours in the sample, away from random others. How
    many steps it makes depends on the number of points, how far a step goes on the strongest link of all of them to the
    sample, and the random numbers on the bits of a place. So it gives a fortieth of captions another topic when the
    chunk changes. Here the steps are those of a small chunk; a point of the sample goes along, whose link to itself is
    the strongest that there is; and nothing pushes. What remains is the search for neighbours, approximate from 4,096
    captions of the sample on: another chunk changes one topic in some 2,000.
    """

    EPOCHS = 300  # a third of them in `transform`, as UMAP does by itself for up to 10,000 points

    def transform(self, X: np.ndarray) -> np.ndarray:
        """New embeddings (n, D) -> their places (n, n_components)."""
        steady = copy.copy(self)
        steady.n_epochs, steady.repulsion_strength = self.EPOCHS, 0.0
        return UMAP.transform(steady, np.concatenate([self._raw_data[:1], X]))[1:]


class TopicModel:
    """BERTopic fitted on a sample of captions. Topics are numbered from the one with most captions of the sample."""

    def __init__(self, captions: Sequence[str], embeddings: np.ndarray, settings: TopicClustering):
        """Fit on n captions and their embeddings (n, D); raises ValueError where nothing clusters."""
        numba.config.THREADING_LAYER = "workqueue"  # the usual one, OpenMP, also sets PyTorch's number of threads
        seed = stream_seed(settings.seed, "topics") % 2**32
        umap = SteadyUMAP(
            n_neighbors=settings.n_neighbors,
            n_components=settings.n_components,
            min_dist=settings.min_dist,
            metric=settings.metric,
            random_state=seed,
            n_jobs=1,
        )
        hdbscan = HDBSCAN(min_cluster_size=settings.min_cluster_size, prediction_data=True, core_dist_n_jobs=1)
        self.bertopic = BERTopic(umap_model=umap, hdbscan_model=hdbscan)
        topic, _ = self.bertopic.fit_transform(list(captions), embeddings)
        self.of_sample = np.asarray(topic, np.int16)
        if self.topics == 0:
            raise ValueError(
                f"{len(captions)} captions make no topic: lower min_cluster_size {settings.min_cluster_size}"
            )

    @property
    def topics(self) -> int:
        """L, how many there are."""
        return int(self.of_sample.max()) + 1

    def assign(self, captions: Sequence[str], embeddings: np.ndarray) -> np.ndarray:
        """The topics (n,) int16 of new captions with embeddings (n, D), -1 for none: each by itself alone."""
        topic, _ = self.bertopic.transform(list(captions), embeddings)
        return np.asarray(topic, np.int16)


def topics_of(
    captions: Sequence[str],
    settings: TopicClustering,
    chunk: int,
    embed: Embed,
) -> np.ndarray:
    """The topic (N,) int16 of each of N captions, -1 for none.

    `embed` gives the embeddings of some captions; it sees every distinct caption once, at most `chunk` at a time once
    the sample is done.
    """
    distinct = list(dict.fromkeys(captions))
    order = numpy_stream(settings.seed, "captions of the sample").permutation(len(distinct))
    sample, rest = np.sort(order[: settings.sample]), np.sort(order[settings.sample :])
    topic = np.full(len(distinct), NONE, np.int16)
    of_sample = [distinct[index] for index in sample]
    model = TopicModel(of_sample, embed(of_sample), settings)
    topic[sample] = model.of_sample
    for start in range(0, len(rest), chunk):
        indices = rest[start : start + chunk]
        others = [distinct[index] for index in indices]
        topic[indices] = model.assign(others, embed(others))
    index_of = {caption: index for index, caption in enumerate(distinct)}
    return topic[[index_of[caption] for caption in captions]]
