"""Topics of captions: what must hold whatever the topics are."""

import numba
import numpy as np
import pytest
import torch
from hdbscan import approximate_predict

from reprompt.corpus.topics import TopicModel, topics_of


@pytest.fixture(scope="module")
def topic(captions, clustering, embed):
    return topics_of(captions, clustering.topics, clustering.chunk, embed)


def test_captions_of_one_group_and_no_others_share_a_topic(captions, topic):
    groups = np.array([caption.split()[0] for caption in captions])
    for noun in set(groups):
        (number,) = set(topic[groups == noun]) - {-1}
        assert set(groups[topic == number]) == {noun}
    assert (topic < 0).mean() < 0.1


def test_equal_captions_have_equal_topics(captions, topic):
    topic_of = dict(zip(captions, topic, strict=True))
    assert [topic_of[caption] for caption in captions] == topic.tolist()


def test_the_same_seed_gives_the_same_topics(captions, clustering, embed, topic):
    assert np.array_equal(topics_of(captions, clustering.topics, clustering.chunk, embed), topic)


@pytest.mark.parametrize("chunk", [7, 64, 1000])
def test_the_chunk_changes_no_topic(captions, clustering, embed, chunk):
    few = clustering.topics.model_copy(update={"sample": 120})  # so that half of the captions are assigned
    whole, cut = (topics_of(captions, few, size, embed) for size in (10_000, chunk))
    assert np.array_equal(whole, cut)


def test_a_caption_alone_has_the_topic_that_it_has_in_company(model, captions, embed):
    others = captions[120:132]
    together = model.assign(others, embed(others))
    assert [model.assign([caption], embed([caption]))[0] for caption in others] == together.tolist()


def test_a_captions_place_does_not_depend_on_its_company(model, captions, embed):
    umap, others = model.bertopic.umap_model, embed(captions[120:180])
    together = umap.transform(others)
    for few in (others[:1], others[:7]):
        assert umap.transform(few) == pytest.approx(together[: len(few)], abs=1e-4)


def test_the_last_bits_of_an_embedding_change_no_topic(model, captions, embed):
    others = captions[120:180]
    exact = embed(others)
    moved = np.nextafter(exact, np.random.default_rng(0).choice([-1, 1], exact.shape).astype(np.float32))
    assert np.array_equal(model.assign(others, moved), model.assign(others, exact))


def test_new_captions_lie_near_their_group(model, captions, embed):
    umap = model.bertopic.umap_model
    groups = np.array([caption.split()[0] for caption in captions])
    for group, place in zip(groups[120:180], umap.transform(embed(captions[120:180])), strict=True):
        distances = np.linalg.norm(umap.embedding_ - place, axis=1)
        assert groups[distances.argmin()] == group


def test_topics_are_those_of_umap_and_hdbscan(model, captions, embed):
    umap, hdbscan = model.bertopic.umap_model, model.bertopic.hdbscan_model
    others = captions[120:180]
    labels, _ = approximate_predict(hdbscan, umap.transform(embed(others)))
    number_of = {-1: -1} | dict(zip(hdbscan.labels_, model.of_sample, strict=True))
    assert model.assign(others, embed(others)).tolist() == [number_of[label] for label in labels]


def test_topics_are_numbered_from_the_largest_without_gaps(model):
    sizes = np.bincount(model.of_sample[model.of_sample >= 0])
    assert len(sizes) == model.topics
    assert sizes.tolist() == sorted(sizes, reverse=True)
    assert sizes.min() > 0


def test_every_distinct_caption_is_embedded_once_and_a_chunk_at_a_time(captions, clustering, embed):
    seen = []

    def watched(some):
        seen.append(list(some))
        return embed(some)

    topics_of(captions, clustering.topics.model_copy(update={"sample": 120}), 50, watched)
    assert sorted(caption for chunk in seen for caption in chunk) == sorted(set(captions))
    assert [len(chunk) for chunk in seen] == [120, 50, 50, 50]


def test_pytorch_keeps_its_number_of_threads(model, captions, clustering, embed):
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        TopicModel(captions[:120], embed(captions[:120]), clustering.topics)
        assert torch.get_num_threads() == 1
        assert numba.threading_layer() == "workqueue"  # the layer is chosen once, by the first fit of a process
    finally:
        torch.set_num_threads(threads)


def test_captions_that_make_no_topic_are_an_error(clustering, embed):
    captions = [f"{word} {word}" for word in map(str, range(60))]
    with pytest.raises(ValueError, match="60 captions make no topic"):
        TopicModel(captions, embed(captions), clustering.topics.model_copy(update={"min_cluster_size": 55}))
