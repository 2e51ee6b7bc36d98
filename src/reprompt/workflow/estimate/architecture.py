"""A backbone of the plan without its weights: open_clip's own model on the meta device."""

from functools import cache

import open_clip
import torch
from open_clip.model import CLIP

from reprompt.cells.parameters import OpenClipBackbone, RenderedBackbone
from reprompt.clip.backbones import Backbone
from reprompt.clip.weights import build, freeze
from reprompt.workflow.estimate.trace import META


def sizes_of(backbone: Backbone) -> list[int]:
    """Of a backbone: its weights, those of the token table, the side of its pictures, the joint width."""
    model = backbone.model
    parameters = sum(weight.numel() for weight in model.parameters())
    return [parameters, model.token_embedding.weight.numel(), backbone.image_size, backbone.joint_width]


def without_weights(settings: RenderedBackbone | OpenClipBackbone, precision: str = "float32") -> Backbone:
    """The backbone as it is tuned on: frozen. Raises ValueError for an architecture that open_clip does not know."""
    return _built(type(settings), settings.model_dump_json(), precision)


def on_meta(settings: RenderedBackbone | OpenClipBackbone) -> CLIP:
    """The model, to be trained."""
    with META:
        if isinstance(settings, RenderedBackbone):
            return build(settings.vision, settings.text, settings.joint_width)
        return CLIP(**_open_clip_config(settings.model))


@cache
def _built(kind: type[RenderedBackbone | OpenClipBackbone], settings: str, precision: str) -> Backbone:
    model = freeze(on_meta(kind.model_validate_json(settings)))
    size = model.visual.image_size
    size = size if isinstance(size, int) else size[0]
    return Backbone("", model, size, (0.5,) * 3, (0.25,) * 3, "").to(META, getattr(torch, precision))


def _open_clip_config(model: str) -> dict:
    config = open_clip.get_model_config(model)
    if config is None:
        raise ValueError(f"open_clip has no architecture {model!r}")
    return {name: value for name, value in config.items() if name != "custom_text"}
