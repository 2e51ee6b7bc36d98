"""The corpus as an ordinary task: its classes are the topics, its images the pairs."""

from collections.abc import Sequence

import numpy as np

from reprompt.corpus.assignment import Assignment
from reprompt.data.draws import draw
from reprompt.data.splits import Split
from reprompt.data.web import web_indices

TASK = "corpus"


def in_pair_order(train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Rows of training images and of held-out ones, (N_train, E) and (N_test, E), in the order of the pairs (N, E)."""
    rows = np.empty((len(train) + len(test), train.shape[1]), train.dtype)
    for split, of_split in (("train", train), ("test", test)):
        rows[web_indices(len(rows), split)] = of_split
    return rows


def corpus_split(assignment: Assignment, template: str, seeds: Sequence[int], most_shots: int) -> Split:
    """The split of the task: topics as labels, -1 for a pair that was dropped or is in none, and domains."""
    train, test = (web_indices(len(assignment.topic), split) for split in ("train", "test"))
    labels, names = assignment.topic[train], list(assignment.topic_words)
    return Split(
        task=TASK,
        class_names=names,
        template=template,
        train_labels=labels.tolist(),
        test_labels=assignment.topic[test].tolist(),
        draws={str(seed): draw(labels, len(names), TASK, seed, most_shots) for seed in seeds},
        most_shots=most_shots,
        domains=assignment.domain[train].tolist(),
    )
