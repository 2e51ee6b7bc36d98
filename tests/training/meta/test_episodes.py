"""Meta-training tasks: what is in an episode, and what must not be."""

import numpy as np
import pytest

from reprompt.training.meta.episodes import EpisodeSampler

TOPICS, DOMAINS, EACH = 6, 3, 10
LABELS = np.repeat(np.arange(TOPICS), DOMAINS * EACH)
OF_DOMAIN = np.tile(np.repeat(np.arange(DOMAINS), EACH), TOPICS)


def sampler(one_domain=True, **changed):
    settings = {"ways": 4, "shots": 5, "queries": 9} | changed
    return EpisodeSampler(LABELS, OF_DOMAIN, **settings, one_domain=one_domain)


def episodes(count=40, **settings):
    return sampler(**settings).episodes(count, np.random.default_rng(3))


def test_an_episode_has_distinct_topics_and_so_many_images_of_each():
    batch = episodes()
    assert batch.topics.shape == (40, 4) and batch.support.shape == (40, 4, 5) and batch.query.shape == (40, 4, 9)
    assert all(len(set(row)) == 4 for row in batch.topics.tolist())
    for part in (batch.support, batch.query):
        assert (LABELS[part] == batch.topics[..., None]).all()


def test_the_support_set_of_a_topic_is_from_one_domain_and_not_always_the_same():
    domains = OF_DOMAIN[episodes().support]
    assert (domains == domains[..., :1]).all()
    assert set(domains[..., 0].ravel()) == set(range(DOMAINS))


def test_the_query_set_is_from_all_domains_alike():
    domains = OF_DOMAIN[episodes().query]
    counts = np.stack([(domains == u).sum(axis=-1) for u in range(DOMAINS)])
    assert (counts == 3).all()


def test_no_query_image_is_a_support_image():
    for one_domain in (True, False):
        batch = episodes(one_domain=one_domain)
        both = np.concatenate([batch.support, batch.query], axis=-1)
        assert all(len(set(images)) == 14 for images in both.reshape(-1, 14).tolist())


def test_without_domain_shift_the_support_set_is_from_all_domains():
    domains = OF_DOMAIN[episodes(one_domain=False).support]
    assert all(set(of_topic) == set(range(DOMAINS)) for of_topic in domains.reshape(-1, 5).tolist())


def test_a_topic_with_too_few_images_is_never_drawn():
    labels = np.where(np.arange(len(LABELS)) % 30 < 13, LABELS, -1)  # 13 of each topic are left: 10 and 3 of a domain
    labels[LABELS > 1] = LABELS[LABELS > 1]
    batch = EpisodeSampler(labels, OF_DOMAIN, 4, 5, 9, one_domain=True).episodes(40, np.random.default_rng(0))
    assert set(batch.topics.ravel()) == {2, 3, 4, 5}


def test_too_few_topics_are_refused_with_the_numbers():
    with pytest.raises(
        ValueError, match="6 topics have the 5 \\+ 9 images that an episode takes of each, and it has 7"
    ):
        sampler(ways=7)


def test_the_same_stream_gives_the_same_episodes():
    assert all(
        np.array_equal(one, other) for one, other in zip(*(vars(episodes()).values() for _ in range(2)), strict=True)
    )
