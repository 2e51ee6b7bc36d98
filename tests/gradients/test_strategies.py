"""The gradient strategies of ProGrad's Figure 2: what they have in common with ProGrad, and what not."""

import itertools

import torch

from reprompt.gradients import general, orthogonal, plain, prograd
from reprompt.gradients.prograd import align, two_gradients
from reprompt.objectives import lwf

TEACHER = {"temperature": 2.0, "teacher": "template"}
PROGRAD = prograd.Settings(**{"lambda": 1.0}, projection="per_tensor", **TEACHER)


def pairs():
    """Ten runs' gradients (10, 3, 4): of all directions, conflicting and not."""
    return torch.randn(2, 10, 3, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def test_what_is_left_is_orthogonal_to_the_general_direction_whatever_the_input():
    task, direction = pairs()
    overlap = (task * direction).sum((1, 2))
    assert overlap.min() < -0.1 and overlap.max() > 0.1, "it shows both only if some conflict and some agree"
    left = orthogonal.orthogonal(task, direction)
    assert (left * direction).sum((1, 2)).abs().max() < 1e-12
    removed = task - left
    assert torch.allclose(removed, (overlap / direction.square().sum((1, 2)))[:, None, None] * direction)


def test_where_they_conflict_it_is_prograd_at_strength_one():
    task, direction = pairs()
    left, aligned = orthogonal.orthogonal(task, direction), align(task, direction, torch.ones(10, dtype=torch.float64))
    conflicting = (task * direction).sum((1, 2)) < 0
    assert torch.allclose(left[conflicting], aligned[conflicting])
    assert torch.equal(aligned[~conflicting], task[~conflicting])
    assert (left - aligned)[~conflicting].abs().amax((1, 2)).min() > 1e-3, "where they agree ProGrad drops nothing"


def test_a_case_worked_by_hand():
    task, direction = torch.tensor([[1.0, 1.0], [1.0, 1.0]]), torch.tensor([[-2.0, 0.0], [1.0, 1.0]])
    assert orthogonal.orthogonal(task, direction).tolist() == [[0.0, 1.0], [0.0, 0.0]]


def test_no_general_direction_leaves_the_task_gradient_alone():
    task, direction = pairs()
    assert torch.equal(orthogonal.orthogonal(task, torch.zeros_like(direction)), task)


def test_the_rule_is_orthogonal_tensor_by_tensor(step):
    losses, gradients = orthogonal.rule([orthogonal.Settings(**TEACHER)] * 2)(step())
    plain_losses, g_task = plain.gradients(step())
    _, _, g_general = two_gradients(step(), 2.0)
    assert torch.allclose(losses, plain_losses)
    for name, tensor in gradients.items():
        cosines = torch.cosine_similarity(tensor.flatten(1), g_general[name].flatten(1))
        assert cosines.abs().max() < 1e-9, name
        assert (tensor - g_task[name]).abs().max() > 1e-6 * g_task[name].abs().max(), name


def test_the_general_direction_alone_is_the_gradient_of_the_divergence(step):
    one = step()
    losses, gradients = general.rule([general.Settings(**TEACHER)] * 2)(one)
    lwf.divergence(one.forward(), one.batch, 2.0).sum().backward()
    for name, tensor in one.params.items():
        assert (gradients[name] - tensor.grad).abs().max() < 1e-9 * tensor.grad.abs().max(), name
    assert torch.allclose(losses, plain.gradients(step())[0]), "the loss that is reported is the task's"


def test_the_three_strategies_differ(step):
    settings = (general.Settings(**TEACHER), orthogonal.Settings(**TEACHER), PROGRAD)
    modules = (general, orthogonal, prograd)
    rules = (module.rule([own] * 2) for module, own in zip(modules, settings, strict=True))
    gradients = [torch.cat([tensor.flatten() for tensor in rule(step())[1].values()]) for rule in rules]
    for first, second in itertools.combinations(gradients, 2):
        assert (first - second).norm() > 1e-3 * second.norm()
