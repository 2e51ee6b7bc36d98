"""The start of GRAM's ablation: prompts that were meta-learned without a regulator (Table 6)."""

from reprompt.cells.axes import Stored
from reprompt.initialisation.stored import start

__all__ = ["Settings", "start"]


class Settings(Stored):
    """Which seed's prompts."""

    label = "a plain meta-learned start"
    made_under = "meta"
