"""GRAM's cluster-wise TF-IDF."""

import math

import numpy as np
import pytest

from reprompt.corpus.topic_words import topic_words

SENTENCES = ["a red dog", "a dog", "a blue car", "the car a car", "a green tree", "a tree and a dog"]
CLUSTERS = [0, 0, 1, 1, 2, 2]


def weight(words, cluster, word):
    return words.weights[cluster, words.vocabulary.tolist().index(word)]


def test_a_case_worked_by_hand():
    """Three clusters; "car" is 3 of cluster 1's 7 words and in no other cluster, "dog" is in two of three."""
    words = topic_words(SENTENCES, CLUSTERS)
    assert weight(words, 1, "car") == pytest.approx(3 / 7 * math.log(3 / 2))
    assert weight(words, 0, "dog") == pytest.approx(2 / 5 * math.log(3 / 3)) == 0
    assert weight(words, 0, "a") == pytest.approx(2 / 5 * math.log(3 / 4))
    assert words.topics.tolist() == ["red", "car", "tree"]


def test_a_word_in_all_clusters_weighs_less_than_nothing_and_in_all_but_one_nothing():
    words = topic_words(SENTENCES, CLUSTERS)
    assert all(weight(words, cluster, "a") < 0 for cluster in range(3))
    assert all(weight(words, cluster, "dog") == 0 for cluster in range(3))


def test_counts_and_weights_equal_a_double_loop():
    words = topic_words(SENTENCES, CLUSTERS)
    words_of = [
        " ".join(s for s, c in zip(SENTENCES, CLUSTERS, strict=True) if c == cluster).split() for cluster in range(3)
    ]
    for cluster, here in enumerate(words_of):
        for v, word in enumerate(words.vocabulary):
            assert words.counts[cluster, v] == here.count(word)
            clusters_with_word = sum(word in other for other in words_of)
            expected = here.count(word) / len(here) * math.log(3 / (clusters_with_word + 1))
            assert words.weights[cluster, v] == pytest.approx(expected)


def test_case_and_the_order_of_sentences_do_not_matter():
    words = topic_words(SENTENCES, CLUSTERS)
    shuffled = topic_words([s.upper() for s in SENTENCES[::-1]], CLUSTERS[::-1])
    assert np.array_equal(words.vocabulary, shuffled.vocabulary) and np.array_equal(words.weights, shuffled.weights)


def test_of_equals_the_first_in_the_alphabet_names_the_topic():
    assert topic_words(["zebra yak", "cat", "dog"], [0, 1, 2]).topics.tolist() == ["yak", "cat", "dog"]


def test_a_cluster_without_words_is_an_error():
    with pytest.raises(ValueError, match=r"clusters \[1\] hold no words"):
        topic_words(["a dog", "a cat"], [0, 2])
