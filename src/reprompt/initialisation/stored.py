"""The start from a stored prompt: MVLPT's multitask source prompt, GRAM's meta-learned start, or any tuned prompt.

A prompt file holds the learned tensors of one run and says for which backbone and learner they are.
"""

import json
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from reprompt.atomic import written_whole
from reprompt.clip.backbones import Backbone
from reprompt.learners.learner import Learner, Params
from reprompt.prompts import made_on, require_same_backbone


def save_prompt(path: Path, params: Params, backbone: Backbone, made_by: str) -> None:
    """Write the learned tensors of one run, in half precision, with what they belong to."""
    about = {**made_on(backbone), "made_by": made_by}
    tensors = {name: tensor.detach().half().contiguous().cpu() for name, tensor in params.items()}
    with written_whole(path) as unfinished:
        save_file(tensors, unfinished, metadata={"about": json.dumps(about, sort_keys=True)})


def load_prompt(path: Path, backbone: Backbone) -> Params:
    """Read a prompt; one that was tuned on another backbone is an error."""
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: a stored prompt to start from; the job that tunes it makes it")
    with safe_open(path, "pt") as file:
        about = json.loads((file.metadata() or {}).get("about", "{}"))
        # Regulators of GRAM lie in the same file under dotted names; a prompt has none.
        params = {key: file.get_tensor(key).float() for key in file.keys() if "." not in key}  # noqa: SIM118 (no dict)
    require_same_backbone(path, about, backbone)
    return params


def start(learner: Learner, settings: dict, stream: torch.Generator, handed_over: Params | None = None) -> Params:
    """The prompt handed over, else that of the file `source_prompt`, if it is what the learner learns."""
    path = settings.get("source_prompt", "the source prompt")
    stored = load_prompt(Path(path), learner.backbone) if handed_over is None else handed_over
    expected = learner.start("random", stream)
    if stored.keys() != expected.keys():
        raise ValueError(f"{path}: holds {sorted(stored)}, but the learner has {sorted(expected)}")
    for name, tensor in expected.items():
        if stored[name].shape != tensor.shape:
            raise ValueError(
                f"{path}: {name} is {tuple(stored[name].shape)}, the learner's is {tuple(tensor.shape)}: "
                "lengths, depths and, for class-specific prompts, class counts have to agree"
            )
    return stored
