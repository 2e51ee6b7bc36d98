"""The start of GRAM's ablation: prompts that were trained to tell the topics of the corpus (Table 6)."""

from reprompt.cells.axes import Stored
from reprompt.initialisation.stored import start

__all__ = ["Settings", "start"]


class Settings(Stored):
    """Which seed's prompts."""

    label = "pre-trained prompts"
    made_under = "multitask"
