"""The plain gradient of the objective."""

from collections.abc import Sequence

from torch import Tensor

from reprompt.cells.axes import GradientSettings
from reprompt.clip.params import Params
from reprompt.gradients.step import Rule, Step


class Settings(GradientSettings):
    """Nothing to set."""

    in_episodes = True


def rule(settings: Sequence[Settings], handed_over: Sequence[Params] = ()) -> Rule:
    """Nothing to set."""
    return gradients


def gradients(step: Step) -> tuple[Tensor, dict[str, Tensor]]:
    """The objective's losses and gradient."""
    losses = step.objective(step.forward(), step.batch)
    return losses, step.gradients(losses)
