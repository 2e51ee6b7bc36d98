"""What of G_d is orthogonal to G_g, one of the gradient strategies of ProGrad's Figure 2.

ProGrad takes this part only where the two conflict; here it is taken at every step, so that agreement is dropped too.
"""

from collections.abc import Sequence

from torch import Tensor

from reprompt.cells.axes import GradientSettings, Taught
from reprompt.clip.params import Params
from reprompt.gradients.prograd import two_gradients
from reprompt.gradients.step import Rule, TrainingStep


def orthogonal(g_task: Tensor, g_general: Tensor) -> Tensor:
    """G_perp of Figure 3: g_task (R, ...) without its component along g_general, run by run."""
    within_run = tuple(range(1, g_task.ndim))
    overlap = (g_task * g_general).sum(within_run, keepdim=True)
    norm = g_general.square().sum(within_run, keepdim=True)
    return g_task - (overlap / norm.clamp(min=1e-20)).where(norm > 0, 0) * g_general


class Settings(Taught, GradientSettings):
    """The teacher's."""

    label = "G_perp only"
    general_gradient = True


def rule(settings: Sequence[Settings], handed_over: Sequence[Params] = ()) -> Rule:
    """A step along G_perp, tensor by tensor; the fleet shares the temperature."""
    temperature = settings[0].temperature

    def gradients(step: TrainingStep) -> tuple[Tensor, dict[str, Tensor]]:
        losses, g_task, g_general = two_gradients(step, temperature)
        return losses, {name: orthogonal(g_task[name], g_general[name]) for name in g_task}

    return gradients
