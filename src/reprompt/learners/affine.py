"""Linear layers that are learned, one per run of a fleet.

R runs, N rows, I inputs, O outputs
"""

import math

import torch
from torch import Tensor


def affine(x_RNI: Tensor, params: dict[str, Tensor], name: str) -> Tensor:
    """x W^T + b with `name`_weight (R, O, I) and `name`_bias (R, O): (R, N, O)."""
    return torch.baddbmm(params[f"{name}_bias"][:, None], x_RNI, params[f"{name}_weight"].transpose(1, 2))


def default_affine(name: str, inputs: int, outputs: int, stream: torch.Generator) -> dict[str, Tensor]:
    """One run's layer as PyTorch starts `nn.Linear`: weight (O, I) and bias (O,) uniform within 1 / sqrt(I)."""
    bound = 1 / math.sqrt(inputs)
    return {
        f"{name}_weight": bound * (2 * torch.rand(outputs, inputs, generator=stream) - 1),
        f"{name}_bias": bound * (2 * torch.rand(outputs, generator=stream) - 1),
    }
