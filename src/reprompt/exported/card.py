"""The card of an exported prompt, `card.json`: what it is, of which CLIP, how well it does, and how it is opened."""

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import PositiveInt, ValidationError

from reprompt.cells.axes import LearnerSettings
from reprompt.cells.recipes import Recipe, recipe_of
from reprompt.data.preparation import Preparation
from reprompt.foundation.block import Block

FORMAT = 1
CARD, TENSORS = "card.json", "prompt.safetensors"
Opens = Literal["open_clip", "reprompt"]


class OfBackbone(Block):
    """The CLIP that a prompt is for: its name here, where its weights are from, and what tells them from others.

    `weights_sha256` is that of the weight file `weights`, `fingerprint` that of the weights in any file.
    """

    name: str
    source: Literal["rendered", "open_clip"]
    model: str
    pretrained: str
    weights: str
    weights_sha256: str
    fingerprint: str
    licence: str


class OfPictures(Block):
    """How pictures become the input of the image tower; `upright` turns them as their EXIF data say."""

    side: PositiveInt
    resize: Literal["centred", "squashed", "padded"]
    interpolation: Literal["bicubic", "bilinear"]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    upright: bool

    @property
    def preparation(self) -> Preparation:
        """The same as the image pipeline takes it."""
        return Preparation(self.side, self.resize, self.interpolation)


class OfAccuracy(Block):
    """Accuracy in percent on so many test `images`, with Wilson's 95 % interval `low` to `high`.

    `draws` is the mean over so many draws of the training pictures, `half_width` half its 95 % interval.
    """

    percent: float
    images: PositiveInt
    low: float
    high: float
    mean_over_draws: float
    draws: PositiveInt
    half_width: float | None


class Card(Block):
    """The card. `settings` are all of the recipe's; `templates` those of a recipe that learns nothing.

    `opens_in` is what is needed beside torch and safetensors to classify pictures; `lines` do it.
    """

    format: Literal[1]
    task: str
    recipe: str
    settings: dict[str, Any]
    shots: int
    seed: int
    template: str
    templates: tuple[str, ...] = ()
    classes: tuple[str, ...]
    backbone: OfBackbone
    pictures: OfPictures
    opens_in: Opens
    new_classes: bool
    accuracy: OfAccuracy
    versions: dict[str, str]
    lines: tuple[str, ...]

    @property
    def method(self) -> Recipe:
        return recipe_of(self.recipe)

    @property
    def learner(self) -> LearnerSettings:
        """The settings of its learner."""
        return self.method.settings("learner", self.settings)


def read_card(folder: Path) -> Card:
    """The card in the folder of an exported prompt. Raises FileNotFoundError, or ValueError that names file and key."""
    path = folder / CARD
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: {folder} is not a folder that `reprompt export` wrote")
    try:
        return Card.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        issue = error.errors()[0]
        raise ValueError(
            f"{path}: {'.'.join(map(str, issue['loc']))}: {issue['msg']}; export the prompt again"
        ) from None
    except ValueError as error:
        raise ValueError(f"{path}: not valid JSON ({error}); export the prompt again") from None
