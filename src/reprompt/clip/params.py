"""Learned tensors by name: of one run, or of R runs, each (R, ...)."""

from torch import Tensor

Params = dict[str, Tensor]
