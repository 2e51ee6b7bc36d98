"""What open_clip says of a model, and whether its towers are CLIP's, which prompts are written for.

It is read from open_clip's own files without importing open_clip, which takes seconds: the plan refuses a backbone.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from reprompt.cells.tuning import ParameterError
from reprompt.foundation.nearest import nearest

# What makes a tower another one than CLIP's, and why prompts cannot do with it; the first that holds is said.
REASONS = {
    "vision_cfg": {
        "timm_model_name": "its image tower is timm's {}",
        "attentional_pool": "its image tower pools tokens by attention",
        "pool_type": "its image tower pools tokens ({})",
    },
    "text_cfg": {
        "hf_model_name": "its text tower is Hugging Face's {}",
        "no_causal_mask": "its text tower is not causal, so classes share no prefix",
        "hf_tokenizer_name": "its tokenizer is {}",
        "embed_cls": "its text tower reads a class token",
        "pool_type": "its text tower is read at the {} token",
        "vocab_size": "its vocabulary has {} tokens, CLIP's 49408",
        "context_length": "its texts have {} tokens, CLIP's 77",
    },
    "": {"multimodal_cfg": "it has a text decoder"},
}
SIZES = {  # a tower of CLIP's may have these in any size
    "vision_cfg": {"image_size", "patch_size", "width", "head_width", "layers", "mlp_ratio"},
    "text_cfg": {"width", "heads", "layers", "mlp_ratio"},
    "": {"embed_dim", "quick_gelu", "vision_cfg", "text_cfg"},
}
CLIPS = {  # what CLIP's own are, where a configuration says it
    "vision_cfg": {"pool_type": "tok"},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "pool_type": "argmax", "proj_type": "linear"},
    "": {},
}


@cache
def architecture(model: str) -> dict[str, Any]:
    """What open_clip's own file says of a model. Raises ParameterError if there is none."""
    folder = Path(find_spec("open_clip").submodule_search_locations[0]) / "model_configs"
    known = {file.stem: file for file in folder.glob("*.json")}
    if model not in known:
        raise ParameterError(f"open_clip has no architecture {model!r}{nearest(model, known)}")
    return json.loads(known[model].read_text())


def refusal(described: Mapping[str, Any]) -> str | None:
    """Why a model of this description cannot be tuned here; None if its towers are CLIP's.

    Everything that a description sets beyond sizes is a reason: what the towers here do not know of would be left out
    in silence.
    """
    told, others = [], []
    for part, sizes in SIZES.items():
        set_there = described[part] if part else described
        other = {
            key: value
            for key, value in set_there.items()
            if key not in sizes and value and CLIPS[part].get(key) != value
        }
        told += [words.format(other[key]) for key, words in REASONS[part].items() if key in other][:1]
        others += other
    if told:
        return "; ".join(told)
    if others:
        return f"CLIP has no {', '.join(others)}"
    return None if isinstance(described["vision_cfg"]["image_size"], int) else "its pictures are not square"


def image_tower_is_resnet(described: Mapping[str, Any]) -> bool:
    """Feature maps instead of tokens: open_clip makes a ResNet of a list of layers."""
    return isinstance(described["vision_cfg"]["layers"], list)
