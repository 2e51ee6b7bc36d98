"""CLIP backbones: open_clip models, frozen, with the little that the rest of the package must know about them.

A backbone comes either from open_clip by name (OpenAI's weights, scale `paper`) or from a file that the miniature's
pre-training wrote. The towers are open_clip's own, never patched.
"""

import copy
import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from open_clip.model import CLIP
from torch import Tensor

from reprompt.clip.weights import normalise, read
from reprompt.data.preparation import AS_OPENAI, Interpolation, Preparation, Resize


@dataclass(frozen=True)
class Backbone:
    """A frozen CLIP: `model` in evaluation mode, its input `mean` and `std` per channel, a hash of its weights.

    `resize` and `interpolation` are how its weights want pictures resized; left out, as OpenAI's do.
    """

    name: str
    model: CLIP
    image_size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    weights_sha256: str
    resize: Resize = AS_OPENAI.resize
    interpolation: Interpolation = AS_OPENAI.interpolation

    @property
    def preparation(self) -> Preparation:
        """How pictures become its input."""
        return Preparation(self.image_size, self.resize, self.interpolation)

    @property
    def scale(self) -> Tensor:
        """The temperature's inverse, exp(logit_scale): a scalar."""
        return self.model.logit_scale.to(self.learned_dtype).exp()

    @property
    def device(self) -> torch.device:
        return self.model.positional_embedding.device

    @property
    def dtype(self) -> torch.dtype:
        """The precision of the frozen towers."""
        return self.model.positional_embedding.dtype

    @property
    def learned_dtype(self) -> torch.dtype:
        """The precision of learned tensors and features: at least single, also where the towers run in less."""
        return torch.promote_types(self.dtype, torch.float32)

    @property
    def text_width(self) -> int:
        """D, the width of a context vector."""
        return self.model.token_embedding.embedding_dim

    @property
    def joint_width(self) -> int:
        """E, the width of features."""
        return self.model.text_projection.shape[1]

    def to(self, device: str | torch.device, dtype: torch.dtype) -> "Backbone":
        """A copy elsewhere, or in another precision (bfloat16 on a GPU); learned tensors stay in single precision.

        So does the temperature: rounded to bfloat16, CLIP's factor of 100 would be 99. Raises ValueError where there is
        no GPU.
        """
        if torch.device(device).type == "cuda" and not torch.cuda.is_available():
            raise ValueError("device cuda: PyTorch finds no GPU here; use --device cpu (or unset REPROMPT_DEVICE)")
        model = copy.deepcopy(self.model).to(device, dtype)
        model.logit_scale.data = self.model.logit_scale.to(device, torch.promote_types(dtype, torch.float32))
        return replace(self, model=model)

    def normalise(self, images: Tensor) -> Tensor:
        """(..., H, W, 3) uint8 pixels -> (..., 3, H, W) floats as the image tower expects them."""
        return normalise(images, self.mean, self.std)


def load(path: Path, name: str) -> Backbone:
    """The backbone in a weight file, in single precision. Raises FileNotFoundError."""
    model, architecture = read(path, name)
    return Backbone(
        name=name,
        model=model,
        image_size=architecture["vision"]["image_size"],
        mean=tuple(architecture["mean"]),
        std=tuple(architecture["std"]),
        weights_sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        **{key: architecture[key] for key in ("resize", "interpolation") if key in architecture},
    )
