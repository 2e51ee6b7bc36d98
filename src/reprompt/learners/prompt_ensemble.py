"""CLIP++: the mean of several templates' text features, nothing learned. CLIP section 3.1.4; ProGrad Table 1."""

from torch import Tensor

from reprompt.cells.axes import LearnerSettings
from reprompt.clip.backbones import Backbone
from reprompt.learners.templates import class_features, ensemble_templates


class Settings(LearnerSettings):
    """Nothing to set."""

    label = "CLIP++"
    trained = "not"
    templates = 8  # CoOp's seven and the task's own


def classes(backbone: Backbone, task: str, template: str, class_names: list[str]) -> Tensor:
    """Normalised class features (K, E)."""
    return class_features(backbone, class_names, ensemble_templates(task, template))
