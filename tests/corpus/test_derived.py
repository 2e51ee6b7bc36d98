"""Tasks derived from the corpus: their topics are in no meta-training, and their pictures are the corpus's own."""

import numpy as np
import pytest

from reprompt.cells.parameters import DerivedTasks
from reprompt.corpus.derived import REST, derived_splits
from reprompt.data.draws import draw
from reprompt.data.splits import Split
from reprompt.foundation.streams import numpy_stream

TOPICS = 12
SETTINGS = DerivedTasks(classes=2, least_train=8, least_test=2, seed=0)
TEMPLATES = {"corpus_rest": "a {}.", "topics_1": "a {}.", "topics_2": "a photo of a {}."}
FEW = 3  # a topic with too few training pictures


@pytest.fixture
def corpus():
    stream = numpy_stream(0, "topics")
    train = stream.permutation([*np.repeat(np.arange(TOPICS), 10), *[-1] * 30])
    train[np.flatnonzero(train == FEW)[:4]] = -1
    test = stream.permutation([*np.repeat(np.arange(TOPICS), 3), *[-1] * 5])
    names = [f"topic {n}" for n in range(TOPICS)]
    draws = {str(seed): draw(train, TOPICS, "corpus", seed, 2) for seed in (1, 2)}
    domains, of_test = (np.where(labels < 0, -1, labels % 2).tolist() for labels in (train, test))
    return Split("corpus", names, "a {}.", train.tolist(), test.tolist(), draws, 2, domains, of_test)


def names_of(split, labels):
    return [None if label < 0 else split.class_names[label] for label in labels]


def test_every_picture_has_the_name_of_its_topic_or_is_in_no_class(corpus):
    for split in derived_splits(corpus, TEMPLATES, SETTINGS):
        for own, whole in ((split.train_labels, corpus.train_labels), (split.test_labels, corpus.test_labels)):
            for here, there in zip(names_of(split, own), names_of(corpus, whole), strict=True):
                assert here == (there if there in split.class_names else None)


def test_a_topic_is_in_one_task_alone_or_in_the_rest(corpus):
    splits = {split.task: split for split in derived_splits(corpus, TEMPLATES, SETTINGS)}
    assert {task: len(split.class_names) for task, split in splits.items()} == {
        "topics_1": 2,
        "topics_2": 2,
        REST: TOPICS - 4,
    }
    assert sorted(name for split in splits.values() for name in split.class_names) == sorted(corpus.class_names)
    assert corpus.class_names[FEW] in splits[REST].class_names


def test_a_task_is_drawn_and_judged_as_any_other(corpus):
    rest, first, second = derived_splits(corpus, TEMPLATES, SETTINGS)
    assert [split.template for split in (rest, first, second)] == list(TEMPLATES.values())
    images, labels = first.few_shot(2, "base", 2)
    assert labels.tolist() == [0, 0]
    assert {first.train_labels[image] for image in images} == {0}
    assert first.test_images("new").tolist() == np.flatnonzero(np.array(first.test_labels) == 1).tolist()
    assert (rest.domains, rest.test_domains) == (corpus.domains, corpus.test_domains)


def test_another_seed_takes_other_topics(corpus):
    more = derived_splits(corpus, TEMPLATES, SETTINGS.model_copy(update={"seed": 1}))
    assert [split.class_names for split in more] != [
        split.class_names for split in derived_splits(corpus, TEMPLATES, SETTINGS)
    ]


def test_too_few_topics_are_an_error_that_says_how_many_there_are(corpus):
    with pytest.raises(ValueError, match=r"11 topics have 8 training and 2 test images, .* 2 .* of 6 classes take 12"):
        derived_splits(corpus, TEMPLATES, SETTINGS.model_copy(update={"classes": 6}))
