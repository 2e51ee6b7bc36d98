"""CLIP++: the mean of several templates' text features, nothing learned. CLIP section 3.1.4; ProGrad Table 1."""

from reprompt.cells.axes import LearnerSettings
from reprompt.learners.templates import TextsOfTask, ensemble_templates


class Settings(LearnerSettings):
    """Nothing to set."""

    label = "CLIP++"
    trained = "not"


def templates(settings: Settings, task: TextsOfTask) -> tuple[str, ...]:
    """CoOp's seven and the task's own."""
    return ensemble_templates(task.task, task.template)
