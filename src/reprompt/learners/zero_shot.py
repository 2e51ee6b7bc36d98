"""Zero-shot CLIP: one hand-written template per task, nothing learned. Radford et al. 2021, arXiv:2103.00020."""

from torch import Tensor

from reprompt.cells.axes import LearnerSettings
from reprompt.clip.backbones import Backbone
from reprompt.learners.templates import class_features


class Settings(LearnerSettings):
    """Nothing to set."""

    label = "CLIP"
    trained = "not"
    templates = 1


def classes(backbone: Backbone, task: str, template: str, class_names: list[str]) -> Tensor:
    """Normalised class features (K, E)."""
    return class_features(backbone, class_names, (template,))
