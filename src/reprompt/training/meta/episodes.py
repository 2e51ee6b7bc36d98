"""Meta-training tasks from topics and domains. Li et al., ICCV 2023, arXiv:2303.06571, section 3.3.

    paper         here        meaning
    C^l           topic       a cluster of image-text pairs, a class of the corpus
    H^l_u         domain      a part of a topic by what its images look like
    tau_t         episode     a K_t-way task: K_t topics, a support and a query set
    D^support     support     images from one domain of each topic
    D^query       query       more images, uniformly from all domains of each topic

B episodes of a meta-batch, K topics of each, S support and Q query images per topic
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class MetaBatch:
    """A meta-batch: `topics` (B, K), `support` (B, K, S) and `query` (B, K, Q) as indices of training images."""

    topics: np.ndarray
    support: np.ndarray
    query: np.ndarray


class EpisodeSampler:
    """Draws episodes from images whose topic and domain are known, `labels` and `domains` (N,); -1 is in no topic.

    `one_domain`: the support set of a topic comes from a single one of its domains, which simulates a domain shift to
    the query set; else from all of them, as the query set does (the ablation of Table 6). Raises ValueError if fewer
    topics than `ways` have images enough.
    """

    def __init__(self, labels: np.ndarray, domains: np.ndarray, ways: int, shots: int, queries: int, one_domain: bool):
        self.ways, self.shots, self.queries, self.one_domain = ways, shots, queries, one_domain
        by_topic = (np.flatnonzero(labels == topic) for topic in range(labels.max() + 1))
        self.domains = [[images[domains[images] == u] for u in np.unique(domains[images])] for images in by_topic]
        self.topics = np.array([topic for topic in range(len(self.domains)) if self._is_enough(topic)])
        if len(self.topics) < ways:
            raise ValueError(
                f"{len(self.topics)} topics have the {shots} + {queries} images that an episode takes of each, and it "
                f"has {ways} topics: ask for fewer, or for larger topics"
            )

    def episodes(self, count: int, stream: np.random.Generator) -> MetaBatch:
        """`count` episodes; topics within one are distinct, and no query image is a support image."""
        topics = np.stack([stream.choice(self.topics, self.ways, replace=False) for _ in range(count)])
        drawn = [[self._draw(topic, stream) for topic in row] for row in topics]
        return MetaBatch(topics, *(np.array([[pair[part] for pair in row] for row in drawn]) for part in (0, 1)))

    def _is_enough(self, topic: int) -> bool:
        sizes = [len(images) for images in self.domains[topic]]
        return sum(sizes) >= self.shots + self.queries and (not self.one_domain or max(sizes) >= self.shots)

    def _draw(self, topic: int, stream: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Support (S,) and query (Q,) of one topic."""
        domains = [stream.permutation(images) for images in self.domains[topic]]
        if self.one_domain:
            chosen = stream.choice([u for u, images in enumerate(domains) if len(images) >= self.shots])
            support, domains[chosen] = np.split(domains[chosen], [self.shots])
            return support, _in_turn(domains, stream)[: self.queries]
        return tuple(np.split(_in_turn(domains, stream)[: self.shots + self.queries], [self.shots]))


def _in_turn(domains: list[np.ndarray], stream: np.random.Generator) -> np.ndarray:
    """All images, one of each domain after the other in an order of chance: the first ones are uniform over domains."""
    order = stream.permutation(len(domains))
    turns = [(turn, rank) for rank, u in enumerate(order) for turn in range(len(domains[u]))]
    return np.array([domains[order[rank]][turn] for turn, rank in sorted(turns)])
