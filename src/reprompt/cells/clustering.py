"""How the corpus is filtered and clustered. The paper says little of it; params.yaml says why each value is so."""

from typing import Literal

from pydantic import PositiveInt, model_validator

from reprompt.foundation.block import Block, NonNegative


class Filtering(Block):
    """Which pairs stay: those whose image-text similarity reaches a threshold, which `rule` makes of `value`.

    similarity: the threshold itself, a cosine; it belongs to one CLIP. kept_fraction: the share of pairs that stay.
    above_random: the threshold is the `value` quantile of the similarity of pictures with other pictures' captions.
    """

    rule: Literal["similarity", "kept_fraction", "above_random"]
    value: float

    @model_validator(mode="after")
    def _is_a_share(self) -> "Filtering":
        if self.rule != "similarity" and not 0 < self.value <= 1:
            raise ValueError(f"{self.rule} is a share: give a value above 0 and at most 1, not {self.value}")
        return self


class TopicClustering(Block):
    """BERTopic's steps: UMAP, then HDBSCAN, fitted on `sample` distinct captions; the rest is assigned to them.

    `min_cluster_size` counts captions of the sample.
    """

    sample: PositiveInt
    n_neighbors: PositiveInt
    n_components: PositiveInt
    min_dist: NonNegative
    metric: Literal["cosine", "euclidean"]
    min_cluster_size: PositiveInt
    seed: int


class DomainClustering(Block):
    """k-means on the pictures of a topic: U domains `per_topic`, the best of `starts` beginnings."""

    per_topic: PositiveInt
    starts: PositiveInt
    seed: int


class Clustering(Block):
    """From pairs to topics and domains. `chunk` is how many pairs are in memory at a time.

    It changes no result but, where the search for neighbours is approximate, one topic in some 2,000: topics.py.
    """

    filter: Filtering
    topics: TopicClustering
    domains: DomainClustering
    chunk: PositiveInt
