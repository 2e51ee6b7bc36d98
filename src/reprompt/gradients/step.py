"""What a gradient rule sees of one training step."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from reprompt.learners.outcome import Outcome


@dataclass(frozen=True)
class Step:
    """R runs: learned tensors (R, ...), their outcome, task losses (R,), image weights (R, B).

    `runs` (R,) are their places in the fleet; `teacher` (R, B, K) are the teacher's logits of the same images, for the
    rules that have one.
    """

    runs: Tensor
    params: dict[str, Tensor]
    outcome: Outcome
    losses: Tensor
    weights: Tensor
    teacher: Tensor | None = None

    def gradients(self, losses: Tensor, keep: bool = False) -> dict[str, Tensor]:
        """Gradients of per-run losses (R,). Runs share no parameter, so one backward pass serves them all."""
        tensors = torch.autograd.grad(losses.sum(), list(self.params.values()), retain_graph=keep)
        return dict(zip(self.params, tensors, strict=True))


Rule = Callable[[Step], dict[str, Tensor]]
