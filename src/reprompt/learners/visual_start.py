"""Where visual prompts start, and where they enter: the two released codings of VPT."""

import math

import torch
from open_clip.transformer import VisionTransformer
from torch import Tensor

from reprompt.cells.axes import ImagePromptSettings
from reprompt.initialisation.context import random_vectors


def visual_prompts(
    tower: VisionTransformer, settings: ImagePromptSettings, stream: torch.Generator, width: int | None = None
) -> Tensor:
    """Visual prompts of one run (J, N, W): `visual_depth` J layers of `visual_length` N.

    `visual_start` normal is N(0, 0.02^2) (MaPLe's repository); uniform is within sqrt(6 / (3 P^2 + W)) for patches of
    P pixels (the original VPT, MVLPT's repository). Raises ValueError for more layers than the tower has.
    """
    shape = (settings.visual_depth, settings.visual_length, width or tower.proj.shape[0])
    if settings.visual_depth > len(tower.transformer.resblocks):
        raise ValueError(f"visual_depth {shape[0]} exceeds the {len(tower.transformer.resblocks)} layers of the tower")
    if settings.visual_start == "normal":
        return random_vectors(*shape, stream=stream)
    bound = math.sqrt(6 / (3 * tower.conv1.kernel_size[0] ** 2 + shape[-1]))
    return bound * (2 * torch.rand(*shape, generator=stream) - 1)


def enters_before_norm(settings: ImagePromptSettings) -> bool:
    """Whether the first layer's prompts pass `ln_pre`: `placement` before_norm (MaPLe's) or after_norm (MVLPT's)."""
    return settings.placement == "before_norm"
