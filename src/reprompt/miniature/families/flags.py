"""A flag on a pole in some place; stands in for Country211."""

from collections.abc import Callable, Sequence
from random import Random

from PIL import Image

from reprompt.miniature.canvas import Colour, Painter, jitter
from reprompt.miniature.conditions import Attributes, Conditions
from reprompt.miniature.families import scenes
from reprompt.miniature.families.family import Family

RED, WHITE, BLUE = (205, 35, 45), (248, 248, 248), (35, 60, 160)
GREEN, YELLOW, BLACK = (0, 135, 75), (250, 205, 40), (20, 20, 20)
ORANGE = (245, 140, 50)
PLACES = ("city", "beach", "mountain", "village", "field", "street", "harbor", "park")


def _vertical(pen: Painter, colours: Sequence[Colour], rng: Random) -> None:
    for i, colour in enumerate(colours):
        pen.rectangle(-1 + 0.667 * i, -0.66, -0.333 + 0.667 * i, 0.66, jitter(colour, rng, 10))


def _horizontal(pen: Painter, colours: Sequence[Colour], rng: Random) -> None:
    height = 0.44 if len(colours) == 3 else 0.66
    first_end = -0.22 if len(colours) == 3 else 0
    for i, colour in enumerate(colours):
        pen.rectangle(-1, -0.66 + height * i, 1, first_end + height * i, jitter(colour, rng, 10))


def _disc(pen: Painter, colours: Sequence[Colour], rng: Random) -> None:
    field, disc = colours
    pen.rectangle(-1, -0.66, 1, 0.66, jitter(field, rng, 10))
    pen.disc(0, 0, 0.4, jitter(disc, rng, 10))


def _cross(pen: Painter, colours: Sequence[Colour], rng: Random) -> None:
    field, cross = colours
    pen.rectangle(-1, -0.66, 1, 0.66, jitter(field, rng, 10))
    pen.rectangle(-1, -0.14, 1, 0.14, jitter(cross, rng, 10))
    pen.rectangle(-0.45, -0.66, -0.17, 0.66, jitter(cross, rng, 10))


FLAGS: dict[str, tuple[Callable[[Painter, Sequence[Colour], Random], None], tuple[Colour, ...]]] = {
    "France": (_vertical, (BLUE, WHITE, RED)),
    "Italy": (_vertical, (GREEN, WHITE, RED)),
    "Ireland": (_vertical, (GREEN, WHITE, ORANGE)),
    "Germany": (_horizontal, (BLACK, RED, YELLOW)),
    "Netherlands": (_horizontal, (RED, WHITE, BLUE)),
    "Russia": (_horizontal, (WHITE, BLUE, RED)),
    "Austria": (_horizontal, (RED, WHITE, RED)),
    "Japan": (_disc, (WHITE, RED)),
    "Poland": (_horizontal, (WHITE, WHITE, RED)),  # two stripes in truth; kept, because the weights have seen it so
    "Ukraine": (_horizontal, (BLUE, YELLOW)),
    "Sweden": (_cross, (BLUE, YELLOW)),
    "Finland": (_cross, (WHITE, BLUE)),
    "Denmark": (_cross, (RED, WHITE)),
    "Bangladesh": (_disc, (GREEN, RED)),
    "Belgium": (_vertical, (BLACK, YELLOW, RED)),
    "Nigeria": (_vertical, (GREEN, WHITE, GREEN)),
    "Hungary": (_horizontal, (RED, WHITE, GREEN)),
    "Indonesia": (_horizontal, (RED, WHITE)),
}


def draw(image: Image.Image, concept: str, rng: Random, conditions: Conditions) -> Attributes:
    """Draw a place and the flag in front of it."""
    scenes.draw(image, rng.choice(PLACES), rng, conditions)
    scale = rng.uniform(0.2, 0.32)
    x, y = rng.uniform(0.32, 0.68), rng.uniform(0.25, 0.45)
    pen = Painter(image, x, y, scale, rng.gauss(0, 0.06))
    pen.rectangle(-1.12, -0.75, -1, 3, (100, 80, 60))
    layout, colours = FLAGS[concept]
    layout(pen, colours, rng)
    return Attributes()


COUNTRIES = Family("flags", "flg", tuple(FLAGS), draw, share=3, fills_frame=True)
