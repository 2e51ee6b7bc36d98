"""CLIP weights from elsewhere: found by open_clip's name or in a file, and converted once into a weight file of ours.

    .pt                     OpenAI's TorchScript archive, or its state dict: most weights in half precision
    .bin, .safetensors      open_clip's state dict

The converted file holds every tensor in half precision where that loses nothing and in single precision elsewhere, so
the same weights give the same bytes, and the same hash in every record, whatever container they came in.

Which activation the weights need, QuickGELU or GELU, and how they want pictures, is written in the converted file
(reprompt.clip.configurations); `load` reads files of both kinds.
"""

import hashlib
import json
import pickle
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from open_clip.model import CLIP, build_model_from_openai_state_dict
from open_clip.pretrained import download_pretrained, get_pretrained_cfg
from open_clip.transformer import QuickGELU
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from reprompt.clip import backbones
from reprompt.clip.backbones import Backbone
from reprompt.clip.configurations import architecture, check_activation
from reprompt.clip.weights import TOKEN_TABLE, build, freeze
from reprompt.foundation.atomic import written_whole

OPENAI = "openai"  # the tag of OpenAI's own weights
MARKS = ("input_resolution", "context_length", "vocab_size")  # OpenAI's archives carry these beside the weights
CACHE = Path("~/.cache/clip")  # open_clip's


@dataclass(frozen=True)
class ForeignWeights:
    """Weights from elsewhere: a state dict, its file and SHA-256, and whether the file is as OpenAI writes its own."""

    path: Path
    state: dict[str, Tensor]
    sha256: str
    from_openai: bool


def load(path: Path, name: str) -> Backbone:
    """The backbone in a weight file, with the activation that its weights were trained with."""
    backbone = backbones.load(path, name)
    return replace(backbone, model=_with_quick_gelu(backbone.model)) if _has_quick_gelu(path) else backbone


def convert(weights: ForeignWeights, model: str, tag: str, out: Path) -> None:
    """Write weights as the architecture that open_clip calls `model`, with what the tag says of pictures.

    Raises ValueError where weights, model and tag do not fit, or the model cannot be tuned here.
    """
    if weights.from_openai:
        check_activation(model, tag, from_openai=str(weights.path))
    settings = architecture(model, tag)
    _check_shapes(weights, model, settings)
    _write(out, _as_open_clip_loads(weights, settings, tag).state_dict(), settings, model)


def fetch(model: str, tag: str, backbone: str, cache: Path | None = None) -> Path:
    """The weights that open_clip knows as `model`, `tag`, downloaded unless they are in its cache.

    OpenAI's are taken from OpenAI, whose addresses hold their checksum. FileNotFoundError says where to put them.
    """
    architecture(model, tag)
    settings = get_pretrained_cfg(model, tag)
    try:
        return Path(download_pretrained(settings, prefer_hf_hub=False, cache_dir=str(cache) if cache else None))
    except (OSError, RuntimeError) as error:  # no network; a checksum that does not match
        address = settings.get("url") or settings["hf_hub"]
        at = f"put it at {(cache or CACHE) / Path(address).name}, or " if settings.get("url") else ""
        raise FileNotFoundError(
            f"{address}: cannot be downloaded ({error}). Download it where there is a network and {at}name the file: "
            f"`reprompt weights {backbone} --from FILE`, or backbones.{backbone}.file in params.yaml"
        ) from None


def read_foreign_weights(path: Path) -> ForeignWeights:
    """The weights in a file of one of the kinds above; nothing in it is executed. ValueError where it is none."""
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file; it should hold CLIP weights (OpenAI's .pt, or open_clip's)")
    state = _state_in(path)
    from_openai = set(MARKS) <= set(state)
    state = {name.removeprefix("module."): tensor for name, tensor in state.items() if name not in MARKS}
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return ForeignWeights(path, state, sha256, from_openai)


def is_published(weights: ForeignWeights, model: str) -> bool:
    """Whether a file is, byte by byte, the one that OpenAI publishes for an architecture."""
    return weights.sha256 in get_pretrained_cfg(model, OPENAI).get("url", "").split("/")


def _state_in(path: Path) -> dict[str, Tensor]:
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        try:
            with warnings.catch_warnings(action="ignore", category=FutureWarning):  # OpenAI's files stay what they are
                return torch.jit.load(str(path), map_location="cpu").state_dict()
        except RuntimeError:  # no TorchScript archive
            state = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, pickle.UnpicklingError, SafetensorError) as error:
        why = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ValueError(f"{path}: no weights can be read from it ({why}): download it again") from None
    state = state.get("state_dict", state) if isinstance(state, dict) else None
    if not isinstance(state, dict) or not all(isinstance(value, Tensor | int) for value in state.values()):
        raise ValueError(f"{path}: not a state dict (tensors by name), but {type(state).__name__}")
    return {name: torch.as_tensor(value) for name, value in state.items()}


def _check_shapes(weights: ForeignWeights, model: str, settings: dict) -> None:
    with torch.device("meta"):
        wanted = {name: tuple(tensor.shape) for name, tensor in _built(settings).state_dict().items()}
    there = {name: tuple(tensor.shape) for name, tensor in weights.state.items()}
    for name in dict.fromkeys((*wanted, *there)):
        if wanted.get(name) != there.get(name):
            is_, should = (f"is {s}" if s is not None else "is not there" for s in (there.get(name), wanted.get(name)))
            raise ValueError(f"{weights.path}: not the weights of {model}: {name} {is_}, and in {model} it {should}")


def _as_open_clip_loads(weights: ForeignWeights, settings: dict, tag: str) -> CLIP:
    """The model in single precision, as open_clip's own loaders give it.

    What OpenAI saved in half precision open_clip rounds to half precision again, which changes nothing in its files.
    Of others' weights it rounds none.
    """
    if weights.from_openai or (weights.path.suffix == ".pt" and tag == OPENAI):
        return freeze(build_model_from_openai_state_dict(dict(weights.state), cast_dtype=None).float())
    model = _built(settings)
    model.load_state_dict(weights.state)
    return freeze(model)


def _built(settings: dict) -> CLIP:
    return build(settings["vision"], settings["text"], settings["joint_width"], settings["quick_gelu"])


def _write(path: Path, state: dict[str, Tensor], settings: dict, model: str) -> None:
    """The format that `clip.weights.read` reads, with the whole token table; nothing is rounded."""
    weights = {name: _as_short_as_exact(tensor).contiguous() for name, tensor in state.items()}
    weights["token_ids"] = torch.arange(len(weights[TOKEN_TABLE]), dtype=torch.int32)
    with written_whole(path) as unfinished:
        save_file(weights, unfinished, metadata={"about": _about(settings, model)})


def _about(settings: dict, model: str) -> str:
    # one entry, because the order in which safetensors writes several differs from run to run
    return json.dumps({"architecture": settings, "model": model}, sort_keys=True)


def _as_short_as_exact(tensor: Tensor) -> Tensor:
    if not tensor.is_floating_point():
        return tensor
    half = tensor.half()
    return half if torch.equal(half.to(tensor.dtype), tensor) else tensor


def _has_quick_gelu(path: Path) -> bool:
    with safe_open(path, "pt") as file:
        return json.loads(file.metadata()["about"])["architecture"].get("quick_gelu", False)


def _with_quick_gelu(model: CLIP) -> CLIP:
    """The same model with open_clip's other activation. It has no weights, so the order does not matter."""
    image_blocks = model.visual.transformer.resblocks if hasattr(model.visual, "transformer") else ()
    for block in (*model.transformer.resblocks, *image_blocks):
        block.mlp.gelu = QuickGELU()
    return model
