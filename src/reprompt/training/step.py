"""The one training step: the learner's forward pass, the gradient rule, the optimiser.

The loop takes it, and so do the benchmark of steps and the comparison with reference implementations.

    R runs of the fleet, R' of them in a step, B images per batch
"""

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from reprompt.clip.params import Params
from reprompt.gradients.step import Rule, TrainingStep
from reprompt.learners.learner import Learner
from reprompt.learners.output import LearnerOutput
from reprompt.objectives.batch import Batch, Objective
from reprompt.training.optimisers import Optimiser


@dataclass(frozen=True)
class TrainingMethod:
    """What is learned, what is minimised, and what happens to the gradient; tensors that are `held` are not learned."""

    learner: Learner
    objective: Objective
    rule: Rule
    held: tuple[str, ...] = ()

    def learned(self, params: Params) -> Params:
        """Those of a learner's tensors that are not held."""
        return {name: tensor for name, tensor in params.items() if name not in self.held}

    def step_on(self, params: Params, images: Tensor, batch: Batch) -> TrainingStep:
        """What the rule sees of the batch's runs: copies (R', ...) of their tensors among params (R, ...), as leaves.

        `images` (R', B, ...) are features or pixels, as the learner gets them.
        """
        leaves = {name: tensor[batch.runs].requires_grad_(True) for name, tensor in self.learned(params).items()}
        held = {name: params[name][batch.runs] for name in self.held}
        forward = partial(self.learner.forward, leaves | held, images)
        return TrainingStep(leaves, forward, with_penalty(self.objective), batch)


def with_penalty(objective: Objective) -> Objective:
    """An objective and the learner's own penalty, where it has one."""

    def loss(output: LearnerOutput, batch: Batch) -> Tensor:
        losses = objective(output, batch)
        return losses if output.penalty is None else losses + output.penalty

    return loss


def training_step(step: TrainingStep, rule: Rule, optimiser: Optimiser, rates: Tensor) -> tuple[Tensor, Params]:
    """Step the runs of a batch at their rates (R',): their task losses (R',) and gradients, each (R', ...), before it.

    Raises FloatingPointError if a loss is not finite.
    """
    losses, gradients = rule(step)
    if not torch.isfinite(losses).all():
        runs = step.batch.runs[~torch.isfinite(losses)].tolist()
        raise FloatingPointError(
            f"the loss of runs {runs} is not finite at step {optimiser.steps}: lower the learning rate"
        )
    optimiser.step(gradients, step.batch.runs, rates)
    return losses, gradients
