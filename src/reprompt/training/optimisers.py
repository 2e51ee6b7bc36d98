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

    def state(self) -> dict:
        """All that steps change: the tensors themselves, and how many steps were taken."""

    def resume(self, state: dict) -> None:
        """Go on from a state."""


class _Resumable:
    """Learned tensors and `moments` of them, which a state holds side by side."""

    moments: tuple[str, ...]

    def state(self) -> dict:
        """All that steps change: the tensors themselves, and how many steps were taken."""
        return {"steps": self.steps, **{name: dict(getattr(self, name)) for name in ("params", *self.moments)}}

    @torch.no_grad()
    def resume(self, state: dict) -> None:
        """Go on from a state."""
        self.steps = state["steps"]
        for name in ("params", *self.moments):
            for key, tensor in getattr(self, name).items():
                tensor.copy_(state[name][key])


class SGD(_Resumable):
    """torch.optim.SGD: weight decay (R,) joins the gradient before the momentum (R,)."""

    moments = ("velocity",)

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


class Adam(_Resumable):
    """torch.optim.Adam with PyTorch's betas, for runs that are active from the first step on; weight decay is (R,)."""

    moments = ("mean", "square")
    BETAS = (0.9, 0.999)
    EPSILON = 1e-8

    def __init__(self, params: Params, decay: Tensor):
        self.params, self.decay, self.steps = params, decay, 0
        self.mean, self.square = ({name: torch.zeros_like(tensor) for name, tensor in params.items()} for _ in range(2))

    @torch.no_grad()
    def step(self, gradients: Params, runs: Tensor, rates: Tensor) -> None:
        """One step of the active runs, indices (R',), by gradients (R', ...) at rates (R',)."""
        self.steps += 1
        for name, tensor in self.params.items():
            decay, rate = (_along(tensor, value) for value in (self.decay[runs], rates))
            gradient = gradients[name] + decay * tensor[runs]
            mean, square = self.mean[name], self.square[name]
            mean[runs] = self.BETAS[0] * mean[runs] + (1 - self.BETAS[0]) * gradient
            square[runs] = self.BETAS[1] * square[runs] + (1 - self.BETAS[1]) * gradient.square()
            first = mean[runs] / (1 - self.BETAS[0] ** self.steps)
            second = square[runs] / (1 - self.BETAS[1] ** self.steps)
            tensor[runs] -= rate * first / (second.sqrt() + self.EPSILON)


def _along(tensor: Tensor, values: Tensor) -> Tensor:
    """Values of runs (R',) beside a tensor (R', ...): (R', 1, ...)."""
    return values.view(-1, *[1] * (tensor.ndim - 1))
