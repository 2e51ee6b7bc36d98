"""Domains: the pictures of a topic in groups of one look."""

import numpy as np
import pytest

from reprompt.corpus.domains import domains_of

LOOKS = np.eye(6, dtype=np.float32)


@pytest.fixture(scope="module")
def pictures():
    """Three topics of 30 pictures, each in three clear looks, and ten pictures of no topic."""
    rng = np.random.default_rng(0)
    look = np.tile([0, 1, 2], 30)
    topic = np.repeat([0, 1, 2], 30)
    features = LOOKS[look + topic] + 0.02 * rng.normal(size=(90, 6))
    order = rng.permutation(100)
    features = np.concatenate([features, rng.normal(size=(10, 6))]).astype(np.float32)
    return features[order], np.append(topic, [-1] * 10)[order], np.append(look, [-1] * 10)[order]


@pytest.fixture(scope="module")
def domain(pictures, clustering):
    return domains_of(*pictures[:2], clustering.domains)


def test_every_pair_of_a_topic_has_a_domain_and_no_other(pictures, domain):
    _, topic, _ = pictures
    assert np.array_equal(domain >= 0, topic >= 0)
    assert domain.max() == 2


def test_a_domain_is_a_look(pictures, domain):
    _, topic, look = pictures
    for number in range(3):
        for which in range(3):
            (of,) = set(domain[(topic == number) & (look == which)])
            assert set(look[(topic == number) & (domain == of)]) == {which}


def test_brightness_of_a_feature_does_not_matter(pictures, domain, clustering):
    features, topic, _ = pictures
    lengths = np.random.default_rng(1).uniform(0.1, 10, size=(100, 1)).astype(np.float32)
    longer = domains_of(features * lengths, topic, clustering.domains)
    assert np.array_equal(longer, domain)


def test_the_same_seed_gives_the_same_domains(pictures, domain, clustering):
    assert np.array_equal(domains_of(*pictures[:2], clustering.domains), domain)


def test_another_topics_pictures_change_nothing(pictures, domain, clustering):
    features, topic, _ = pictures
    changed = features.copy()
    changed[topic == 1] = np.random.default_rng(2).normal(size=(30, 6))
    others = topic != 1
    assert np.array_equal(domains_of(changed, topic, clustering.domains)[others], domain[others])


def test_a_topic_of_few_different_pictures_has_as_many_domains(clustering):
    features = LOOKS[[0, 0, 0, 1, 2]]
    domain = domains_of(features, np.array([0, 0, 0, 0, 1]), clustering.domains)
    assert len(set(domain[:3])) == 1
    assert set(domain[:4]) == {0, 1}
    assert domain[4] == 0


def test_image_features_may_be_a_memory_map(pictures, domain, clustering, tmp_path):
    features, topic, _ = pictures
    np.save(tmp_path / "features.npy", features)
    mapped = np.load(tmp_path / "features.npy", mmap_mode="r")
    assert np.array_equal(domains_of(mapped, topic, clustering.domains), domain)
