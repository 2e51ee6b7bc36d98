"""The general direction G_g alone, one of the gradient strategies of ProGrad's Figure 2: the task teaches nothing."""

from collections.abc import Sequence

from torch import Tensor

from reprompt.cells.axes import GradientSettings, Taught
from reprompt.clip.params import Params
from reprompt.gradients.prograd import two_gradients
from reprompt.gradients.step import Rule, TrainingStep


class Settings(Taught, GradientSettings):
    """The teacher's."""

    label = "G_g only"
    general_gradient = True


def rule(settings: Sequence[Settings], handed_over: Sequence[Params] = ()) -> Rule:
    """A step along G_g; the fleet shares the temperature."""
    temperature = settings[0].temperature

    def gradients(step: TrainingStep) -> tuple[Tensor, dict[str, Tensor]]:
        losses, _, g_general = two_gradients(step, temperature)
        return losses, g_general

    return gradients
