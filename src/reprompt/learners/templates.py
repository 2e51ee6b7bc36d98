"""Class features from hand-written templates: zero-shot CLIP, the prompt ensemble, teachers, and the reference."""

from collections.abc import Sequence
from typing import Protocol

import torch.nn.functional as F
from torch import Tensor

from reprompt.clip.backbones import Backbone
from reprompt.clip.savings import ALL_SAVINGS, Savings
from reprompt.clip.text import encode_texts, projected_texts
from reprompt.tasks.class_texts import SEVEN as ENSEMBLE

# The first 60 of CLIP's 80 ImageNet templates: PromptSRC's texts for every task.
IMAGENET_60 = (
    "a photo of a {}.",
    "a bad photo of a {}.",
    "a photo of many {}.",
    "a sculpture of a {}.",
    "a photo of the hard to see {}.",
    "a low resolution photo of the {}.",
    "a rendering of a {}.",
    "graffiti of a {}.",
    "a bad photo of the {}.",
    "a cropped photo of the {}.",
    "a tattoo of a {}.",
    "the embroidered {}.",
    "a photo of a hard to see {}.",
    "a bright photo of a {}.",
    "a photo of a clean {}.",
    "a photo of a dirty {}.",
    "a dark photo of the {}.",
    "a drawing of a {}.",
    "a photo of my {}.",
    "the plastic {}.",
    "a photo of the cool {}.",
    "a close-up photo of a {}.",
    "a black and white photo of the {}.",
    "a painting of the {}.",
    "a painting of a {}.",
    "a pixelated photo of the {}.",
    "a sculpture of the {}.",
    "a bright photo of the {}.",
    "a cropped photo of a {}.",
    "a plastic {}.",
    "a photo of the dirty {}.",
    "a jpeg corrupted photo of a {}.",
    "a blurry photo of the {}.",
    "a photo of the {}.",
    "a good photo of the {}.",
    "a rendering of the {}.",
    "a {} in a video game.",
    "a photo of one {}.",
    "a doodle of a {}.",
    "a close-up photo of the {}.",
    "the origami {}.",
    "the {} in a video game.",
    "a sketch of a {}.",
    "a doodle of the {}.",
    "a origami {}.",
    "a low resolution photo of a {}.",
    "the toy {}.",
    "a rendition of the {}.",
    "a photo of the clean {}.",
    "a photo of a large {}.",
    "a rendition of a {}.",
    "a photo of a nice {}.",
    "a photo of a weird {}.",
    "a blurry photo of a {}.",
    "a cartoon {}.",
    "art of a {}.",
    "a sketch of the {}.",
    "a embroidered {}.",
    "a pixelated photo of a {}.",
    "itap of the {}.",
)


class TextsOfTask(Protocol):
    """A task's one template and, where ELEVATER has the task, its templates; a split (data/splits.py) has them."""

    task: str
    template: str
    templates: Sequence[str] | None


def texts_of(class_names: Sequence[str], templates: Sequence[str]) -> list[str]:
    """The text (K) of every class in its own template, or in the one of all; underscores mean blanks.

    Raises ValueError for another number of templates than these.
    """
    if len(templates) not in (1, len(class_names)):
        raise ValueError(f"{len(templates)} templates for {len(class_names)} classes: it takes one for each, or one")
    each = templates if len(templates) > 1 else [*templates] * len(class_names)
    return [template.format(name.replace("_", " ")) for template, name in zip(each, class_names, strict=True)]


def class_features(
    backbone: Backbone, class_names: list[str], templates: tuple[str, ...], savings: Savings = ALL_SAVINGS
) -> Tensor:
    """Normalised mean over templates of normalised text features: (K, E)."""
    names = [name.replace("_", " ") for name in class_names]
    of_templates = [encode_texts(backbone.model, [t.format(name) for name in names], savings) for t in templates]
    return F.normalize(sum(of_templates) / len(templates), dim=-1).to(backbone.learned_dtype)


def reference_features(
    backbone: Backbone, class_names: list[str], templates: tuple[str, ...], savings: Savings = ALL_SAVINGS
) -> Tensor:
    """Normalised mean over templates of text features as they come: (K, E). Of one template it is `class_features`.

    PromptSRC's released code averages before it normalises, so that a longer feature counts more.
    """
    names = [name.replace("_", " ") for name in class_names]
    of_templates = [projected_texts(backbone.model, [t.format(name) for name in names], savings) for t in templates]
    return F.normalize(sum(of_templates) / len(templates), dim=-1).to(backbone.learned_dtype)


def raw_class_features(
    backbone: Backbone, class_names: list[str], templates: tuple[str, ...], savings: Savings = ALL_SAVINGS
) -> Tensor:
    """Mean over templates of text features as the projection leaves them, of whatever length: (K, E).

    Class names are taken as they are, underscores and all.
    """
    of_templates = [
        projected_texts(backbone.model, [t.format(name) for name in class_names], savings) for t in templates
    ]
    return (sum(of_templates) / len(templates)).to(backbone.learned_dtype)


def named_by(class_names: list[str], underscores: str) -> list[str]:
    """Class names with `underscores` as spaces, or kept."""
    return class_names if underscores == "kept" else [name.replace("_", " ") for name in class_names]


def ensemble_templates(task: str, template: str) -> tuple[str, ...]:
    """The templates of the prompt ensemble for a task. ImageNet has no template of its own beside the seven."""
    return ENSEMBLE if task == "imagenet" else (*ENSEMBLE, template)


def teacher_templates(teacher: str, task: str, template: str) -> tuple[str, ...]:
    """The templates behind a teacher by its name in `params.yaml`: `template` or `ensemble`."""
    return {"template": (template,), "ensemble": ensemble_templates(task, template)}[teacher]


def reference_templates(reference: str, template: str) -> tuple[str, ...]:
    """The templates behind a reference by its name in `params.yaml`: `template` or `imagenet60`."""
    return {"template": (template,), "imagenet60": IMAGENET_60}[reference]
