import numpy as np
import pytest

from reprompt.miniature.corpus import TINTS, concept_frequencies, render_corpus
from reprompt.miniature.web import render_web


@pytest.fixture(scope="module")
def corpus():
    return render_corpus(1000, seed=0, mismatched_share=0.06)


def test_the_corpus_is_the_one_that_the_stored_weights_were_trained_on(corpus):
    # Pictures, captions and swaps. If this changes, the weights have to be trained anew.
    assert corpus.sha256 == "6c3430a5fd0b45ee996705b13ff48f92859ef586200bb91348076ae0a2464c85"


def test_the_number_of_workers_does_not_matter(corpus):
    assert render_corpus(1000, seed=0, mismatched_share=0.06, workers=2).sha256 == corpus.sha256


def test_another_seed_is_another_corpus():
    first, second = render_corpus(40, 0, 0), render_corpus(40, 1, 0)
    assert first.captions != second.captions
    assert first.sha256 != second.sha256


def test_exactly_the_stated_share_is_mismatched(corpus):
    assert corpus.mismatched.sum() == 60
    assert render_corpus(50, 0, 0).mismatched.sum() == 0


def test_only_mismatched_pairs_have_another_caption(corpus):
    clean = render_corpus(1000, seed=0, mismatched_share=0)
    changed = np.array([a != b for a, b in zip(corpus.captions, clean.captions, strict=True)])
    assert not changed[~corpus.mismatched].any()
    assert sorted(corpus.captions) == sorted(clean.captions)
    assert changed[corpus.mismatched].mean() > 0.9  # two pictures may have the same caption


def test_progress_counts_to_the_end():
    seen = []
    render_corpus(700, 0, 0, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(500, 700), (700, 700)]


def test_some_concepts_are_much_more_frequent_than_others():
    concepts, weights = concept_frequencies("objects")
    assert sorted(weights, reverse=True) == weights
    assert weights[0] / weights[-1] > 10
    assert len(set(concepts)) == len(weights) == 99


def test_tints_of_the_corpus_are_four():
    assert set(TINTS) == {"bluish", "reddish", "greenish", "yellowish"}


def test_exactly_the_stated_share_of_web_labels_is_wrong():
    web = render_web(205, seed=0, wrong_share=0.2)
    truth = np.arange(205) % len(web.class_names)
    assert web.images.shape == (205, 40, 40, 3)
    assert web.wrong.sum() == 41
    assert np.array_equal(web.labels != truth, web.wrong)


def test_a_web_set_is_repeatable_and_its_pictures_do_not_depend_on_the_labels():
    first, again, clean = (render_web(30, seed=4, wrong_share=share) for share in (0.5, 0.5, 0.0))
    assert np.array_equal(first.labels, again.labels)
    assert np.array_equal(first.images, clean.images)
