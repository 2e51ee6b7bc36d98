"""MVLPT's start: a source prompt, trained on several tasks together. arXiv:2211.11720, section 3.3."""

from reprompt.cells.axes import Stored
from reprompt.initialisation.stored import start

__all__ = ["Settings", "start"]


class Settings(Stored):
    """Which seed's prompts."""

    label = "a source prompt"
    made_under = "multitask"
    made_by = "multitask"
