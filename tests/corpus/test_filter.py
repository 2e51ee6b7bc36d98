"""Mismatched pairs leave by similarity; memory does not grow with the corpus."""

import weakref

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from reprompt.cells.clustering import Filtering
from reprompt.clip.text import encode_texts
from reprompt.corpus import filter as pairs_filter
from reprompt.corpus.filter import Similarities, caption_features, kept_pairs, similarities, threshold_of

NOUNS = ["cat", "a boat with a red sail", "flag", "white lily in the garden of my aunt", "tram"]
CAPTIONS = [f"{NOUNS[i % 5]} {i % 7}" for i in range(50)]


@pytest.fixture(scope="module")
def features():
    return np.random.default_rng(0).normal(size=(50, 24)).astype(np.float32)


def test_similarity_is_the_cosine_with_the_own_caption_and_with_the_one_before(tiny, features):
    measured = similarities(features, CAPTIONS, tiny.model, chunk=16)
    with torch.no_grad():
        cosines = F.normalize(torch.from_numpy(features), dim=-1) @ encode_texts(tiny.model, CAPTIONS).T
    assert measured.own == pytest.approx(cosines.diagonal().numpy(), abs=1e-5)
    before = cosines[torch.arange(50), torch.arange(-1, 49) % 50]
    assert measured.another == pytest.approx(before.numpy(), abs=1e-5)


@pytest.mark.parametrize("chunk", [1, 7, 49, 1000])
def test_the_chunk_changes_nothing(tiny, features, chunk):
    whole, cut = (similarities(features, CAPTIONS, tiny.model, size) for size in (50, chunk))
    assert cut.own == pytest.approx(whole.own, abs=1e-6)
    assert cut.another == pytest.approx(whole.another, abs=1e-6)


def test_image_features_may_be_a_memory_map(tiny, features, tmp_path):
    np.save(tmp_path / "features.npy", features)
    mapped = np.load(tmp_path / "features.npy", mmap_mode="r")
    assert (
        similarities(mapped, CAPTIONS, tiny.model, 16).own.tolist()
        == similarities(features, CAPTIONS, tiny.model, 16).own.tolist()
    )
    assert np.array_equal(mapped, features)


def test_text_features_of_more_than_two_chunks_are_never_held(tiny, monkeypatch):
    held, most = [], 0

    def watched(model, captions):
        nonlocal most
        features = caption_features(model, captions)
        held.append(weakref.ref(features))
        most = max(most, sum(len(array) for ref in held if (array := ref()) is not None))
        return features

    monkeypatch.setattr(pairs_filter, "caption_features", watched)
    similarities(np.ones((400, 24), np.float32), CAPTIONS * 8, tiny.model, chunk=20)
    assert len(held) == 21
    assert most <= 41


def test_the_tower_never_gets_more_captions_than_fit(tiny, monkeypatch):
    lengths = []

    def watched(model, texts):
        lengths.append(len(texts))
        return encode_texts(model, texts)

    monkeypatch.setattr(pairs_filter, "encode_texts", watched)
    monkeypatch.setattr(pairs_filter, "CAPTIONS_AT_A_TIME", 8)
    encoded = caption_features(tiny.model, CAPTIONS)
    assert max(lengths) <= 8
    assert sum(lengths) == len(set(CAPTIONS))
    with torch.no_grad():
        assert encoded == pytest.approx(encode_texts(tiny.model, CAPTIONS).numpy(), abs=1e-5)


def test_a_missing_image_is_an_error(tiny, features):
    with pytest.raises(ValueError, match="49 image features for 50 captions"):
        similarities(features[:49], CAPTIONS, tiny.model, 16)


@pytest.mark.parametrize("fraction", [0.001, 0.5, 0.9, 1])
def test_the_given_fraction_stays_and_it_is_the_best(fraction):
    own = np.random.default_rng(1).permutation(1000).astype(np.float32)
    cosines = Similarities(own, own)
    kept = kept_pairs(cosines, threshold_of(cosines, Filtering(rule="kept_fraction", value=fraction)))
    assert kept.sum() == 1000 * fraction
    assert fraction == 1 or own[kept].min() > own[~kept].max()


def test_a_threshold_given_as_a_similarity_is_that():
    cosines = Similarities(np.array([0.1, 0.25, 0.3]), np.zeros(3))
    threshold = threshold_of(cosines, Filtering(rule="similarity", value=0.25))
    assert kept_pairs(cosines, threshold).tolist() == [False, True, True]


def test_above_random_looks_at_other_pairs_captions_only():
    cosines = Similarities(np.array([0.1, 0.5, 0.9]), np.linspace(0, 1, 101))
    assert threshold_of(cosines, Filtering(rule="above_random", value=0.95)) == pytest.approx(0.95)
    assert (
        threshold_of(Similarities(cosines.own + 1, cosines.another), Filtering(rule="above_random", value=0.5)) == 0.5
    )


@pytest.mark.parametrize("rule", ["kept_fraction", "above_random"])
@pytest.mark.parametrize("value", [0, 1.5, -0.1])
def test_a_share_outside_zero_and_one_is_refused(rule, value):
    with pytest.raises(ValueError, match="is a share"):
        Filtering(rule=rule, value=value)
