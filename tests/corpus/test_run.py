"""The whole way from rendered pairs to the files that meta-training and the report read, with a random CLIP."""

import io
import json
import tarfile
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from reprompt.clip.features import encode_images
from reprompt.corpus.assignment import Assignment, stored_assignment
from reprompt.corpus.cluster import inputs_of
from reprompt.corpus.from_files import make_file_corpus
from reprompt.corpus.pairs import CorpusPairs
from reprompt.corpus.pictures import CorpusFigureData
from reprompt.corpus.quality import Truth
from reprompt.corpus.rendered import make_rendered_corpus
from reprompt.corpus.run import STAGES, make_corpus
from reprompt.data.files.pairs import Pairs
from reprompt.data.preparation import Preparation
from reprompt.figures.gram.corpus import CORPUS_FIGURES, corpus_figure
from reprompt.miniature.corpus import render_corpus


@pytest.fixture(scope="module")
def settings(clustering):
    few = {"sample": 150, "n_neighbors": 5, "min_cluster_size": 5}
    return clustering.model_copy(update={"topics": clustering.topics.model_copy(update=few)})


@pytest.fixture(scope="module")
def corpus():
    return render_corpus(pairs=400, seed=5, mismatched_share=0.1)


@pytest.fixture(scope="module")
def rows(corpus, tiny):
    """The image features of all pairs."""
    return encode_images(tiny, corpus.images).numpy()


@pytest.fixture(scope="module")
def folder(tmp_path_factory, corpus, tiny, settings, model, rows):
    folder = tmp_path_factory.mktemp("corpus")
    make_rendered_corpus(folder, corpus, rows, tiny, settings)
    return folder


@pytest.fixture(scope="module")
def assignment(folder):
    return Assignment.read(folder / "pairs.npz")


def test_exactly_the_kept_pairs_are_above_the_threshold(assignment):
    assert assignment.kept.sum() == 360
    assert assignment.similarity[assignment.kept].min() >= np.float16(assignment.threshold)
    assert assignment.similarity[~assignment.kept].max() <= np.float16(assignment.threshold)


def test_only_kept_pairs_have_a_topic_and_every_pair_of_a_topic_has_a_domain(assignment, settings):
    assert (assignment.topic[~assignment.kept] == -1).all()
    assert np.array_equal(assignment.domain >= 0, assignment.topic >= 0)
    assert assignment.domain.max() < settings.domains.per_topic


def test_equal_captions_of_kept_pairs_have_equal_topics(assignment, corpus):
    topic_of = {}
    for pair in np.flatnonzero(assignment.kept):
        assert topic_of.setdefault(corpus.captions[pair], assignment.topic[pair]) == assignment.topic[pair]


def test_every_topic_has_pairs_and_a_word_of_its_own_that_occurs_in_it(assignment, corpus):
    words = assignment.topic_words
    assert len(words) == len(set(words)) == assignment.topic.max() + 1
    for topic, word in enumerate(words):
        pairs = np.flatnonzero(assignment.topic == topic)
        assert any(word in corpus.captions[pair].lower() for pair in pairs)


def test_the_file_says_what_it_was_made_from(assignment, corpus, tiny, settings):
    assert assignment.made_from["corpus_sha256"] == corpus.sha256
    assert assignment.made_from["backbone_sha256"] == tiny.weights_sha256
    assert assignment.made_from["settings"] == settings.model_dump(mode="json")
    assert set(assignment.made_from["versions"]) >= {"bertopic", "hdbscan", "umap-learn"}


def test_the_truth_is_measured_and_changes_nothing(folder, corpus, tiny, settings, tmp_path, rows):
    shuffled = Truth(~corpus.mismatched, corpus.concepts, corpus.families)
    pairs = CorpusPairs(corpus.captions, corpus.images.__getitem__, rows, corpus.sha256, shuffled)
    again = make_corpus(tmp_path, pairs, tiny, settings)
    assert again.made_from["corpus_sha256"] == corpus.sha256
    assert (tmp_path / "pairs.npz").read_bytes() == (folder / "pairs.npz").read_bytes()
    before, after = (json.loads((made / "quality.json").read_text()) for made in (folder, tmp_path))
    assert after["filter"]["area_under_roc"] == pytest.approx(1 - before["filter"]["area_under_roc"])
    assert after["topics"]["families"] == before["topics"]["concepts"]


def test_the_chunk_changes_no_pair(corpus, assignment, tiny, settings, tmp_path, rows):
    other = settings.model_copy(update={"chunk": 37})
    again = make_rendered_corpus(tmp_path, corpus, rows, tiny, other)
    for name in ("kept", "topic", "domain"):
        assert np.array_equal(getattr(again, name), getattr(assignment, name))
    assert again.topic_words == assignment.topic_words


def test_a_stored_assignment_of_the_same_pairs_weights_and_settings_is_used(
    corpus, assignment, tiny, settings, tmp_path, rows
):
    """As it may be on another processor: with other topics and by other versions."""
    made_from = assignment.made_from | {"versions": {"umap-learn": "another"}}
    topic = np.where(assignment.topic == 0, 1, assignment.topic)
    replace(assignment, topic=topic, made_from=made_from).write(tmp_path / "pairs.npz")
    before, done = (tmp_path / "pairs.npz").read_bytes(), []
    again = make_rendered_corpus(tmp_path, corpus, rows, tiny, settings, done.append)
    assert np.array_equal(again.topic, topic)
    assert (tmp_path / "pairs.npz").read_bytes() == before
    assert sum(done) == STAGES
    assert CorpusFigureData.read(tmp_path / "pictures.npz").topic_words.tolist() == list(assignment.topic_words)


@pytest.mark.parametrize("name", ["settings", "captions_sha256", "backbone_sha256", "corpus_sha256"])
def test_one_of_anything_else_is_made_anew(assignment, corpus, settings, tmp_path, rows, name):
    pairs = CorpusPairs(corpus.captions, corpus.images.__getitem__, rows, corpus.sha256)
    inputs = inputs_of(pairs, settings, "random")
    assignment.write(tmp_path / "pairs.npz")
    assert stored_assignment(tmp_path / "pairs.npz", inputs).made_from == assignment.made_from
    assert stored_assignment(tmp_path / "pairs.npz", inputs | {name: "other"}) is None
    assert stored_assignment(tmp_path / "missing.npz", inputs) is None


def test_pictures_are_of_the_topics_and_domains_that_they_stand_for(folder, assignment, corpus):
    pictures = CorpusFigureData.read(folder / "pictures.npz")
    assert len(pictures.map_xy) == len({corpus.captions[pair] for pair in np.flatnonzero(assignment.kept)})
    assert pictures.examples.shape[1:] == (3, 3, 40, 40, 3)
    assert len(pictures.examples) == len(pictures.example_topics) > 0
    for topic, domains in zip(pictures.example_topics, pictures.examples, strict=True):
        for domain, shown in enumerate(domains):
            pairs = np.flatnonzero((assignment.topic == topic) & (assignment.domain == domain))
            assert np.array_equal(shown, corpus.images[pairs[:3]])


def test_nothing_else_is_left_and_every_stage_is_counted(folder, tiny, settings, tmp_path):
    assert sorted(path.name for path in folder.iterdir()) == ["costs.json", "pairs.npz", "pictures.npz", "quality.json"]
    assert len(json.loads((folder / "costs.json").read_text())["stages"]) == STAGES


@pytest.fixture(scope="module")
def shards(tmp_path_factory, corpus):
    """The rendered pairs as img2dataset would leave them, in PNG, so that no pixel differs."""
    folder = tmp_path_factory.mktemp("shards")
    with tarfile.open(folder / "00000.tar", "w") as archive:
        for n, (image, caption) in enumerate(zip(corpus.images, corpus.captions, strict=True)):
            picture = io.BytesIO()
            Image.fromarray(image).save(picture, "PNG")
            for ending, content in (("png", picture.getvalue()), ("txt", caption.encode())):
                member = tarfile.TarInfo(f"{n:09d}.{ending}")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return folder


def test_pairs_on_disk_are_clustered_as_the_same_pairs_in_memory(shards, assignment, tiny, settings, tmp_path, rows):
    pairs = Pairs(shards, Preparation(40), workers=2, index=tmp_path / "index")
    again = make_file_corpus(tmp_path, pairs, rows, tiny, settings)
    assert np.array_equal(again.topic, assignment.topic)
    assert np.array_equal(again.domain, assignment.domain)
    assert json.loads((tmp_path / "skipped.json").read_text()) == {"unreadable": 0, "without_caption": 0, "used": 400}
    for name in CORPUS_FIGURES:
        assert len(corpus_figure(name, tmp_path).to_png()) > 1000
