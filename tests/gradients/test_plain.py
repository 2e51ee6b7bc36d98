"""The plain rule is autograd."""

import torch

from reprompt.gradients import plain
from reprompt.objectives import cross_entropy


def test_it_is_the_gradient_of_the_objective(step):
    one = step()
    losses, gradients = plain.rule([plain.Settings()] * 2)(one)
    losses_written_out = cross_entropy.loss(one.forward(), one.batch)
    losses_written_out.sum().backward()
    assert torch.equal(losses, losses_written_out)
    assert all(torch.equal(gradients[name], tensor.grad) for name, tensor in one.params.items())
