"""ProGrad's projection, from the paper."""

from dataclasses import replace

import pytest
import torch

from reprompt.clip.savings import ALL_SAVINGS, NO_SAVINGS
from reprompt.gradients import plain, prograd
from reprompt.gradients.prograd import align, align_all

STREAM = torch.Generator().manual_seed(0)


def with_strength(strength, projection="per_tensor", temperature=1.0):
    said = {"lambda": strength, "projection": projection, "temperature": temperature, "teacher": "template"}
    return prograd.Settings(**said)


def pair(conflicting: bool):
    """Ten runs' task and general gradients (10, 3, 4), all conflicting or all aligned."""
    task, general = torch.randn(2, 10, 3, 4, generator=STREAM)
    overlap = (task * general).sum((1, 2), keepdim=True)
    return task, general * (-overlap.sign() if conflicting else overlap.sign())


def test_aligned_gradients_are_left_alone():
    task, general = pair(conflicting=False)
    assert torch.equal(align(task, general, torch.ones(10)), task)


def test_the_result_is_orthogonal_to_the_general_direction_at_strength_one():
    task, general = pair(conflicting=True)
    left = align(task, general, torch.ones(10))
    assert ((left * general).sum((1, 2)).abs() < 1e-5).all()
    assert (left - task).abs().max() > 0.01


def test_strength_scales_what_is_removed_run_by_run():
    task, general = pair(conflicting=True)
    removed = task - align(task, general, torch.ones(10))
    strengths = torch.linspace(0, 1, 10)
    assert torch.allclose(task - align(task, general, strengths), strengths[:, None, None] * removed, atol=1e-6)


def test_a_case_worked_by_hand():
    task, general = torch.tensor([[1.0, 1.0]]), torch.tensor([[-2.0, 0.0]])
    assert torch.equal(align(task, general, torch.ones(1)), torch.tensor([[0.0, 1.0]]))


def test_no_general_direction_means_no_conflict():
    task = torch.randn(2, 3, 4)
    assert torch.equal(align(task, torch.zeros(2, 3, 4), torch.ones(2)), task)


def test_only_the_direction_of_the_general_gradient_matters():
    task, general = (tensor.double() for tensor in pair(conflicting=True))
    one, other = (align(task, size * general, torch.ones(10).double()) for size in (1, 1e-6))
    assert torch.allclose(one, other)


def test_one_tensor_is_projected_alike_by_itself_and_as_a_vector():
    task, general = pair(conflicting=True)
    one, other = (
        align_all({"v": task}, {"v": general}, torch.ones(10), projection)["v"]
        for projection in ("per_tensor", "flattened")
    )
    assert torch.allclose(one, other, atol=1e-6)


def test_of_two_tensors_one_may_conflict_and_their_vector_not():
    """By hand: u conflicts alone; over (u, v) the agreement of v outweighs it."""
    task = {"u": torch.tensor([[1.0]]), "v": torch.tensor([[1.0, 1.0]])}
    general = {"u": torch.tensor([[-1.0]]), "v": torch.tensor([[2.0, 0.0]])}
    by_itself = align_all(task, general, torch.ones(1), "per_tensor")
    assert by_itself["u"].tolist() == [[0.0]] and torch.equal(by_itself["v"], task["v"])
    flattened = align_all(task, general, torch.ones(1), "flattened")
    assert all(torch.equal(flattened[name], task[name]) for name in task)
    general["v"] = torch.tensor([[-2.0, 0.0]])  # overlap -1 - 2, norm 1 + 4: 0.6 of the general gradient goes
    flattened = align_all(task, general, torch.ones(1), "flattened")
    assert torch.allclose(flattened["u"], torch.tensor([[0.4]]))
    assert torch.allclose(flattened["v"], torch.tensor([[-0.2, 1.0]]))


@pytest.mark.parametrize("projection", ["per_tensor", "flattened"])
def test_strength_zero_is_the_plain_gradient_and_each_run_has_its_own(step, projection):
    settings = [with_strength(strength, projection) for strength in (0.0, 1.0)]
    plain_losses, expected = plain.gradients(step())
    losses, aligned = prograd.rule(settings)(step())
    assert torch.allclose(losses, plain_losses)
    changes = [(aligned[name] - g).flatten(1).norm(dim=1) / g.flatten(1).norm(dim=1) for name, g in expected.items()]
    assert all(none < 1e-10 for none, _ in changes)
    assert any(whole > 0.01 for _, whole in changes)


@pytest.mark.parametrize("projection", ["per_tensor", "flattened"])
def test_what_the_rule_returns_never_points_against_the_teacher(step, projection):
    settings = [with_strength(1.0, projection)] * 2
    _, aligned = prograd.rule(settings)(step())
    _, g_task, g_general = prograd.two_gradients(step(), 1.0)
    before, after = ({name: (g[name] * g_general[name]).flatten(1).sum(1) for name in g} for g in (g_task, aligned))
    if projection == "flattened":
        before, after = ({"all": sum(of_step.values())} for of_step in (before, after))
    assert any(overlap[1] < 0 for overlap in before.values()), "the second run does not conflict: it shows nothing"
    for name, overlap in after.items():
        assert (overlap - before[name].clamp(min=0)).abs().max() < 1e-10 * before[name].abs().max()


def test_a_student_that_is_the_teacher_is_not_held_back(step):
    one = step()
    taught = replace(one, batch=replace(one.batch, teacher=one.forward().logits.detach()))
    _, aligned = prograd.rule([with_strength(1.0)] * 2)(taught)
    _, expected = plain.gradients(step())
    for name, tensor in expected.items():
        assert (aligned[name] - tensor).abs().max() < 1e-6 * tensor.abs().max()


@pytest.mark.parametrize(
    "savings", [replace(ALL_SAVINGS, one_forward=False), replace(ALL_SAVINGS, recompute_above=0), NO_SAVINGS]
)
def test_one_forward_pass_for_both_gradients_is_exact(step, savings):
    settings = [with_strength(1.0, temperature=2.0)] * 2
    losses, fast = prograd.rule(settings)(step())
    slow_losses, slow = prograd.rule(settings, savings=savings)(step(savings))
    assert torch.allclose(losses, slow_losses, atol=1e-12)
    for name, tensor in fast.items():
        assert (slow[name] - tensor).abs().max() <= 1e-9 * tensor.abs().max()


def test_a_projection_that_is_none_is_an_error():
    with pytest.raises(ValueError, match=r"'per_tensor' .* or 'flattened'"):
        align_all({}, {}, torch.ones(1), "by_layer")
