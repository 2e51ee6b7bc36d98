"""Class features that nothing learned enters."""

from collections.abc import Callable

import torch
from torch import Tensor

from reprompt.clip.savings import Savings


class FixedTexts:
    """Class features (K, E): encoded once, or, where that saving is off, whenever they are asked for."""

    def __init__(self, encode: Callable[[], Tensor], savings: Savings):
        self._encode = torch.no_grad()(encode)
        self._kept = self._encode() if savings.fixed_text_once else None

    @property
    def features(self) -> Tensor:
        """(K, E)."""
        return self._encode() if self._kept is None else self._kept
