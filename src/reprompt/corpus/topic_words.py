"""The word that names a topic: cluster-wise TF-IDF. GRAM (arXiv:2303.06571) eq. 3, exactly as printed.

    paper    here                   meaning
    N_w,l    counts                 how often word w occurs in cluster l
    N_l      words_in_cluster       words in cluster l
    L        clusters               number of clusters
    L_w      clusters_with_word     clusters that contain w

The weight is N_w,l / N_l * ln(L / (L_w + 1)): below zero for a word in all clusters, zero for a word in all but one.
BERTopic's own class-based weighting differs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class TopicWords:
    """`vocabulary` (V,), sorted; `counts` and `weights` (L, V)."""

    vocabulary: np.ndarray
    counts: np.ndarray
    weights: np.ndarray

    @property
    def topics(self) -> np.ndarray:
        """The best word of each cluster (L,); of equals the first in the alphabet."""
        return self.vocabulary[self.weights.argmax(axis=1)]


def topic_words(sentences: Sequence[str], cluster: Sequence[int]) -> TopicWords:
    """Score the lower-cased, blank-separated words of sentences whose clusters are numbered 0 ... L - 1.

    Raises ValueError for a cluster without words.
    """
    words = [sentence.lower().split() for sentence in sentences]
    vocabulary, columns = np.unique([word for sentence in words for word in sentence], return_inverse=True)
    clusters = int(max(cluster)) + 1
    counts = np.zeros((clusters, len(vocabulary)), np.int64)
    np.add.at(counts, (np.repeat(cluster, [len(sentence) for sentence in words]), columns), 1)
    words_in_cluster = counts.sum(axis=1, keepdims=True)
    if not words_in_cluster.all():
        empty = np.flatnonzero(words_in_cluster[:, 0] == 0).tolist()
        raise ValueError(f"clusters {empty} hold no words: number the clusters 0 ... L - 1 without gaps")
    clusters_with_word = (counts > 0).sum(axis=0)
    return TopicWords(vocabulary, counts, counts / words_in_cluster * np.log(clusters / (clusters_with_word + 1)))
