"""`reprompt predict`: what an exported prompt takes pictures for, with the CLIP that it was tuned on."""

from pathlib import Path

from open_clip.model import CLIP

from reprompt.clip.openai import load as load_backbone
from reprompt.data.files.folders import is_picture
from reprompt.exported.prompt import Prompt


def model_for(prompt: Prompt, weights: Path | None = None) -> CLIP:
    """The CLIP of a prompt, from the weight file that its card names or from another of the same weights.

    Raises FileNotFoundError, with what makes the file.
    """
    of = prompt.card.backbone
    path = weights or Path(of.weights)
    if not path.exists():
        how = "`dvc pull backbones`" if of.source == "rendered" else f"`reprompt weights {of.name} --out FILE`"
        raise FileNotFoundError(
            f"{path} is missing: the weights of {of.model}, {of.pretrained}; {how}, and --weights FILE"
        )
    return load_backbone(path, of.name).model


def pictures_at(paths: list[Path]) -> list[Path]:
    """Pictures, and of folders the pictures in them, by name. Raises FileNotFoundError, ValueError for none."""
    pictures = []
    for path in paths:
        if path.is_dir():
            pictures += sorted(file for file in path.iterdir() if is_picture(file.name))
        elif path.exists():
            pictures.append(path)
        else:
            raise FileNotFoundError(f"{path}: no such picture or folder")
    if not pictures:
        raise ValueError(f"{', '.join(map(str, paths))}: no pictures there")
    return pictures
