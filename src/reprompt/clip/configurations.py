"""What a weight file says of a model and a tag of open_clip's: towers, activation, and how the weights want pictures.

A tag is a set of weights. Every tag has its own mean, standard deviation, interpolation and way to resize: with those
of another a model still classifies, only worse. The same holds of the activation: OpenAI's CLIPs, and most of
MetaCLIP's and of DFN's, have QuickGELU, x sigmoid(1.702 x), where open_clip's own have GELU. So what does not fit is an
error.
"""

import difflib

import open_clip
from open_clip.pretrained import get_pretrained_cfg, list_pretrained_tags_by_model

from reprompt.cells.architectures import refusal
from reprompt.data.preparation import AS_OPENAI

QUICK = "-quickgelu"  # how open_clip's names of architectures end that have QuickGELU
RESIZE = {"shortest": "centred", "squash": "squashed", "longest": "padded"}  # open_clip's words, and ours
INTERPOLATION = ("bicubic", "bilinear")


def architecture(model: str, tag: str) -> dict:
    """What a weight file says of open_clip's `model` with the weights `tag`.

    What is as OpenAI's weights want it is left out, so that their files stay what they are. Raises ValueError where
    there is no such model or tag, where the model's towers are not CLIP's, and where its activation is not the tag's.
    """
    config = _towers(model, tag)
    check_activation(model, tag)
    wanted = _weights(model, tag)
    resizing = {"resize": RESIZE.get(wanted["resize_mode"]), "interpolation": wanted["interpolation"]}
    if resizing["resize"] is None or resizing["interpolation"] not in INTERPOLATION or wanted.get("fill_color"):
        raise ValueError(f"{model}, {tag}: its pictures are resized in a way that is not known here: {wanted}")
    return {
        "vision": config["vision_cfg"],
        "text": config["text_cfg"],
        "joint_width": config["embed_dim"],
        "mean": list(wanted["mean"]),
        "std": list(wanted["std"]),
        "quick_gelu": config.get("quick_gelu", False),
        **{key: value for key, value in resizing.items() if value != getattr(AS_OPENAI, key)},
    }


def check_activation(model: str, tag: str, from_openai: str = "") -> None:
    """ValueError, naming both, where a model has another activation than the weights were trained with.

    `from_openai` names a file that is OpenAI's whatever the tag says.
    """
    has = _towers(model, tag).get("quick_gelu", False)
    plain = model.removesuffix(QUICK)
    listed = get_pretrained_cfg(plain, tag) or _weights(model, tag)
    trained, whose = (True, from_openai) if from_openai else (listed.get("quick_gelu", False), f"weights {tag!r}")
    if has != trained:
        kinds = {True: "QuickGELU", False: "GELU"}
        remedy = f"use architecture {plain + QUICK if trained else plain}, or other weights"
        raise ValueError(f"architecture {model} has {kinds[has]}, but {whose} have {kinds[trained]}: {remedy}")


def _towers(model: str, tag: str) -> dict:
    """open_clip's description of a model whose towers are CLIP's."""
    config = open_clip.get_model_config(model)
    if config is None:
        near = difflib.get_close_matches(model, open_clip.list_models(), n=1, cutoff=0.5)
        raise ValueError(f"open_clip has no architecture {model!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
    if why := refusal(config):
        raise ValueError(f"{model}, {tag}: {why}")
    return config


def _weights(model: str, tag: str) -> dict:
    """open_clip's description of the weights of a tag: where they are and how they want pictures."""
    listed = get_pretrained_cfg(model, tag)
    if not listed:
        known = ", ".join(list_pretrained_tags_by_model(model)) or "none"
        raise ValueError(f"open_clip has no weights {tag!r} for {model}; it has: {known}")
    return listed
