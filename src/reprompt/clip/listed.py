"""Every model and tag that open_clip lists: whether it can be tuned here, or why not: docs/backbones.md."""

from importlib.metadata import version
from itertools import groupby

import open_clip
from open_clip.constants import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    INCEPTION_MEAN,
    INCEPTION_STD,
    OPENAI_DATASET_MEAN,
    OPENAI_DATASET_STD,
)

from reprompt.cells.architectures import image_tower_is_resnet
from reprompt.clip.configurations import architecture
from reprompt.data.preparation import AS_OPENAI

WHOSE = {
    (OPENAI_DATASET_MEAN, OPENAI_DATASET_STD): "OpenAI's",
    (INCEPTION_MEAN, INCEPTION_STD): "Inception's",
    (IMAGENET_MEAN, IMAGENET_STD): "ImageNet's",
}
HEAD = """\
# Backbones

What open_clip {version} lists, and what of it can be tuned here. `reprompt backbones --out docs/backbones.md` writes
this page of the open_clip that is installed; a test holds it to the version that the tests run with.

A backbone is written `{{source: open_clip, model: ..., pretrained: ...}}` under `backbones` of `params.yaml`;
`pretrained` is the tag. Its weight file has the tag's own side, mean and standard deviation, way to resize and
activation, and features, image prompts and evaluation have them from there. Where a task's card says `resize`, as those
of ELEVATER's tasks do, that goes before what the tag says. Random crops have the tag's interpolation.

What is refused has towers that are not CLIP's, which is said when the plan is made, or another activation than its
weights, which is said when these are converted.

| model | tags | | side | mean and standard deviation | resized | activation |
|---|---|---|---|---|---|---|
"""


def page() -> str:
    """The table as Markdown, tags of a model with the same outcome in one row."""
    rows = []
    for model, pairs in groupby(open_clip.list_pretrained(), key=lambda pair: pair[0]):
        tags_of: dict[tuple[str, ...], list[str]] = {}
        for _, tag in pairs:
            tags_of.setdefault(outcome(model, tag), []).append(f"`{tag}`")
        rows += [f"| {model} | {', '.join(tags)} | {' | '.join(cells)} |" for cells, tags in tags_of.items()]
    return HEAD.format(version=version("open_clip_torch")) + "\n".join(rows) + "\n"


def outcome(model: str, tag: str) -> tuple[str, str, str, str, str]:
    """Works or refused and why; of what works also side, mean and deviation, resizing, activation."""
    try:
        settings = architecture(model, tag)
    except ValueError as error:
        why = str(error).removeprefix(f"{model}, {tag}: ").replace(f"weights {tag!r}", "these weights")
        return f"refused: {why}", "", "", "", ""
    resnet = image_tower_is_resnet({"vision_cfg": settings["vision"]})
    mean_and_std = tuple(settings["mean"]), tuple(settings["std"])
    resized = (settings.get(key, getattr(AS_OPENAI, key)) for key in ("resize", "interpolation"))
    return (
        "works; no image prompts (ResNet)" if resnet else "works",
        str(settings["vision"]["image_size"]),
        WHOSE.get(mean_and_std, str(mean_and_std)),
        ", ".join(resized),
        "QuickGELU" if settings["quick_gelu"] else "GELU",
    )
