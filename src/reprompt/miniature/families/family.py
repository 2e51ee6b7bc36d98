"""The type of a family: concepts of one kind and how they are drawn."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from PIL import Image

from reprompt.miniature.backgrounds import BACKGROUNDS
from reprompt.miniature.conditions import Attributes, Conditions

Draw = Callable[[Image.Image, str, Random, Conditions], Attributes]


@dataclass(frozen=True)
class Family:
    """Concepts of one kind, drawn by `draw(image, concept, rng, conditions)`."""

    name: str
    key: str  # short, fixed: the frequencies of the concepts and the habits of the tasks are drawn from it
    concepts: tuple[str, ...]
    draw: Draw
    share: int  # weight in the corpus
    backgrounds: tuple[str, ...] = tuple(BACKGROUNDS)  # grounds it naturally stands on; a repeated one is likelier
    fills_frame: bool = False  # paints the whole canvas, so that no background shows
