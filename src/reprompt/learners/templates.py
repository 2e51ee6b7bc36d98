"""Class features from hand-written templates: zero-shot CLIP, the prompt ensemble, and the teachers of distillation."""

from collections.abc import Sequence
from typing import Protocol

import torch.nn.functional as F
from torch import Tensor

from reprompt.clip.backbones import Backbone
from reprompt.clip.savings import ALL_SAVINGS, Savings
from reprompt.clip.text import encode_texts

# CoOp's selection of CLIP's ImageNet templates; protocol: also the task's own template, except for ImageNet itself.
ENSEMBLE = (
    "itap of a {}.",
    "a bad photo of the {}.",
    "a origami {}.",
    "a photo of the large {}.",
    "a {} in a video game.",
    "art of the {}.",
    "a photo of the small {}.",
)


class TextsOfTask(Protocol):
    """A task's one template and, where ELEVATER has the task, its templates; a split (data/splits.py) has them."""

    task: str
    template: str
    templates: Sequence[str] | None


def class_features(
    backbone: Backbone, class_names: list[str], templates: tuple[str, ...], savings: Savings = ALL_SAVINGS
) -> Tensor:
    """Normalised mean over templates of normalised text features: (K, E)."""
    names = [name.replace("_", " ") for name in class_names]
    of_templates = [encode_texts(backbone.model, [t.format(name) for name in names], savings) for t in templates]
    return F.normalize(sum(of_templates) / len(templates), dim=-1).to(backbone.learned_dtype)


def ensemble_templates(task: str, template: str) -> tuple[str, ...]:
    """The templates of the prompt ensemble for a task. ImageNet has no template of its own beside the seven."""
    return ENSEMBLE if task == "imagenet" else (*ENSEMBLE, template)


def teacher_templates(teacher: str, task: str, template: str) -> tuple[str, ...]:
    """The templates behind a teacher by its name in `params.yaml`: `template` or `ensemble`."""
    return {"template": (template,), "ensemble": ensemble_templates(task, template)}[teacher]
