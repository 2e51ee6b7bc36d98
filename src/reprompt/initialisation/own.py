"""The learner's own start: at random, or at the words of a phrase."""

import torch

from reprompt.cells.axes import StartSettings
from reprompt.clip.params import Params
from reprompt.initialisation.starting import Starting


class Settings(StartSettings):
    """Nothing to set: the phrase is one of `tuning`."""


def start(learner: Starting, initialisation: str, stream: torch.Generator, handed_over: Params) -> Params:
    """The learned tensors of one run at their start; nothing is handed over to it."""
    return learner.start(initialisation, stream)
