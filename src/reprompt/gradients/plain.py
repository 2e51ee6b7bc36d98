"""The plain gradient of the objective."""

from collections.abc import Sequence

from torch import Tensor

from reprompt.cells.axes import GradientSettings
from reprompt.clip.params import Params
from reprompt.gradients.step import Rule, TrainingStep


class Settings(GradientSettings):
    """Nothing to set."""

    in_episodes = True


def rule(settings: Sequence[Settings], handed_over: Sequence[Params] = ()) -> Rule:
    """Nothing to set."""
    return gradients


def gradients(step: TrainingStep) -> tuple[Tensor, dict[str, Tensor]]:
    """The objective's losses (R,), and its gradient for every learned tensor (R, ...)."""
    losses = step.objective(step.forward(), step.batch)
    return losses, step.gradients(losses)
