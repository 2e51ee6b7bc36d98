"""The corpus as an ordinary task: its classes are the topics, its images the pairs."""

from collections.abc import Sequence

from reprompt.chc.assignment import Assignment
from reprompt.data.draws import draw
from reprompt.data.splits import Split
from reprompt.data.web import places_of

TASK = "corpus"
TEMPLATE = "a photo of a {}."


def corpus_split(assignment: Assignment, seeds: Sequence[int], most_shots: int) -> Split:
    """The split of the task: topics as labels, -1 for a pair that was dropped or is in none, and domains."""
    train, test = (places_of(len(assignment.topic), split) for split in ("train", "test"))
    labels, names = assignment.topic[train], list(assignment.topic_words)
    return Split(
        task=TASK,
        class_names=names,
        template=TEMPLATE,
        train_labels=labels.tolist(),
        test_labels=assignment.topic[test].tolist(),
        draws={str(seed): draw(labels, len(names), TASK, seed, most_shots) for seed in seeds},
        most_shots=most_shots,
        domains=assignment.domain[train].tolist(),
    )
