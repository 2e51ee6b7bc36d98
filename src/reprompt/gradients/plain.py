"""The plain gradient of the objective."""

from torch import Tensor

from reprompt.gradients.step import Rule, Step


def rule(settings: list[dict]) -> Rule:
    """Nothing to set."""
    return gradients


def gradients(step: Step) -> dict[str, Tensor]:
    """Gradient of the task loss."""
    return step.gradients(step.losses)
