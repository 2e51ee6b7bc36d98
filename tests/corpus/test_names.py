"""Topics get different words, and equation 3 alone says which."""

import numpy as np
import pytest

from reprompt.corpus.names import spaced, topic_names
from reprompt.corpus.topic_words import topic_words


def test_without_rivals_the_name_is_the_best_word_of_equation_3():
    captions = ["a cat and a cat", "the boat", "a red boat", "one flag", "two flag", "a lily"]
    topic = np.array([0, 1, 1, 2, 2, 3])
    assert topic_words(captions, topic).topics.tolist() == ["cat", "boat", "flag", "lily"]
    assert topic_names(captions, topic) == ["cat", "boat", "flag", "lily"]


def test_the_larger_topic_gets_a_word_that_two_topics_want():
    captions = ["cat cat red", "cat cat blue", "boat", "flag", "lily"]
    # "cat" 2/3 ln(5/3) = 0.34 in topics 0 and 1; "red", "blue" 1/3 ln(5/2) = 0.31
    assert topic_words(captions, np.arange(5)).topics.tolist() == ["cat", "cat", "boat", "flag", "lily"]
    assert topic_names(captions, np.arange(5)) == ["cat", "blue", "boat", "flag", "lily"]


def test_captions_without_a_topic_say_nothing():
    captions = ["cat", "boat", "boat cat cat", "flag", "dog"]
    topic = np.array([0, 1, -1, 2, -1])
    assert topic_names(captions, topic) == ["cat", "boat", "flag"]


def test_a_stop_word_or_number_that_equation_3_prefers_stays():
    captions = ["the the 7", "a cat", "a boat", "a flag"]
    assert topic_names(captions, np.arange(4))[0] == "the"
    assert topic_names(["7 7 cat", *captions[1:]], np.arange(4))[0] == "7"


def test_a_word_that_does_not_occur_in_a_topic_never_names_it():
    # "a" is in every topic: 2/2 ln(3/4) < 0, less than the zero of words that topic 2 does not have
    assert topic_names(["a cat", "a boat", "a a"], np.arange(3)) == ["cat", "boat", "a"]


def test_punctuation_is_not_part_of_a_word():
    assert spaced('a cat, "red"; one (old) boat.').split() == [
        *("a", "cat", ",", '"', "red", '"', ";", "one", "(", "old", ")", "boat", "."),
    ]
    assert topic_names(["cat, cat", "boat", "flag"], np.arange(3)) == ["cat", "boat", "flag"]


def test_a_topic_whose_words_are_all_taken_is_an_error():
    with pytest.raises(ValueError, match="every word of topic 1 already names a larger one"):
        topic_names(["cat", "cat", "boat", "flag"], np.arange(4))
