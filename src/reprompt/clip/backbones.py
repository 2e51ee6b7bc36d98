"""CLIP backbones: open_clip models, frozen, with the little that the rest of the package must know about them.

A backbone comes either from open_clip by name (OpenAI's weights, scale `paper`) or from a file that the miniature's
pre-training wrote. The towers are open_clip's own, never patched.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import torch
from open_clip.model import CLIP
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from reprompt.atomic import written_whole

VOCABULARY = 49408
CONTEXT_LENGTH = 77
TOKEN_TABLE = "token_embedding.weight"


@dataclass(frozen=True)
class Backbone:
    """A frozen CLIP: `model` in evaluation mode, its input `mean` and `std` per channel, a hash of its weights."""

    name: str
    model: CLIP
    image_size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    weights_sha256: str

    @property
    def scale(self) -> Tensor:
        """The temperature's inverse, exp(logit_scale): a scalar."""
        return self.model.logit_scale.exp()

    def normalise(self, images: Tensor) -> Tensor:
        """(B, H, W, 3) uint8 pixels -> (B, 3, H, W) floats as the image tower expects them."""
        mean, std = torch.tensor(self.mean), torch.tensor(self.std)
        return ((images.float() / 255 - mean) / std).permute(0, 3, 1, 2)


def build(vision: dict, text: dict, joint_width: int, quick_gelu: bool = False) -> CLIP:
    """An open_clip CLIP with random weights. `vision` and `text` are open_clip's own tower settings."""
    return CLIP(
        embed_dim=joint_width,
        vision_cfg=vision,
        text_cfg={"context_length": CONTEXT_LENGTH, "vocab_size": VOCABULARY, **text},
        quick_gelu=quick_gelu,
    )


def freeze(model: CLIP) -> CLIP:
    """Evaluation mode and no gradients for any weight."""
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    return model.eval()


def save(path: Path, model: CLIP, token_ids: Tensor, architecture: dict, notes: dict[str, str]) -> None:
    """Write weights in half precision, atomically, with only the `token_ids` (T,) rows of the token table.

    A miniature corpus uses some 600 of the 49,408 tokens; the other rows were never trained and load as zeros.
    """
    weights = {}
    for name, tensor in model.state_dict().items():
        tensor = tensor[token_ids] if name == TOKEN_TABLE else tensor
        weights[name] = (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
    weights["token_ids"] = token_ids.to(torch.int32)
    with written_whole(path) as unfinished:
        # one entry, because the order in which safetensors writes several differs from run to run
        about = json.dumps({"architecture": architecture, **notes}, sort_keys=True)
        save_file(weights, unfinished, metadata={"about": about})


def load(path: Path, name: str) -> Backbone:
    """Read a file written by `save` into a frozen single-precision backbone."""
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: the weights of {name}; `dvc pull` or `make reproduce` restores it")
    with safe_open(path, "pt") as file:
        architecture = json.loads(file.metadata()["about"])["architecture"]
        weights = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (no dict)
    model = build(architecture["vision"], architecture["text"], architecture["joint_width"])
    rows = weights.pop(TOKEN_TABLE)
    table = torch.zeros(VOCABULARY, rows.shape[1])
    table[weights.pop("token_ids").long()] = rows.float()
    model.load_state_dict(
        {**{k: v.float() if v.is_floating_point() else v for k, v in weights.items()}, TOKEN_TABLE: table}
    )
    return Backbone(
        name=name,
        model=freeze(model),
        image_size=architecture["vision"]["image_size"],
        mean=tuple(architecture["mean"]),
        std=tuple(architecture["std"]),
        weights_sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
    )
