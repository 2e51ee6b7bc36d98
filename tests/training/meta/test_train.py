"""The outer loop on a tiny CLIP: it learns, it logs, and a killed run ends with the same bits."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from reprompt.evaluation.images import Images
from reprompt.foundation.streams import numpy_stream
from reprompt.gradients.gram import DirectionRegulator, Regulator
from reprompt.learners.coop import Learner, Settings
from reprompt.objectives import cross_entropy
from reprompt.training.checkpoint import Checkpoint
from reprompt.training.meta import train
from reprompt.training.meta.agreement import HeldOut
from reprompt.training.meta.bilevel import Outer, adapt, along_runs
from reprompt.training.meta.corpus import MetaTrainingSet, TopicImages
from reprompt.training.meta.episodes import EpisodeSampler
from reprompt.training.meta.train import LOG_EVERY, arrays_of, meta_train
from reprompt.training.schedule import Schedule

NAMES = ["cat", "dog", "an old car", "tree", "house"]
EACH = 24
OF_EPISODES = ("raw_cosine", "cosine", "product", "loss_before", "loss_after")
SCHEDULE = Schedule(rate=0.05, warmup_rate=1e-5, epochs=4, steps_per_epoch=5, batch=3, momentum=0.9, weight_decay=0)
OUTER = Outer(SCHEDULE, inner_rate=0.5, first_order=False, clip_norm=1.0, adam=True, regulator_rate=0.01)


@pytest.fixture
def training_set(tiny):
    """Images whose features lie about a direction per topic, shifted by domain."""
    stream = torch.Generator().manual_seed(0)
    topics, domains = torch.randn(5, 24, generator=stream), torch.randn(2, 24, generator=stream)
    labels, of_domain = np.repeat(np.arange(5), EACH), np.tile(np.repeat([0, 1], EACH // 2), 5)
    noise = 0.3 * torch.randn(len(labels), 24, generator=stream)
    features = F.normalize(topics[labels] + 0.5 * domains[of_domain] + noise, dim=-1)
    sampler = EpisodeSampler(labels, of_domain, ways=3, shots=4, queries=6, one_domain=True)
    among = partial(Learner, tiny, settings=Settings(context_length=2))
    pictures = TopicImages(Images(features[None]), NAMES, among, cross_entropy.loss)
    held_out = HeldOut([pictures.losses(sampler.episodes(2, numpy_stream(0, "held out", n))) for n in (0, 1)], 2)
    return MetaTrainingSet(pictures, sampler, held_out)


PROMPTS = {"context": 0.5 * torch.randn(2, 32, generator=torch.Generator().manual_seed(1))}
REGULATORS = {"text": Regulator.scaling(32, 0.9)}


def learned(training_set, folder, outer=OUTER, regulators=REGULATORS):
    return meta_train(PROMPTS, regulators, training_set, outer, 1, Checkpoint(folder / "state.pt", every=0))


@pytest.mark.parametrize(
    "outer",
    [OUTER, replace(OUTER, adam=False), replace(OUTER, first_order=True), replace(OUTER, kind=DirectionRegulator)],
)
def test_the_query_loss_falls(training_set, tmp_path, outer):
    longer = replace(outer, schedule=replace(SCHEDULE, steps_per_epoch=25))
    params, trace = learned(training_set, tmp_path, longer)
    losses = arrays_of(trace)["query_loss"]
    assert losses[-5:].mean() < losses[:5].mean() - 0.02
    assert not torch.equal(params["context"], PROMPTS["context"])
    assert set(params) == {"context", *(f"text.{name}" for name in REGULATORS["text"].tensors)}


def test_every_few_steps_are_logged(training_set, tmp_path):
    arrays = arrays_of(learned(training_set, tmp_path)[1])
    assert arrays["steps"].tolist() == list(range(0, 20, LOG_EVERY))
    assert all((np.abs(arrays[name]) <= 1).all() for name in ("inner_product", "held_out_cosine"))
    assert set(arrays) == {"steps", "query_loss", "inner_product", *(f"held_out_{name}" for name in OF_EPISODES)}
    assert {name: len(array) for name, array in arrays.items()} == dict.fromkeys(arrays, 4)


def test_a_killed_run_ends_with_the_same_bits(training_set, tmp_path, monkeypatch):
    expected, trace = learned(training_set, tmp_path)
    (tmp_path / "state.pt").unlink()
    monkeypatch.setattr(train, "outer_gradient", killed_after(13, train.outer_gradient))
    with pytest.raises(KeyboardInterrupt):
        learned(training_set, tmp_path)
    assert (tmp_path / "state.pt").exists()
    monkeypatch.setattr(train, "outer_gradient", killed_after(7, train.outer_gradient.calls))  # 13 of 20 are done
    again, traced = learned(training_set, tmp_path)
    assert all(torch.equal(again[name], tensor) for name, tensor in expected.items())
    assert vars(traced) == vars(trace)


def killed_after(calls, function):
    """The function, which is interrupted after so many calls; the function itself as `calls`."""
    left = iter(range(calls))

    def interrupted(*arguments):
        if next(left, None) is None:
            raise KeyboardInterrupt
        return function(*arguments)

    interrupted.calls = function
    return interrupted


def test_without_a_regulator_nothing_but_prompts_is_learned(training_set, tmp_path):
    assert set(learned(training_set, tmp_path, regulators=None)[0]) == {"context"}


def test_an_episode_is_evaluated_among_its_own_topics(training_set):
    episodes = training_set.sampler.episodes(2, numpy_stream(1, "episodes", 0))
    support, _ = training_set.losses(episodes)
    of_both = support(along_runs(PROMPTS, 2))
    for row in range(2):
        alone = replace(episodes, **{name: array[row : row + 1] for name, array in vars(episodes).items()})
        assert torch.allclose(training_set.losses(alone)[0](along_runs(PROMPTS, 1)), of_both[row], atol=1e-6)


def test_what_is_logged_of_held_out_episodes_changes_nothing_that_is_learned(training_set, tmp_path):
    unlogged = replace(training_set, held_out=HeldOut([], 2))
    expected, trace = learned(unlogged, tmp_path)
    assert trace.held_out == {}
    assert all(torch.equal(learned(training_set, tmp_path)[0][name], tensor) for name, tensor in expected.items())


def test_a_step_without_a_regulator_is_mamls(training_set):
    support, _ = training_set.losses(training_set.sampler.episodes(2, numpy_stream(1, "episodes", 0)))
    runs = {name: tensor.requires_grad_(True) for name, tensor in along_runs(PROMPTS, 2).items()}
    adapted, gradient, _ = adapt(runs, None, support, 0.5)
    assert torch.equal(adapted["context"], runs["context"] - 0.5 * gradient["context"])
