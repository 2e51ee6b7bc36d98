"""A meta-learned start as a cell: where it begins, and which episodes are held out of it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from project import PROJECT
from reprompt.clip.features import TaskFeatures
from reprompt.data.pictures import Pictures
from reprompt.data.splits import Split
from reprompt.evaluation.task_data import Pixels, TaskData
from reprompt.foundation.digests import canonical
from reprompt.initialisation.context import phrase_vectors
from reprompt.planning.parameters import load_parameters
from reprompt.planning.plan import make_plan
from reprompt.training.meta import learned as module
from reprompt.training.meta.learned import learned

PLAN = make_plan(load_parameters(PROJECT / "params.yaml", "smoke"))
TRAIN, TEST = np.arange(80) % 4, np.arange(40) % 4


@pytest.fixture
def data():
    features = torch.randn(120, 24, generator=torch.Generator().manual_seed(0))
    of_task = TaskFeatures(features[:80], features.new_empty(0, 80, 24), features[80:])
    train, test = ((np.arange(len(labels)) // 4 % 2).tolist() for labels in (TRAIN, TEST))
    names = ["cat", "dog", "tree", "car"]
    of_corpus = Split("corpus", names, "a {}.", TRAIN.tolist(), TEST.tolist(), {}, 4, train, test_domains=test)
    train, test = (Pictures.of(np.zeros((1, count, 40, 40, 3), np.uint8)) for count in (80, 40))
    return TaskData(of_corpus, of_task, Pixels(test, train))


def cell_of(recipe="coop+gram", seed=1, **settings):
    cell = next(cell for cell in PLAN.cells if (cell.experiment, cell.recipe) == ("gram", recipe))
    return replace(cell, seed=seed, settings=canonical(cell.resolved | settings))


def begun(cell, data, tiny, folder):
    """What meta-training begins with: it is stopped before the first step."""
    return learned(cell, {"corpus": data}, tiny, folder / "state.pt", steps=0)[0]


def test_it_begins_at_the_phrase_or_at_random(data, tiny, tmp_path):
    phrase = begun(cell_of(begins_at="phrase"), data, tiny, tmp_path)["context"]
    assert torch.equal(phrase, phrase_vectors(tiny, "a photo of a"))
    random = [begun(cell_of(begins_at="random", seed=seed), data, tiny, tmp_path)["context"] for seed in (1, 1, 2)]
    assert random[0].std().item() == pytest.approx(0.02, rel=0.3)
    assert torch.equal(random[0], random[1]) and not torch.equal(random[0], random[2])


def test_of_joint_prompts_the_text_begins_at_random_too(data, tiny, tmp_path):
    began = {at: begun(cell_of("joint+gram", begins_at=at), data, tiny, tmp_path) for at in ("phrase", "random")}
    assert torch.equal(began["phrase"]["context"], phrase_vectors(tiny, "a photo"))
    assert began["random"]["context"].std().item() == pytest.approx(0.02, rel=0.4)
    assert began["random"]["context"].shape == began["phrase"]["context"].shape


def held_out_of(cell, data, tiny, monkeypatch):
    """The meta-batches that are drawn for a cell, of test images."""
    drawn, whole = [], module.TopicImages.losses

    def losses(pictures, batch):
        drawn.append(batch)
        return whole(pictures, batch)

    with monkeypatch.context() as patch:
        patch.setattr(module.TopicImages, "losses", losses)
        module._training_set(data, cell, tiny, lambda names: module.learner_of_cell(cell, names, tiny))
    return drawn


def test_held_out_episodes_are_drawn_once_for_all_seeds_and_are_as_those_of_training(data, tiny, monkeypatch):
    batches = held_out_of(cell_of(), data, tiny, monkeypatch)
    assert len(batches) == module.HELD_OUT_BATCHES
    for batch, again in zip(batches, held_out_of(cell_of(seed=2), data, tiny, monkeypatch), strict=True):
        assert all(np.array_equal(getattr(batch, name), array) for name, array in vars(again).items())
        assert batch.support.shape == (2, 2, 2) and batch.query.shape == (2, 2, 3)
        domains = np.array(data.split.test_domains)
        for topics, support, query in zip(batch.topics, batch.support, batch.query, strict=True):
            for topic, *images in zip(topics, support, query, strict=True):
                assert set(TEST[np.concatenate(images)]) == {topic}
            assert all(len(set(domains[images])) == 1 for images in support)
    assert not np.array_equal(batches[0].support, batches[1].support)


def test_what_is_logged_of_them_is_in_the_trace(data, tiny, tmp_path):
    _, arrays = learned(cell_of(), {"corpus": data}, tiny, tmp_path / "state.pt")
    names = ("raw_cosine", "cosine", "product", "loss_before", "loss_after")
    assert {f"held_out_{name}" for name in names} <= arrays.keys()
    assert all(len(array) == len(arrays["steps"]) for array in arrays.values())


def test_too_few_test_images_and_unknown_domains_of_them_are_errors(data, tiny, tmp_path):
    few = replace(data, split=replace(data.split, test_labels=[-1] * 40))
    with pytest.raises(ValueError, match="corpus: of its test images, from which episodes are held out: 0 topics"):
        begun(cell_of(), few, tiny, tmp_path)
    old = replace(data, split=replace(data.split, test_domains=None))
    with pytest.raises(ValueError, match="knows no domains of its test images: `reprompt corpus` writes it anew"):
        begun(cell_of(), old, tiny, tmp_path)
