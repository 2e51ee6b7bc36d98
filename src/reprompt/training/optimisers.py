"""Optimisers of a fleet: runs side by side, each with its own rate, momentum and weight decay.

R runs of the fleet, R' of them active in a step
"""

from typing import Protocol

import torch
from torch import Tensor

from reprompt.clip.params import Params


class Optimiser(Protocol):
    """Holds the learned tensors, each (R, ...), which it steps in place; `steps` have been taken."""

    params: Params
    steps: int

    def step(self, gradients: Params, runs: Tensor, rates: Tensor) -> None:
        """Step some runs, indices (R',) into the fleet, by their gradients, each (R', ...), at their rates (R',)."""


class SGD:
    """torch.optim.SGD: weight decay (R,) joins the gradient before the momentum (R,)."""

    def __init__(self, params: Params, decay: Tensor, momentum: Tensor):
        self.params, self.decay, self.momentum, self.steps = params, decay, momentum, 0
        self.velocity = {name: torch.zeros_like(tensor) for name, tensor in params.items()}

    @torch.no_grad()
    def step(self, gradients: Params, runs: Tensor, rates: Tensor) -> None:
        """One step of the active runs, indices (R',), by gradients (R', ...) at rates (R',)."""
        self.steps += 1
        for name, tensor in self.params.items():
            values = (self.momentum[runs], self.decay[runs], rates)
            momentum, decay, rate = (_along(tensor, value) for value in values)
            gradient = gradients[name] + decay * tensor[runs]
            velocity = self.velocity[name]
            velocity[runs] = momentum * velocity[runs] + gradient
            tensor[runs] -= rate * velocity[runs]


class Adam:
    """torch.optim.Adam with PyTorch's betas, for runs that are active from the first step on.

    Weight decay, which joins the gradient, and epsilon are (R,).
    """

    BETAS = (0.9, 0.999)

    def __init__(self, params: Params, decay: Tensor, epsilon: Tensor):
        self.params, self.decay, self.epsilon, self.steps = params, decay, epsilon, 0
        self.mean, self.square = ({name: torch.zeros_like(tensor) for name, tensor in params.items()} for _ in range(2))

    @torch.no_grad()
    def step(self, gradients: Params, runs: Tensor, rates: Tensor) -> None:
        """One step of the active runs, indices (R',), by gradients (R', ...) at rates (R',)."""
        self.steps += 1
        for name, tensor in self.params.items():
            values = (self.decay[runs], self.epsilon[runs], rates)
            decay, epsilon, rate = (_along(tensor, value) for value in values)
            gradient = gradients[name] + decay * tensor[runs]
            mean, square = self.mean[name], self.square[name]
            mean[runs] = self.BETAS[0] * mean[runs] + (1 - self.BETAS[0]) * gradient
            square[runs] = self.BETAS[1] * square[runs] + (1 - self.BETAS[1]) * gradient.square()
            first = mean[runs] / (1 - self.BETAS[0] ** self.steps)
            second = square[runs] / (1 - self.BETAS[1] ** self.steps)
            tensor[runs] -= rate * first / (second.sqrt() + epsilon)


class AdamW(Adam):
    """torch.optim.AdamW: as Adam, but weight decay (R,) shrinks the tensors and does not join the gradient."""

    def __init__(self, params: Params, decay: Tensor, epsilon: Tensor):
        super().__init__(params, torch.zeros_like(decay), epsilon)
        self.shrinking = decay

    @torch.no_grad()
    def step(self, gradients: Params, runs: Tensor, rates: Tensor) -> None:
        """One step of the active runs, indices (R',), by gradients (R', ...) at rates (R',)."""
        for tensor in self.params.values():
            tensor[runs] *= _along(tensor, 1 - rates * self.shrinking[runs])
        super().step(gradients, runs, rates)


def _along(tensor: Tensor, values: Tensor) -> Tensor:
    """Values of runs (R',) beside a tensor (R', ...): (R', 1, ...)."""
    return values.view(-1, *[1] * (tensor.ndim - 1))
