"""What tells the weights of a CLIP from those of another, whatever file they came in."""

import hashlib
from weakref import WeakKeyDictionary

import torch
from open_clip.model import CLIP

_KNOWN: "WeakKeyDictionary[CLIP, str]" = WeakKeyDictionary()  # a model is large, and asked for with every picture


def fingerprint(model: CLIP) -> str:
    """SHA-256 over all weights of a model by name, in single precision; that of a model is worked out once."""
    if model not in _KNOWN:
        sha256 = hashlib.sha256()
        for name, tensor in sorted(model.state_dict().items()):
            array = tensor.detach().to("cpu", torch.float32).contiguous().numpy()
            sha256.update(f"{name} {array.shape}\n".encode() + array.tobytes())
        _KNOWN[model] = sha256.hexdigest()
    return _KNOWN[model]
