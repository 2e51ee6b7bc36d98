"""The general direction G_g alone, one of the gradient strategies of ProGrad's Figure 2: the task teaches nothing."""

from collections.abc import Sequence

from torch import Tensor

from reprompt.cells.axes import GeneralDirection
from reprompt.clip.params import Params
from reprompt.gradients.prograd import has_direction, two_gradients
from reprompt.gradients.step import Rule, TrainingStep


class Settings(GeneralDirection):
    """The teacher's."""

    label = "G_g only"


def rule(settings: Sequence[Settings], handed_over: Sequence[Params] = ()) -> Rule:
    """A step along G_g, none where it has no direction; the fleet shares temperature and floor."""
    temperature, floor = settings[0].temperature, settings[0].floor

    def gradients(step: TrainingStep) -> tuple[Tensor, dict[str, Tensor]]:
        losses, g_task, g_general = two_gradients(step, temperature)
        return losses, {name: g.where(has_direction(g_task[name], g, floor), 0) for name, g in g_general.items()}

    return gradients
