"""Visual domains: the pictures of a topic in U groups of one look. GRAM (arXiv:2303.06571), section 3.2: k-means."""

import numpy as np
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from reprompt.cells.clustering import DomainClustering
from reprompt.foundation.streams import stream_seed

NONE = -1  # the domain of a picture without a topic


def domains_of(
    image_features: np.ndarray,
    topic: np.ndarray,
    settings: DomainClustering,
) -> np.ndarray:
    """The domain (N,) int8 of every picture within its topic (N,): 0 ... U - 1, or -1 where the topic is -1.

    `image_features` (N, E) are of any length and may be a memory map; one topic's are read at a time and compared by
    cosine. A topic of fewer different pictures than U has as many domains as different pictures. Every topic has a
    random stream of its own: what another one holds changes nothing.
    """
    domain = np.full(len(topic), NONE, np.int8)
    for number in range(int(topic.max(initial=NONE)) + 1):
        pictures = np.flatnonzero(topic == number)
        features = np.array(image_features[pictures], np.float32)
        features /= np.linalg.norm(features, axis=1, keepdims=True)
        domain[pictures] = k_means(features, settings, stream_seed(settings.seed, "domains", number) % 2**32)
    return domain


def k_means(features: np.ndarray, settings: DomainClustering, seed: int) -> np.ndarray:
    """The cluster (n,) of each of n points (n, E), on one thread: sums over several depend on how many they are."""
    clusters = min(settings.per_topic, len(np.unique(features, axis=0)))
    with threadpool_limits(1):
        return KMeans(clusters, n_init=settings.starts, random_state=seed).fit_predict(features)
