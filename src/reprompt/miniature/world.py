"""The world: all families, and how a picture of one of their concepts is taken."""

from dataclasses import replace
from random import Random

import numpy as np
from PIL import Image, ImageDraw

from reprompt.miniature.backgrounds import background
from reprompt.miniature.canvas import CANVAS, jitter
from reprompt.miniature.conditions import Attributes, Conditions
from reprompt.miniature.families.actions import ACTIONS
from reprompt.miniature.families.aerial import AERIAL
from reprompt.miniature.families.aircraft import AIRCRAFT
from reprompt.miniature.families.cars import CARS
from reprompt.miniature.families.digits import DIGITS
from reprompt.miniature.families.faces import FACES
from reprompt.miniature.families.family import Family
from reprompt.miniature.families.flags import COUNTRIES
from reprompt.miniature.families.flowers import FLOWERS
from reprompt.miniature.families.food import FOOD
from reprompt.miniature.families.memes import MEMES
from reprompt.miniature.families.objects import OBJECTS
from reprompt.miniature.families.pets import PETS
from reprompt.miniature.families.roads import ROADS
from reprompt.miniature.families.scenes import SCENES
from reprompt.miniature.families.signs import TRAFFIC_SIGNS
from reprompt.miniature.families.textures import TEXTURES
from reprompt.miniature.families.tissue import TISSUE
from reprompt.miniature.families.words import WORDS
from reprompt.miniature.styles import photograph

__all__ = ["FAMILIES", "Attributes", "Conditions", "Family", "render"]

FAMILIES = {
    family.name: family
    for family in (
        OBJECTS,
        PETS,
        CARS,
        FLOWERS,
        FOOD,
        AIRCRAFT,
        SCENES,
        TEXTURES,
        AERIAL,
        ACTIONS,
        DIGITS,
        TRAFFIC_SIGNS,
        FACES,
        ROADS,
        TISSUE,
        COUNTRIES,
        WORDS,
        MEMES,
    )
}


def _hide_a_part(canvas: Image.Image, rng: Random) -> None:
    x, y = rng.uniform(0, CANVAS * 0.7), rng.uniform(0, CANVAS * 0.7)
    square = [x, y, x + CANVAS * 0.3, y + CANVAS * 0.3]
    ImageDraw.Draw(canvas).rectangle(square, fill=jitter((128, 128, 128), rng, 90))


def render(family: str, concept: str, seed: int, conditions: Conditions | None = None) -> tuple[np.ndarray, Attributes]:
    """A picture (40, 40, 3), uint8, of a concept, and what it shows besides. The same arguments give the same bytes."""
    conditions = conditions or Conditions()
    drawn, rng = FAMILIES[family], Random(seed)
    if drawn.fills_frame:
        ground, canvas = "", Image.new("RGB", (CANVAS, CANVAS), (128, 128, 128))
    else:
        ground = conditions.background or rng.choice(drawn.backgrounds)
        canvas = background(ground, rng)
    for _ in range(conditions.clutter):
        OBJECTS.draw(canvas, rng.choice(OBJECTS.concepts), rng, Conditions(size="small"))
    attributes = drawn.draw(canvas, concept, rng, conditions)
    for other, place in conditions.also:
        OBJECTS.draw(canvas, other, rng, Conditions(size="small", at=place))
    if conditions.occlusion and rng.random() < conditions.occlusion:
        _hide_a_part(canvas, rng)
    picture = photograph(canvas.reduce(2), conditions, rng, grain=np.random.default_rng(seed & 0x7FFFFFFF))
    return picture, replace(attributes, background=ground, style=conditions.style)
