"""From a golden case to a learner of ours: its settings, and where each of the file's arrays is among our tensors."""

import re
from dataclasses import dataclass
from importlib import import_module

import numpy as np
import torch
from torch import Tensor

from reprompt.cells.axes import LearnerSettings
from reprompt.clip.backbones import Backbone
from reprompt.clip.params import Params
from reprompt.clip.savings import Savings
from reprompt.clip.text import detokenize, tokenize
from reprompt.learners import (
    cocoop,
    coop,
    ivlp,
    maple,
    upt,
    vpt,
)
from reprompt.learners.learner import Learner
from reprompt.parity.case import Case

TEMPLATE = "a photo of a {}."

# The file's name of an array, ours, and which part of ours: all of it (None), some layers, or the numbered layer,
# whose number is counted from there.
PLACES = (
    (r"ctx|txt_prompt_0", "context", None),
    (r"txt_prompt_(\d+)", "deep_context", -1),
    (r"vis_prompt_(\d+)", "visual", 0),
    (r"vis_prompt_deep", "visual", slice(1, None)),
    (r"vis_prompt", "visual", None),
    (r"proj_w_(\d+)", "coupling_weight", 0),
    (r"proj_b_(\d+)", "coupling_bias", 0),
    (r"meta_w1", "meta_in_weight", None),
    (r"meta_b1", "meta_in_bias", None),
    (r"meta_w2", "meta_out_weight", None),
    (r"meta_b2", "meta_out_bias", None),
    (r"vis_proj_w", "project_weight", None),
    (r"vis_proj_b", "project_bias", None),
    (r"upt\.txt_(in|out)_w", r"text_\1_weight", None),
    (r"upt\.txt_(in|out)_b", r"text_\1_bias", None),
    (r"upt\.vis_(in|out)_w", r"visual_\1_weight", None),
    (r"upt\.vis_(in|out)_b", r"visual_\1_bias", None),
    (r"upt\.block\.attn_(in|out)_w", r"mix_attention_\1_weight", None),
    (r"upt\.block\.attn_(in|out)_b", r"mix_attention_\1_bias", None),
    (r"upt\.block\.fc(\d)_w", r"mix_fc_\1_weight", None),
    (r"upt\.block\.fc(\d)_b", r"mix_fc_\1_bias", None),
    (r"upt\.block\.ln(\d)_w", r"mix_norm_\1_weight", None),
    (r"upt\.block\.ln(\d)_b", r"mix_norm_\1_bias", None),
)


@dataclass(frozen=True)
class TensorPlace:
    """Where an array of the file is: in our tensor `ours`, whole or at a layer or layers."""

    ours: str
    at: int | slice | None
    shape: tuple[int, ...]


def tensor_places(arrays: dict[str, np.ndarray]) -> dict[str, TensorPlace]:
    """The place of every learnable array. Raises ValueError for one that no learner has."""
    where = {}
    for name, array in arrays.items():
        for pattern, ours, at in PLACES:
            match = re.fullmatch(pattern, name)
            if match:
                layer = int(match[1]) + at if isinstance(at, int) else at
                where[name] = TensorPlace(match.expand(ours), layer, array.shape)
                break
        else:
            raise ValueError(f"init.{name}: no learner has such an array")
    return where


def to_ours(arrays: dict[str, Tensor], where: dict[str, TensorPlace]) -> Params:
    """The file's arrays as our tensors, with a run axis of one."""
    params: Params = {}
    for ours in dict.fromkeys(place.ours for place in where.values()):
        parts = sorted((item for item in where.items() if item[1].ours == ours), key=lambda item: _first(item[1].at))
        tensors = [_layers(arrays[name], place, ours) for name, place in parts]
        params[ours] = torch.cat(tensors)[None]
    return params


def to_theirs(params: Params, where: dict[str, TensorPlace]) -> dict[str, Tensor]:
    """Our tensors, or their gradients, as the file's arrays."""
    return {
        name: (params[place.ours][0] if place.at is None else params[place.ours][0][place.at]).reshape(place.shape)
        for name, place in where.items()
    }


def _first(at: int | slice | None) -> int:
    return at.start if isinstance(at, slice) else at or 0


def _layers(array: Tensor, place: TensorPlace, ours: str) -> Tensor:
    """An array of the file with the axis of layers that ours has; one layer of it has one axis or two."""
    if not isinstance(place.at, int):
        return array
    return array.reshape(1, *array.shape[-1 if ours == "coupling_bias" else -2 :])


def learner_of_case(case: Case, backbone: Backbone, savings: Savings, class_names: list[str] | None = None) -> Learner:
    """The learner of a case, among its own class names or those given."""
    names = class_names or case.class_names
    settings = settings_of(case)
    told = {"templates": [case.config["reference_template"]]} if settings.of_templates else {}
    return import_module(type(settings).__module__).Learner(backbone, names, settings, savings, **told)


def settings_of(case: Case) -> LearnerSettings:
    """The settings of a case's learner, by the arrays that it has and by what its file says."""
    arrays, config = case.under("init."), case.config
    if "prompt_template" in config:
        return _said_settings(case)
    layers = len([name for name in arrays if re.fullmatch(r"vis_prompt_\d+", name)])
    for deep in ("vis_prompt_deep", "vis_prompt"):
        layers += len(arrays[deep]) if deep in arrays else 0
    prompts = next((array for name, array in arrays.items() if name.startswith("vis_prompt")), np.empty((1, 1)))
    visual = {"visual_length": prompts.shape[-2], "visual_depth": layers, "placement": _placement(case)}
    position = config.get("class_token_position", "end")
    deep_text = sum(bool(re.fullmatch(r"txt_prompt_\d+", name)) for name in arrays)
    context = next((arrays[name] for name in ("ctx", "txt_prompt_0") if name in arrays), None)
    if context is None:
        if not layers:
            raise ValueError(f"method {case.method!r} with arrays {sorted(arrays)}: no learner for it")
        return vpt.Settings(**visual, template=config.get("template", TEMPLATE))
    text = {"context_length": context.shape[-2]}
    if "proj_w_0" in arrays:
        depth = sum(bool(re.fullmatch(r"proj_w_\d+", name)) for name in arrays)
        return maple.Settings(**text, depth=depth, words=_frozen_words(case, context))
    if "meta_w1" in arrays:
        return cocoop.Settings(**text)
    if any(name.startswith("upt.") for name in arrays):
        attention = "tokens" if "all" in config["upt_attention"] else "itself"
        mix = len(arrays["upt.block.fc2_b"])
        return upt.Settings(**text, **visual, position=position, mix_width=mix, attention=attention)
    words = _frozen_words(case, context)
    if deep_text or words or layers:  # CoOp whose phrase leaves words is IVLP without visual prompts
        return ivlp.Settings(**text, **visual, position=position, text_depth=deep_text or 1, words=words)
    return coop.Settings(**text, position=position)


def _said_settings(case: Case) -> LearnerSettings:
    """The settings of the learner that a case's method names, as its file says them.

    Of the sentence that is tuned the first words give way to the context.
    """
    length = case.config["n_ctx"]
    sentence = " ".join(case.config["prompt_template"].split()[length:])
    return import_module(f"reprompt.learners.{case.method}").Settings.of(
        case.config | {"context_length": length, "sentence": sentence}
    )


def _placement(case: Case) -> str:
    """MaPLe's repository prompts before `ln_pre`, MVLPT's after it; GRAM's cases say which."""
    after = case.method == "mvlpt" or "after" in str(case.config.get("prompts", ""))
    return "after_norm" if after else "before_norm"


def _frozen_words(case: Case, context: np.ndarray) -> str:
    """The words of a phrase that a context (M, D) or (K, M, D) does not cover: they stay before the name."""
    return detokenize(_before_name(case)[context.shape[-2] :])


def _before_name(case: Case) -> Tensor:
    """The tokens between start token and class name, placeholders or the words of a phrase."""
    tokens = torch.from_numpy(case.arrays["token_ids"].astype(np.int64))[0]
    # Name and "." together: the last mark of a name like "kite (bird of prey)" is one token with the ".".
    name_on = tokenize([case.class_names[0].replace("_", " ") + "."])[0]
    return tokens[1 : int(tokens.argmax()) - int(name_on.argmax()) + 1]


def tokens_agree(case: Case) -> bool:
    """Whether our tokens of the prompts "[words before the name] name." are the file's."""
    said = (case.config.get(name) for name in ("template", "prompt_template"))
    template = next(filter(None, said), None) or f"{detokenize(_before_name(case))} {{}}."
    ours = tokenize([template.format(name.replace("_", " ")) for name in case.class_names]).numpy()
    theirs = case.arrays["token_ids"]
    return np.array_equal(ours[:, : theirs.shape[1]], theirs) and not ours[:, theirs.shape[1] :].any()
