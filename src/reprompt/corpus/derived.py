"""Tasks derived from the corpus, so that settings of GRAM are chosen on them and never on a downstream task.

Some topics are taken out of meta-training, by chance, and put together into classification tasks: their classes are the
topics, named by the topic words, their training and test images the pairs of these. What is left is the task
`corpus_rest`, on which meta-training never sees them. All of them show the corpus's pictures: a picture that is not in
a task has the label -1 there.

    N training and M test images of the corpus, L topics
"""

from collections.abc import Mapping, Sequence

import numpy as np

from reprompt.cells.parameters import DerivedTasks
from reprompt.data.draws import draw
from reprompt.data.splits import Split
from reprompt.foundation.streams import numpy_stream

REST = "corpus_rest"
NONE = -1  # the label of a picture that is in no topic


def derived_splits(corpus: Split, templates: Mapping[str, str], settings: DerivedTasks) -> list[Split]:
    """The splits of derived tasks, and of what is left, from that of the corpus; `templates` are theirs by task.

    Raises ValueError where too few topics have the pictures that settings ask for.
    """
    tasks = [task for task in templates if task != REST]
    of_task = dict(zip(tasks, topics_of_tasks(corpus, len(tasks), settings), strict=True))
    taken = np.concatenate([*of_task.values()])
    of_task[REST] = np.setdiff1d(np.arange(len(corpus.class_names)), taken)
    return [_of_topics(corpus, task, of_task[task], template) for task, template in templates.items()]


def topics_of_tasks(corpus: Split, tasks: int, settings: DerivedTasks) -> np.ndarray:
    """The topics (tasks, classes) of derived tasks, by a stream of their own among those with pictures enough."""
    topics = len(corpus.class_names)
    train, test = (_pictures_of_topics(labels, topics) for labels in (corpus.train_labels, corpus.test_labels))
    enough = np.flatnonzero((train >= settings.least_train) & (test >= settings.least_test))
    wanted = tasks * settings.classes
    if len(enough) < wanted:
        raise ValueError(
            f"{len(enough)} topics have {settings.least_train} training and {settings.least_test} test images, and "
            f"{tasks} derived tasks of {settings.classes} classes take {wanted}: lower gram.derived in params.yaml"
        )
    return numpy_stream(settings.seed, "derived tasks").permutation(enough)[:wanted].reshape(tasks, -1)


def _pictures_of_topics(labels: Sequence[int], topics: int) -> np.ndarray:
    labels = np.asarray(labels)
    return np.bincount(labels[labels != NONE], minlength=topics)


def _of_topics(corpus: Split, task: str, topics: np.ndarray, template: str) -> Split:
    """The corpus with these topics alone, numbered in this order; domains stay as they are."""
    number = np.full(len(corpus.class_names) + 1, NONE)  # the last stands for no topic, whose label is -1
    number[topics] = np.arange(len(topics))
    train, test = (number[np.asarray(labels)] for labels in (corpus.train_labels, corpus.test_labels))
    seeds = map(int, corpus.draws)
    return Split(
        task=task,
        class_names=[corpus.class_names[topic] for topic in topics],
        template=template,
        train_labels=train.tolist(),
        test_labels=test.tolist(),
        draws={str(seed): draw(train, len(topics), task, seed, corpus.most_shots) for seed in seeds},
        most_shots=corpus.most_shots,
        domains=corpus.domains,
        test_domains=corpus.test_domains,
        listing=corpus.listing,
    )
