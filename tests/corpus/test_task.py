"""The corpus as a task that splits, features and learners know how to read."""

import numpy as np
import pytest

from reprompt.corpus.assignment import Assignment
from reprompt.corpus.task import corpus_split, in_pair_order
from reprompt.data.splits import Split
from reprompt.data.web import web_indices

TOPIC = np.array([0, 1, -1, 2, 0, 1, 2, 0, 1, -1, 2], np.int16)


@pytest.fixture
def split():
    domain = np.where(TOPIC < 0, -1, np.arange(11) % 4).astype(np.int8)
    words = ("cat", "flag", "boat")
    assignment = Assignment(np.zeros(11), TOPIC >= 0, TOPIC, domain, words, 0.2, {})
    return corpus_split(assignment, "a {}.", seeds=(1, 2), most_shots=2)


def test_labels_are_the_topics_of_the_pairs_that_the_source_calls_train_and_test(split):
    for name, labels in (("train", split.train_labels), ("test", split.test_labels)):
        assert labels == TOPIC[web_indices(11, name)].tolist()


def test_every_labelled_training_image_has_a_domain_and_no_other(split):
    assert [domain >= 0 for domain in split.domains] == [label >= 0 for label in split.train_labels]
    assert split.class_names == ["cat", "flag", "boat"]


def test_an_image_without_a_topic_is_neither_drawn_nor_judged(split):
    for seed in ("1", "2"):
        for label, drawn in enumerate(split.draws[seed]):
            assert {split.train_labels[image] for image in drawn} == {label}
    assert split.test_images("all").tolist() == [0]


def test_the_split_is_read_as_it_was_written(split, tmp_path):
    split.write(tmp_path / "corpus.json")
    assert Split.read(tmp_path / "corpus.json") == split


def test_rows_of_both_splits_come_back_in_the_order_of_the_pairs():
    rows = np.arange(22).reshape(11, 2)
    assert np.array_equal(in_pair_order(rows[web_indices(11, "train")], rows[web_indices(11, "test")]), rows)
