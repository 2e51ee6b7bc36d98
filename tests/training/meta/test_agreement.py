"""What is logged of held-out episodes, against the same written out episode by episode."""

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
from reprompt.training.meta.agreement import HeldOut, agreement, mean_agreement
from reprompt.training.meta.bilevel import along_runs
from reprompt.training.meta.corpus import TopicImages
from reprompt.training.meta.episodes import EpisodeSampler, MetaBatch

NAMES, RATE = ["cat", "dog", "an old car", "tree", "house"], 0.7
LABELS = np.repeat(np.arange(5), 20)


@pytest.fixture
def pictures(tiny):
    features = F.normalize(torch.randn(1, len(LABELS), 24, generator=torch.Generator().manual_seed(0)), dim=-1)
    return TopicImages(
        Images(features), NAMES, partial(Learner, tiny, settings=Settings(context_length=2)), cross_entropy.loss
    )


@pytest.fixture
def batch():
    sampler = EpisodeSampler(LABELS, np.zeros_like(LABELS), ways=3, shots=4, queries=6, one_domain=True)
    return sampler.episodes(3, numpy_stream(1, "episodes"))


@pytest.fixture
def theta():
    context = 0.5 * torch.randn(2, 32, generator=torch.Generator().manual_seed(1))
    return {"context": context.requires_grad_(True)}


def regulator(kind):
    """One that turns gradients: near no multiple of the identity."""
    stream = torch.Generator().manual_seed(2)
    tensors = (torch.randn(shape, generator=stream) for shape in ((32, 32), (32,), (32, 32), (32,)))
    return {"text": kind(*tensors)}


@pytest.mark.parametrize("regulators", [{}, regulator(Regulator), regulator(DirectionRegulator)])
def test_every_number_is_that_of_the_episode_alone(pictures, batch, theta, regulators):
    together = agreement(theta, regulators, pictures.losses(batch), 3, RATE)
    for row in range(3):
        alone = MetaBatch(*(array[row : row + 1] for array in vars(batch).values()))
        support, query = pictures.losses(alone)

        def at(context, loss):
            return loss({"context": context[None]})[0]

        context = theta["context"]
        (raw,) = torch.autograd.grad(at(context, support), context)
        (of_query,) = torch.autograd.grad(at(context, query), context)
        step = regulators["text"](raw) if regulators else raw
        expected = {
            "raw_cosine": (raw * of_query).sum() / raw.norm() / of_query.norm(),
            "cosine": (step * of_query).sum() / step.norm() / of_query.norm(),
            "product": (step * of_query).sum(),
            "loss_before": at(context, query),
            "loss_after": at(context - RATE * step, query),
        }
        for name, value in expected.items():
            assert getattr(together, name)[row].item() == pytest.approx(value.item(), rel=1e-4, abs=1e-6), name


def test_the_cosine_is_one_where_support_and_query_are_the_same(pictures, batch, theta):
    support, _ = pictures.losses(batch)
    same = agreement(theta, {"text": Regulator.scaling(32, 0.5)}, (support, support), 3, RATE)
    for cosine in (same.raw_cosine, same.cosine):
        assert torch.allclose(cosine, torch.ones(3), atol=1e-5)


def test_means_are_over_the_episodes_of_all_batches(pictures, batch, theta):
    losses = pictures.losses(batch)
    other = MetaBatch(batch.topics, batch.support, batch.query[:, ::-1, :].copy())
    means = mean_agreement(theta, {}, HeldOut([losses, pictures.losses(other)], 3), RATE)
    parts = [agreement(theta, {}, of_batch, 3, RATE) for of_batch in (losses, pictures.losses(other))]
    for name, mean in means.items():
        assert mean == pytest.approx(np.mean([getattr(part, name).mean().item() for part in parts]), rel=1e-5)
    assert mean_agreement(theta, {}, HeldOut([], 3), RATE) == {}


def test_nothing_is_left_in_the_gradients_of_what_is_learned(pictures, batch, theta):
    agreement(theta, {}, pictures.losses(batch), 3, RATE)
    assert theta["context"].grad is None
    assert set(along_runs(theta, 3)) == {"context"}
