"""The weights of a CLIP: building, saving and reading them. The towers are open_clip's own, never patched."""

import json
from pathlib import Path

import torch
from open_clip.model import CLIP
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from reprompt.foundation.atomic import written_whole
from reprompt.foundation.damage import reading

VOCABULARY = 49408
CONTEXT_LENGTH = 77
TOKEN_TABLE = "token_embedding.weight"


def normalise(images: Tensor, mean: tuple[float, ...], std: tuple[float, ...]) -> Tensor:
    """(..., H, W, 3) uint8 pixels -> (..., 3, H, W) floats as an image tower expects them."""
    mean, std = torch.tensor(mean, device=images.device), torch.tensor(std, device=images.device)
    return ((images.float() / 255 - mean) / std).movedim(-1, -3)


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


def read(path: Path, name: str) -> tuple[CLIP, dict]:
    """Read a file written by `save`: the model in single precision, frozen, and its architecture.

    Raises FileNotFoundError, DamagedFileError. A damaged tensor is not found here: such weights have another SHA-256,
    and are refused where features were made with the right ones (reprompt.clip.manifest).
    """
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: the weights of {name}; `dvc pull` or `make reproduce` restores it")
    with reading(path, "restore it (`dvc checkout --force`) or have it made again"), safe_open(path, "pt") as file:
        architecture = json.loads(file.metadata()["about"])["architecture"]
        weights = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (no dict)
    model = build(architecture["vision"], architecture["text"], architecture["joint_width"])
    rows = weights.pop(TOKEN_TABLE)
    table = torch.zeros(VOCABULARY, rows.shape[1])
    table[weights.pop("token_ids").long()] = rows.float()
    model.load_state_dict(
        {**{k: v.float() if v.is_floating_point() else v for k, v in weights.items()}, TOKEN_TABLE: table}
    )
    return freeze(model), architecture
