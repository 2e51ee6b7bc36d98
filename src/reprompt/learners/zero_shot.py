"""Zero-shot CLIP: hand-written templates, nothing learned. Radford et al. 2021, arXiv:2103.00020.

`texts` is the one switch. `template` is the task's one template: ProGrad, GRAM and NPT. `elevater` is the mean of
ELEVATER's 1 to 34 templates of the task (protocols of the benchmark, arXiv:2204.08790): MVLPT quotes the CLIP rows of
its Table 2 and Figure 1 from there.
"""

from typing import Literal

from reprompt.cells.axes import LearnerSettings
from reprompt.learners.templates import TextsOfTask


class Settings(LearnerSettings):
    """`texts`: the task's one template, or the mean of ELEVATER's."""

    label = "CLIP"
    trained = "not"

    texts: Literal["template", "elevater"] = "template"

    @property
    def of_several_texts(self) -> bool:
        return self.texts == "elevater"


def templates(settings: Settings, task: TextsOfTask) -> tuple[str, ...]:
    """The templates whose mean is a class. Raises ValueError for a task that ELEVATER does not have."""
    if settings.texts == "template":
        return (task.template,)
    if not task.templates:
        raise ValueError(f"{task.task}: ELEVATER has no templates for it; set learners.zero_shot.texts: template")
    return tuple(task.templates)
