"""What a gradient rule sees of one training step."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from reprompt.learners.output import LearnerOutput
from reprompt.objectives.batch import Batch, Objective


@dataclass(frozen=True)
class TrainingStep:
    """R runs: learned tensors (R, ...), a function to their output, the objective and the batch."""

    params: dict[str, Tensor]
    forward: Callable[[], LearnerOutput]
    objective: Objective
    batch: Batch

    def gradients(self, losses: Tensor, keep: bool = False) -> dict[str, Tensor]:
        """Gradients (R, ...) of per-run losses (R,), by learned tensor; `keep` leaves the graph for another pass.

        Runs share no parameter, so one backward pass serves them all.
        """
        tensors = torch.autograd.grad(losses.sum(), list(self.params.values()), retain_graph=keep)
        return dict(zip(self.params, tensors, strict=True))


# What a rule returns: the task losses (R,) and one gradient per learned tensor.
Rule = Callable[[TrainingStep], tuple[Tensor, dict[str, Tensor]]]
