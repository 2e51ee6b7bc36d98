"""GRAM's meta-gradients, against finite differences."""

import math
from dataclasses import replace

import pytest
import torch

from reprompt.clip.savings import ALL_SAVINGS, NO_SAVINGS
from reprompt.gradients.gram import Regulator, regulator_tensors
from reprompt.learners.ivlp import Learner, Settings
from reprompt.objectives import cross_entropy
from reprompt.objectives.batch import Batch
from reprompt.training.meta.bilevel import (
    Outer,
    adapt,
    along_runs,
    meta_loss,
    outer_gradient,
    outer_optimiser,
    widths,
)
from reprompt.training.schedule import Schedule

SETTINGS = Settings(context_length=2, text_depth=2, visual_depth=1, visual_length=2)
RATE = 0.5
SCHEDULE = Schedule(rate=0.2, warmup_rate=0, epochs=1, steps_per_epoch=1, batch=2, momentum=0, weight_decay=0)
OUTER = Outer(SCHEDULE, RATE, first_order=False, clip_norm=math.inf, adam=False, regulator_rate=0.3)
FIRST_ORDER = replace(OUTER, first_order=True)


def normal(*shape, seed):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.fixture(scope="module")
def exact(tiny):
    return tiny.to("cpu", torch.float64)


@pytest.fixture
def task(exact):
    """Makes the (support, query) losses of two episodes, or of some of them, on images of their own."""

    def make(savings=ALL_SAVINGS, episodes=(0, 1)):
        learner, rows = Learner(exact, ["tree", "old car"], SETTINGS, savings), list(episodes)
        labels = torch.tensor([[0, 1, 0], [1, 1, 0]])[rows]

        def loss_on(images):
            weights = torch.full(labels.shape, 1 / labels.shape[1], dtype=torch.float64)
            batch = Batch(labels, weights, torch.arange(len(labels)))
            return lambda prompts: cross_entropy.loss(learner.forward(prompts, images[rows]), batch)

        return tuple(loss_on(normal(2, 3, 3, 40, 40, seed=10 + part)) for part in (1, 2))

    return make


@pytest.fixture
def prompts():
    """What both episodes start from."""
    shapes = {"context": (2, 32), "deep_context": (1, 2, 32), "visual": (1, 2, 32)}
    return {name: 0.5 * normal(*shape, seed=3) for name, shape in shapes.items()}


@pytest.fixture
def regulators():
    """Far from the identity; their matrices see the gradient, as gradients here are near 0.1."""
    shapes = ((32, 32), (32,), (32, 32), (32,))
    return {
        modality: Regulator(*(normal(*shape, seed=seed) for shape in shapes))
        for seed, modality in enumerate(("text", "visual"), start=20)
    }


def identity():
    return {modality: Regulator.identity(32, torch.float64) for modality in ("text", "visual")}


def meta_gradients(prompts, regulators, task, outer=OUTER):
    """The summed query loss, and its gradients for prompts and, under dotted names, regulators."""
    theta, phi = (leaves(tensors) for tensors in (prompts, regulator_tensors(regulators)))
    loss = outer_gradient(theta, phi, *task, outer)
    return loss, *({name: leaf.grad for name, leaf in tensors.items()} for tensors in (theta, phi))


def leaves(tensors):
    return {name: tensor.detach().clone().requires_grad_(True) for name, tensor in tensors.items()}


def total(prompts, regulators, task):
    return meta_loss(along_runs(leaves(prompts), 2), regulators, *task, RATE).sum().detach()


def moved(tensors, direction, size):
    return {name: tensor + size * direction[name] for name, tensor in tensors.items()}


@pytest.mark.parametrize("name", ["context", "deep_context", "visual"])
def test_meta_gradients_of_prompts_equal_finite_differences(task, prompts, regulators, name):
    value, of_prompts, _ = meta_gradients(prompts, regulators, task())
    assert torch.allclose(value, total(prompts, regulators, task()))
    direction = {n: normal(*t.shape, seed=5) * (n == name) for n, t in prompts.items()}
    ahead, behind = (total(moved(prompts, direction, size), regulators, task()) for size in (1e-5, -1e-5))
    assert ((of_prompts[name] * direction[name]).sum()).item() == pytest.approx(
        ((ahead - behind) / 2e-5).item(), rel=1e-5
    )


@pytest.mark.parametrize("field", ["gamma_weight", "gamma_bias", "beta_weight", "beta_bias"])
@pytest.mark.parametrize("modality", ["text", "visual"])
def test_meta_gradients_of_regulators_equal_finite_differences(task, prompts, regulators, modality, field):
    gradient = meta_gradients(prompts, regulators, task())[2][f"{modality}.{field}"]
    old = getattr(regulators[modality], field)
    direction = gradient / gradient.norm()
    shifted = (
        {**regulators, modality: replace(regulators[modality], **{field: old + size * direction})}
        for size in (1e-4, -1e-4)
    )
    ahead, behind = (total(prompts, regulator, task()) for regulator in shifted)
    assert gradient.norm().item() == pytest.approx(((ahead - behind) / 2e-4).item(), rel=1e-4)


def test_first_order_differs_for_prompts_and_agrees_for_regulators(task, prompts, regulators):
    value, of_prompts, of_regulators = meta_gradients(prompts, regulators, task())
    same_value, first_order, of_regulators_too = meta_gradients(prompts, regulators, task(), FIRST_ORDER)
    assert torch.allclose(value, same_value)
    for name, tensor in of_prompts.items():
        assert (tensor - first_order[name]).abs().max() > 1e-3 * tensor.abs().max()
    for name, tensor in of_regulators.items():
        assert torch.allclose(tensor, of_regulators_too[name], atol=1e-10)


def test_in_first_order_the_gradient_is_the_query_gradient_at_the_adapted_prompts(task, prompts, regulators):
    support, query = task()
    _, first_order, _ = meta_gradients(prompts, regulators, (support, query), FIRST_ORDER)
    adapted, _, _ = adapt(along_runs(leaves(prompts), 2), regulators, support, RATE, first_order=True)
    there = leaves(adapted)
    expected = torch.autograd.grad(query(there).sum(), list(there.values()))
    for name, tensor in zip(there, expected, strict=True):
        assert torch.allclose(first_order[name], tensor.sum(dim=0), atol=1e-10)


@pytest.mark.parametrize("outer", [OUTER, FIRST_ORDER], ids=["second order", "first order"])
def test_without_an_inner_step_it_is_the_query_gradient(task, prompts, outer):
    support, query = task()
    outer = replace(outer, inner_rate=0)
    _, of_prompts, of_regulators = meta_gradients(prompts, identity(), (support, query), outer)
    theta = leaves(prompts)
    expected = torch.autograd.grad(query(along_runs(theta, 2)).sum(), list(theta.values()))
    for name, tensor in zip(theta, expected, strict=True):
        assert torch.allclose(of_prompts[name], tensor, atol=1e-10)
    assert all((tensor == 0).all() for tensor in of_regulators.values())


def test_with_the_identity_the_inner_step_is_plain_descent(task, prompts):
    starts, (support, _) = leaves(along_runs(prompts, 2)), task()
    adapted, gradient, losses = adapt(starts, identity(), support, RATE, first_order=True)
    expected = torch.autograd.grad(support(starts).sum(), list(starts.values()))
    assert torch.equal(losses, support(starts))
    for name, tensor in zip(starts, expected, strict=True):
        assert torch.allclose(gradient[name], tensor, atol=1e-12)
        assert torch.allclose(adapted[name], prompts[name] - RATE * tensor, atol=1e-12)


def test_the_meta_loss_is_a_sum_over_episodes(task, prompts, regulators):
    together = meta_gradients(prompts, regulators, task())
    alone = replace(OUTER, schedule=replace(SCHEDULE, batch=1))
    one, other = (meta_gradients(prompts, regulators, task(episodes=[row]), alone) for row in (0, 1))
    assert torch.allclose(together[0], one[0] + other[0])
    for of_both, *of_each in zip(together[1:], one[1:], other[1:], strict=True):
        for name, tensor in of_both.items():
            assert torch.allclose(tensor, of_each[0][name] + of_each[1][name], atol=1e-10)


def test_a_clipped_gradient_keeps_its_direction(task, prompts, regulators):
    _, *whole = meta_gradients(prompts, regulators, task())
    _, *clipped = meta_gradients(prompts, regulators, task(), replace(OUTER, clip_norm=1e-3))
    flat = [torch.cat([tensor.flatten() for of in both for tensor in of.values()]) for both in (whole, clipped)]
    assert flat[1].norm().item() == pytest.approx(1e-3, rel=1e-3) and flat[0].norm() > 1e-3
    assert torch.allclose(flat[1], 1e-3 * flat[0] / flat[0].norm(), rtol=1e-3)


@pytest.mark.parametrize("savings", [NO_SAVINGS, replace(ALL_SAVINGS, recompute_above=0)])
def test_every_saving_is_exact_in_meta_gradients(task, prompts, regulators, savings):
    fast, slow = (meta_gradients(prompts, regulators, task(kind)) for kind in (ALL_SAVINGS, savings))
    for of_fast, of_slow in zip(fast[1:], slow[1:], strict=True):
        for name, tensor in of_fast.items():
            assert (of_slow[name] - tensor).abs().max() < 1e-8 * tensor.abs().max()


def test_the_outer_step_takes_prompts_and_regulators_at_a_rate_each(task, prompts, regulators):
    """Plain descent, by hand."""
    theta, phi = leaves(prompts), leaves(regulator_tensors(regulators))
    optimiser = outer_optimiser(theta, phi, OUTER)
    outer_gradient(theta, phi, *task(), OUTER)
    optimiser.step()
    for after, before, rate in ((theta, prompts, 0.2), (phi, regulator_tensors(regulators), 0.3)):
        for name, leaf in after.items():
            assert torch.allclose(leaf.detach(), before[name] - rate * leaf.grad, atol=1e-12)
            assert leaf.grad.abs().max() > 0


def test_a_learner_needs_regulators_of_its_modalities_only(prompts):
    assert widths(prompts) == {"text": 32, "visual": 32}
    assert widths({"context": prompts["context"], "coupling_weight": prompts["visual"]}) == {"text": 32}
