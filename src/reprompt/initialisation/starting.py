"""What an initialisation asks of a learner."""

from typing import Protocol

import torch

from reprompt.clip.params import Params


class Starting(Protocol):
    """A learner, as far as its start goes."""

    def start(self, initialisation: str, stream: torch.Generator) -> Params:
        """The learned tensors of one run at their start; `initialisation` is "random" or a phrase."""
