"""What of G_d is orthogonal to G_g, one of the gradient strategies of ProGrad's Figure 2.

ProGrad takes this part only where the two conflict; here it is taken at every step, so that agreement is dropped too.
"""

from collections.abc import Sequence

from torch import Tensor

from reprompt.cells.axes import GeneralDirection
from reprompt.clip.params import Params
from reprompt.gradients.prograd import component, two_gradients
from reprompt.gradients.step import Rule, TrainingStep


def orthogonal(g_task: Tensor, g_general: Tensor, floor: float) -> Tensor:
    """G_perp of Figure 3: g_task (R, ...) without its component along g_general, run by run."""
    return g_task - component(g_task, g_general, floor) * g_general


class Settings(GeneralDirection):
    """The teacher's."""

    label = "G_perp only"


def rule(settings: Sequence[Settings], handed_over: Sequence[Params] = ()) -> Rule:
    """A step along G_perp, tensor by tensor; the fleet shares temperature and floor."""
    temperature, floor = settings[0].temperature, settings[0].floor

    def gradients(step: TrainingStep) -> tuple[Tensor, dict[str, Tensor]]:
        losses, g_task, g_general = two_gradients(step, temperature)
        return losses, {name: orthogonal(g_task[name], g_general[name], floor) for name in g_task}

    return gradients
