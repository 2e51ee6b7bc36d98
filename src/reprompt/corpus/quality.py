"""How good filter and topics are. The truth is known of rendered pairs alone; nothing here is fed back."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import adjusted_rand_score, roc_auc_score, roc_curve

from reprompt.corpus.assignment import Assignment


@dataclass(frozen=True)
class Truth:
    """What is known of N rendered pairs: whether the caption is another picture's, and what the picture shows."""

    mismatched: np.ndarray
    families: Sequence[str]
    concepts: Sequence[str]


@dataclass(frozen=True)
class Roc:
    """For falling thresholds, the shares of mismatched and of matched pairs that stay: (T,) each; `area` under it."""

    mismatched_stay: np.ndarray
    matched_stay: np.ndarray
    area: float


def roc(similarity: np.ndarray, mismatched: np.ndarray) -> Roc:
    """The curve over all thresholds of similarity (N,) for pairs that are mismatched (N,) or not."""
    score = similarity.astype(np.float32)
    mismatched_stay, matched_stay, _ = roc_curve(~mismatched, score)
    return Roc(mismatched_stay, matched_stay, float(roc_auc_score(~mismatched, score)))


def filter_counts(kept: np.ndarray, mismatched: np.ndarray) -> dict[str, int]:
    """Pairs by what they are and what became of them."""
    return {
        f"{what}_{became}": int((pairs & outcome).sum())
        for what, pairs in (("matched", ~mismatched), ("mismatched", mismatched))
        for became, outcome in (("kept", kept), ("dropped", ~kept))
    }


def purity(clusters: np.ndarray, truth: Sequence[str]) -> float:
    """The share of members (n,) that belong to the commonest true group of their cluster."""
    _, groups = np.unique(np.asarray(truth), return_inverse=True)
    counts = np.zeros((clusters.max() + 1, groups.max() + 1), np.int64)
    np.add.at(counts, (clusters, groups), 1)
    return float(counts.max(axis=1).sum() / len(clusters))


def agreement(topic: np.ndarray, truth: Sequence[str]) -> dict[str, float]:
    """Adjusted Rand index and purity of topics (N,) against true groups (N,), over the pairs that have a topic."""
    clustered = topic >= 0
    groups = np.asarray(truth)[clustered]
    return {
        "adjusted_rand_index": float(adjusted_rand_score(groups, topic[clustered])),
        "purity": purity(topic[clustered], groups),
    }


def quality(assignment: Assignment, truth: Truth | None) -> dict:
    """Everything that is measured, for a JSON file: `filter` and `topics`; without the truth, what can be counted."""
    kept, topic = assignment.kept, assignment.topic
    sizes = np.bincount(topic[topic >= 0])
    topics = {
        "topics": len(sizes),
        "pairs_per_topic": {"least": int(sizes.min()), "median": float(np.median(sizes)), "most": int(sizes.max())},
        "kept_without_topic": float((topic[kept] < 0).mean()),
    }
    if truth is None:
        counts = {"kept": int(kept.sum()), "dropped": int((~kept).sum())}
        return {"filter": {"threshold": assignment.threshold, **counts}, "topics": topics}
    return {
        "filter": {
            "area_under_roc": roc(assignment.similarity, truth.mismatched).area,
            "threshold": assignment.threshold,
            **filter_counts(kept, truth.mismatched),
        },
        "topics": {
            **topics,
            "families": agreement(topic, truth.families),
            "concepts": agreement(topic, truth.concepts),
        },
    }
