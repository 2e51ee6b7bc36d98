"""GRAM's meta-gradients, against finite differences."""

from dataclasses import replace

import pytest
import torch

from reprompt.clip.savings import ALL_SAVINGS, NO_SAVINGS
from reprompt.gradients.gram import Regulator
from reprompt.learners.ivlp import Learner, Settings
from reprompt.objectives import cross_entropy
from reprompt.objectives.batch import Batch
from reprompt.training.meta.bilevel import adapt, meta_gradients, meta_loss, widths

SETTINGS = Settings(context_length=2, text_depth=2, visual_depth=1, visual_length=2)
RATE = 0.5


def normal(*shape, seed):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.fixture(scope="module")
def exact(tiny):
    return tiny.to("cpu", torch.float64)


@pytest.fixture
def task(exact):
    """Makes a (support, query) pair of losses on images of its own, for two runs."""

    def make(seed, savings=ALL_SAVINGS):
        learner = Learner(exact, [["cat", "dog"], ["tree", "old car"]][seed % 2], SETTINGS, savings)

        def loss_on(images, labels):
            weights = torch.full(labels.shape, 1 / labels.shape[1], dtype=torch.float64)
            batch = Batch(labels, weights, torch.arange(len(labels)))
            return lambda prompts: cross_entropy.loss(learner.forward(prompts, images[: len(labels)]), batch)

        labels = torch.tensor([[0, 1, 0], [1, 1, 0]])
        return tuple(loss_on(normal(2, 3, 3, 40, 40, seed=10 * seed + part), labels) for part in (1, 2))

    return make


@pytest.fixture
def prompts():
    shapes = {"context": (2, 2, 32), "deep_context": (2, 1, 2, 32), "visual": (2, 1, 2, 32)}
    return {name: 0.5 * normal(*shape, seed=3) for name, shape in shapes.items()}


@pytest.fixture
def regulators():
    """Far from the identity; their matrices see the gradient, as gradients here are near 0.1."""
    shapes = ((32, 32), (32,), (32, 32), (32,))
    return {
        modality: Regulator(*(normal(*shape, seed=seed) for shape in shapes))
        for seed, modality in enumerate(("text", "visual"), start=20)
    }


def total(prompts, regulators, tasks, first_order=False):
    leaves = {name: tensor.detach().requires_grad_(True) for name, tensor in prompts.items()}
    return sum(meta_loss(leaves, regulators, *one, RATE, first_order).sum() for one in tasks).detach()


def moved(tensors, direction, size):
    return {name: tensor + size * direction[name] for name, tensor in tensors.items()}


@pytest.mark.parametrize("name", ["context", "deep_context", "visual"])
def test_meta_gradients_of_prompts_equal_finite_differences(task, prompts, regulators, name):
    tasks = [task(1), task(2)]
    value, of_prompts, _ = meta_gradients(prompts, regulators, tasks, RATE)
    assert torch.allclose(value, total(prompts, regulators, tasks))
    direction = {n: normal(*t.shape, seed=5) * (n == name) for n, t in prompts.items()}
    ahead, behind = (total(moved(prompts, direction, size), regulators, tasks) for size in (1e-5, -1e-5))
    assert ((of_prompts[name] * direction[name]).sum()).item() == pytest.approx(
        ((ahead - behind) / 2e-5).item(), rel=1e-5
    )


@pytest.mark.parametrize("field", ["gamma_weight", "gamma_bias", "beta_weight", "beta_bias"])
@pytest.mark.parametrize("modality", ["text", "visual"])
def test_meta_gradients_of_regulators_equal_finite_differences(task, prompts, regulators, modality, field):
    tasks = [task(1)]
    found = getattr(meta_gradients(prompts, regulators, tasks, RATE)[2][modality], field)
    old = getattr(regulators[modality], field)
    direction = found / found.norm()
    shifted = (
        {**regulators, modality: replace(regulators[modality], **{field: old + size * direction})}
        for size in (1e-4, -1e-4)
    )
    ahead, behind = (total(prompts, one, tasks) for one in shifted)
    assert found.norm().item() == pytest.approx(((ahead - behind) / 2e-4).item(), rel=1e-4)


def test_first_order_differs_for_prompts_and_agrees_for_regulators(task, prompts, regulators):
    value, of_prompts, of_regulators = meta_gradients(prompts, regulators, [task(1)], RATE)
    same_value, first_order, of_regulators_too = meta_gradients(prompts, regulators, [task(1)], RATE, first_order=True)
    assert torch.allclose(value, same_value)
    for name, tensor in of_prompts.items():
        assert (tensor - first_order[name]).abs().max() > 1e-3 * tensor.abs().max()
    for modality, regulator in of_regulators.items():
        for name, tensor in vars(regulator).items():
            assert torch.allclose(tensor, getattr(of_regulators_too[modality], name), atol=1e-10)


def test_in_first_order_the_gradient_is_the_query_gradient_at_the_adapted_prompts(task, prompts, regulators):
    support, query = task(1)
    _, first_order, _ = meta_gradients(prompts, regulators, [(support, query)], RATE, first_order=True)
    leaves = {name: tensor.clone().requires_grad_(True) for name, tensor in prompts.items()}
    adapted, _, _ = adapt(leaves, regulators, support, RATE, first_order=True)
    there = {name: tensor.detach().requires_grad_(True) for name, tensor in adapted.items()}
    expected = torch.autograd.grad(query(there).sum(), list(there.values()))
    for name, tensor in zip(there, expected, strict=True):
        assert torch.allclose(first_order[name], tensor, atol=1e-10)


@pytest.mark.parametrize("first_order", [True, False])
def test_without_an_inner_step_it_is_the_query_gradient(task, prompts, first_order):
    identity = {modality: Regulator.identity(32, torch.float64) for modality in ("text", "visual")}
    support, query = task(1)
    _, of_prompts, of_regulators = meta_gradients(prompts, identity, [(support, query)], 0, first_order)
    leaves = {name: tensor.clone().requires_grad_(True) for name, tensor in prompts.items()}
    expected = torch.autograd.grad(query(leaves).sum(), list(leaves.values()))
    for name, tensor in zip(leaves, expected, strict=True):
        assert torch.allclose(of_prompts[name], tensor, atol=1e-10)
    assert all((tensor == 0).all() for regulator in of_regulators.values() for tensor in vars(regulator).values())


def test_with_the_identity_the_inner_step_is_plain_descent(task, prompts):
    identity = {modality: Regulator.identity(32, torch.float64) for modality in ("text", "visual")}
    leaves = {name: tensor.clone().requires_grad_(True) for name, tensor in prompts.items()}
    support, _ = task(1)
    adapted, gradient, losses = adapt(leaves, identity, support, RATE, first_order=True)
    expected = torch.autograd.grad(support(leaves).sum(), list(leaves.values()))
    assert torch.equal(losses, support(leaves))
    for name, tensor in zip(leaves, expected, strict=True):
        assert torch.allclose(gradient[name], tensor, atol=1e-12)
        assert torch.allclose(adapted[name], prompts[name] - RATE * tensor, atol=1e-12)


def test_the_meta_loss_is_a_sum_over_tasks(task, prompts, regulators):
    together = meta_gradients(prompts, regulators, [task(1), task(2)], RATE)
    one, other = (meta_gradients(prompts, regulators, [task(seed)], RATE) for seed in (1, 2))
    assert torch.allclose(together[0], one[0] + other[0])
    for name, tensor in together[1].items():
        assert torch.allclose(tensor, one[1][name] + other[1][name], atol=1e-10)


def test_a_run_does_not_depend_on_its_fleet(task, prompts, regulators):
    support, query = task(1)
    _, together, _ = meta_gradients(prompts, regulators, [(support, query)], RATE)
    twins = {name: tensor[:1].expand_as(tensor) for name, tensor in prompts.items()}
    _, first_twice, _ = meta_gradients(twins, regulators, [(support, query)], RATE)
    for name, tensor in together.items():
        assert torch.allclose(tensor[0], first_twice[name][0], atol=1e-10)


@pytest.mark.parametrize("savings", [NO_SAVINGS, replace(ALL_SAVINGS, recompute_above=0)])
def test_every_saving_is_exact_in_meta_gradients(task, prompts, regulators, savings):
    _, fast, fast_phi = meta_gradients(prompts, regulators, [task(1)], RATE)
    _, slow, slow_phi = meta_gradients(prompts, regulators, [task(1, savings)], RATE)
    for name, tensor in fast.items():
        assert (slow[name] - tensor).abs().max() < 1e-8 * tensor.abs().max()
    for modality, regulator in fast_phi.items():
        for name, tensor in vars(regulator).items():
            assert (getattr(slow_phi[modality], name) - tensor).abs().max() < 1e-8 * tensor.abs().max()


def test_what_went_in_is_left_as_it_was(task, prompts, regulators):
    before = {name: tensor.clone() for name, tensor in prompts.items()}
    meta_gradients(prompts, regulators, [task(1)], RATE)
    assert all(
        torch.equal(prompts[name], tensor) and not prompts[name].requires_grad for name, tensor in before.items()
    )


def test_a_learner_needs_regulators_of_its_modalities_only(prompts):
    assert widths(prompts) == {"text": 32, "visual": 32}
    assert widths({"context": prompts["context"], "coupling_weight": prompts["visual"]}) == {"text": 32}
