"""The general direction G_g alone, one of the gradient strategies of ProGrad's Figure 2: the task teaches nothing."""

from torch import Tensor

from reprompt.gradients.prograd import two_gradients
from reprompt.gradients.step import Rule, Step


def rule(settings: list[dict]) -> Rule:
    """A step along G_g; the fleet shares the temperature."""
    (temperature,) = {s["temperature"] for s in settings}

    def gradients(step: Step) -> tuple[Tensor, dict[str, Tensor]]:
        losses, _, g_general = two_gradients(step, temperature)
        return losses, g_general

    return gradients
