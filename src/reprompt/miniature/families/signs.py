"""Traffic signs on a pole: a plate and a symbol; stands in for GTSRB."""

import math
from collections.abc import Callable
from random import Random
from typing import NamedTuple

from PIL import Image

from reprompt.miniature.canvas import PALETTE, Colour, Painter, jitter
from reprompt.miniature.conditions import Attributes, Conditions
from reprompt.miniature.families.family import Family

WHITE = (245, 245, 245)
BLACK = (25, 25, 25)


class Sign(NamedTuple):
    """A plate, its colour and what stands on it: text, or one of the two drawn symbols."""

    plate: str
    colour: str
    symbol: str = ""


SIGNS = {
    "stop": Sign("octagon", "red", "STOP"),
    "yield": Sign("inverted triangle", "red"),
    "speed limit 30": Sign("ring", "red", "30"),
    "speed limit 50": Sign("ring", "red", "50"),
    "speed limit 80": Sign("ring", "red", "80"),
    "no entry": Sign("disc", "red", "bar"),
    "keep right": Sign("disc", "blue", "↘"),
    "keep left": Sign("disc", "blue", "↙"),
    "ahead only": Sign("disc", "blue", "↑"),
    "turn right": Sign("disc", "blue", "→"),
    "turn left": Sign("disc", "blue", "←"),
    "danger": Sign("triangle", "red", "!"),
    "curve": Sign("triangle", "red", "↷"),
    "crossing": Sign("triangle", "red", "☃"),
    "priority road": Sign("diamond", "yellow"),
    "end of limits": Sign("ring", "gray", "slash"),
    "bicycles only": Sign("disc", "blue", "♾"),
    "slippery road": Sign("triangle", "red", "≈"),
}


def _octagon(pen: Painter, colour: Colour) -> None:
    corners = [(math.cos(0.393 + 0.785 * i), math.sin(0.393 + 0.785 * i)) for i in range(8)]
    pen.polygon(corners, WHITE)
    pen.polygon([(x * 0.9, y * 0.9) for x, y in corners], colour)


def _ring(pen: Painter, colour: Colour) -> None:
    pen.disc(0, 0, 1, colour)
    pen.disc(0, 0, 0.76, WHITE)


def _disc(pen: Painter, colour: Colour) -> None:
    pen.disc(0, 0, 1, WHITE)
    pen.disc(0, 0, 0.92, colour)


def _triangle(pen: Painter, colour: Colour) -> None:
    pen.polygon([(0, -1), (1, 0.75), (-1, 0.75)], colour)
    pen.polygon([(0, -0.6), (0.65, 0.55), (-0.65, 0.55)], WHITE)


def _inverted_triangle(pen: Painter, colour: Colour) -> None:
    pen.polygon([(0, 1), (1, -0.75), (-1, -0.75)], colour)
    pen.polygon([(0, 0.55), (0.6, -0.52), (-0.6, -0.52)], WHITE)


def _diamond(pen: Painter, colour: Colour) -> None:
    pen.polygon([(0, -1), (1, 0), (0, 1), (-1, 0)], WHITE)
    pen.polygon([(0, -0.7), (0.7, 0), (0, 0.7), (-0.7, 0)], colour)


PLATES: dict[str, Callable[[Painter, Colour], None]] = {
    "octagon": _octagon,
    "ring": _ring,
    "disc": _disc,
    "triangle": _triangle,
    "inverted triangle": _inverted_triangle,
    "diamond": _diamond,
}
DARK_PLATES = {"octagon", "disc"}


def _text_height(text: str, plate: str) -> float:
    if len(text) == 4:
        return 0.62
    if len(text) == 2:
        return 1.0
    return 0.9 if plate == "triangle" else 1.3


def _write(image: Image.Image, x: float, y: float, scale: float, rotation: float, plate: str, text: str) -> None:
    below = 0.07 if plate == "triangle" else 0  # a triangle's room is in its lower half
    ink = WHITE if plate in DARK_PLATES else BLACK
    typeface = "DejaVuSans-Bold" if len(text) > 1 else "DejaVuSans"
    Painter(image, x, y + below, scale, rotation).text(text, ink, _text_height(text, plate), typeface)


def draw(image: Image.Image, concept: str, rng: Random, conditions: Conditions) -> Attributes:
    """Draw the pole, the plate and its symbol."""
    plate, colour, symbol = SIGNS[concept]
    paint = jitter(PALETTE[colour], rng)
    x, y = 0.5 + rng.uniform(-0.07, 0.07), 0.47 + rng.uniform(-0.06, 0.06)
    scale, rotation = rng.uniform(0.3, 0.42), rng.gauss(0, 0.06)
    pen = Painter(image, x, y, scale, rotation)
    pen.rectangle(-0.06, 0.5, 0.06, 2.5, (120, 120, 120))
    PLATES[plate](pen, paint)
    if symbol == "bar":
        pen.rectangle(-0.65, -0.18, 0.65, 0.18, WHITE)
    elif symbol == "slash":
        pen.line([(-0.6, 0.6), (0.6, -0.6)], 0.22, (60, 60, 60))
    elif symbol:
        _write(image, x, y, scale, rotation, plate, symbol)
    return Attributes(colour=colour)


TRAFFIC_SIGNS = Family("signs", "sgn", tuple(SIGNS), draw, share=6, backgrounds=("sky", "street", "grass", "night"))
