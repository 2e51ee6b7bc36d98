"""ProGrad's projection, from the paper."""

import torch

from reprompt.gradients.prograd import align

STREAM = torch.Generator().manual_seed(0)


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


def test_strength_scales_what_is_removed():
    task, general = pair(conflicting=True)
    removed = task - align(task, general, torch.ones(10))
    assert torch.allclose(task - align(task, general, torch.full((10,), 0.3)), 0.3 * removed, atol=1e-6)


def test_a_case_worked_by_hand():
    task, general = torch.tensor([[1.0, 1.0]]), torch.tensor([[-2.0, 0.0]])
    assert torch.equal(align(task, general, torch.ones(1)), torch.tensor([[0.0, 1.0]]))


def test_no_general_direction_means_no_conflict():
    task = torch.randn(2, 3, 4)
    assert torch.equal(align(task, torch.zeros(2, 3, 4), torch.ones(2)), task)
