"""The plain gradient of the objective."""

from torch import Tensor

from reprompt.gradients.step import Rule, Step


def rule(settings: list[dict]) -> Rule:
    """Nothing to set."""
    return gradients


def gradients(step: Step) -> tuple[Tensor, dict[str, Tensor]]:
    """The objective's losses and gradient."""
    losses = step.objective(step.forward(), step.batch)
    return losses, step.gradients(losses)
