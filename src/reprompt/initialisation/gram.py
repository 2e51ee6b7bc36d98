"""GRAM's start: prompts that were meta-learned together with a regulator of their gradients. arXiv:2303.06571."""

from reprompt.cells.axes import Stored
from reprompt.initialisation.stored import start

__all__ = ["Settings", "start"]


class Settings(Stored):
    """Which seed's prompts."""

    label = "a meta-learned start"
    made_under = "meta"
    made_by = "gram"
    regulator = True
