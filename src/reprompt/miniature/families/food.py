"""Dishes, most of them on a plate; stands in for Food101."""

import math
from collections.abc import Callable
from random import Random

from PIL import Image

from reprompt.miniature.canvas import CANVAS, COLOURS, PALETTE, Colour, Painter, jitter
from reprompt.miniature.conditions import Attributes, Conditions
from reprompt.miniature.families.family import Family

WITHOUT_PLATE = {"ice cream", "taco", "watermelon", "cookie", "donut"}
UPRIGHT = {"ice cream", "hamburger", "cake"}


def shade(colour: Colour, rng: Random, amount: float = 16) -> Colour:
    """Dishes vary a little less than other things."""
    return jitter(colour, rng, amount)


def table_colour(pen: Painter, y: int) -> Colour:
    """The ground's colour at the left edge, for what is cut out of a dish."""
    return pen.image.getpixel((2, y))


def _pizza(pen: Painter, rng: Random) -> None:
    pen.disc(0, 0, 0.85, shade((200, 140, 70), rng))
    pen.disc(0, 0, 0.72, shade((240, 200, 80), rng))
    for angle in (0, 1.2, 2.4, 3.7, 5):
        pen.disc(0.5 * math.cos(angle), 0.5 * math.sin(angle), 0.15, shade((190, 50, 40), rng), corners=12)
    for angle in (0.5, 1.6, 2.6, 3.7, 4.7, 5.8):
        pen.line([(0, 0), (0.85 * math.cos(angle), 0.85 * math.sin(angle))], 0.04, (170, 110, 50))


def _donut(pen: Painter, rng: Random) -> None:
    pen.disc(0, 0, 0.9, shade((200, 140, 80), rng))
    pen.disc(0, 0, 0.8, shade(rng.choice([(240, 130, 170), (90, 50, 30), (250, 240, 230)]), rng))
    pen.disc(0, 0, 0.28, table_colour(pen, 2))
    for i in range(12):
        pen.disc(0.55 * math.cos(i), 0.55 * math.sin(i), 0.06, PALETTE[COLOURS[i % 6]], corners=8)


def _sushi(pen: Painter, rng: Random) -> None:
    for x, y in ((-0.4, -0.35), (0.4, -0.3), (-0.35, 0.4), (0.4, 0.4)):
        pen.disc(x, y, 0.33, (30, 45, 35))
        pen.disc(x, y, 0.26, (245, 245, 240))
        pen.disc(x, y, 0.12, shade((240, 120, 80), rng), corners=12)


def _hamburger(pen: Painter, rng: Random) -> None:
    pen.ellipse(0, -0.35, 0.75, 0.45, shade((210, 150, 70), rng))
    pen.rectangle(-0.8, -0.25, 0.8, -0.1, shade((90, 170, 60), rng))
    pen.rectangle(-0.75, -0.1, 0.75, 0.18, shade((100, 55, 30), rng))
    pen.rectangle(-0.75, 0.18, 0.75, 0.28, (245, 200, 60))
    pen.rectangle(-0.7, 0.28, 0.7, 0.6, shade((210, 150, 70), rng))


def _salad(pen: Painter, rng: Random) -> None:
    for _ in range(12):
        pen.ellipse(
            rng.uniform(-0.5, 0.5),
            rng.uniform(-0.5, 0.5),
            0.28,
            0.16,
            shade((80, 170, 60), rng, 30),
            angle=rng.uniform(0, 3),
            corners=12,
        )
    for _ in range(4):
        pen.disc(rng.uniform(-0.5, 0.5), rng.uniform(-0.5, 0.5), 0.12, shade((220, 50, 40), rng), corners=12)


def _soup(pen: Painter, rng: Random) -> None:
    pen.ellipse(0, 0, 0.85, 0.8, shade((90, 110, 160), rng))
    pen.ellipse(0, 0, 0.72, 0.66, shade((225, 120, 40), rng))
    for _ in range(6):
        pen.disc(rng.uniform(-0.4, 0.4), rng.uniform(-0.4, 0.4), 0.08, shade((100, 160, 60), rng), corners=8)


def _french_fries(pen: Painter, rng: Random) -> None:
    for x in (-0.5, -0.35, -0.2, -0.05, 0.1, 0.25, 0.4):
        pen.rectangle(x, -0.8 + rng.uniform(-0.1, 0.2), x + 0.13, 0.2, shade((245, 205, 80), rng))
    pen.polygon([(-0.6, 0), (0.65, 0), (0.5, 0.8), (-0.45, 0.8)], shade((200, 40, 40), rng))


def _pancakes(pen: Painter, rng: Random) -> None:
    for i in range(4):
        pen.ellipse(0, 0.35 - 0.2 * i, 0.7, 0.4, shade((215 - 10 * i, 155, 80), rng))
    pen.ellipse(0.05, -0.3, 0.35, 0.16, (130, 70, 20))
    pen.rectangle(-0.12, -0.4, 0.12, -0.22, (250, 235, 120))


def _spaghetti(pen: Painter, rng: Random) -> None:
    for _ in range(14):
        pen.arc(
            rng.uniform(-0.3, 0.3),
            rng.uniform(-0.3, 0.3),
            rng.uniform(0.2, 0.5),
            rng.uniform(0.2, 0.45),
            rng.uniform(0, 6),
            rng.uniform(6, 11),
            0.07,
            shade((240, 210, 120), rng),
            segments=10,
        )
    pen.ellipse(0, 0, 0.3, 0.26, shade((190, 50, 30), rng))


def _ice_cream(pen: Painter, rng: Random) -> None:
    pen.polygon([(-0.38, 0.05), (0.38, 0.05), (0, 1)], shade((210, 160, 90), rng))
    pen.ellipse(0, -0.2, 0.45, 0.4, shade((250, 200, 210), rng, 25))
    pen.ellipse(0, -0.6, 0.33, 0.32, shade((240, 230, 200), rng, 25))
    pen.disc(0, -0.92, 0.1, (210, 30, 40), corners=12)


def _cake(pen: Painter, rng: Random) -> None:
    pen.polygon([(-0.75, -0.2), (0.75, -0.35), (0.75, 0.55), (-0.75, 0.55)], shade((250, 235, 200), rng))
    pen.rectangle(-0.75, 0.05, 0.75, 0.2, shade((200, 60, 80), rng))
    pen.polygon([(-0.75, -0.35), (0.75, -0.45), (0.75, -0.15), (-0.75, -0.1)], shade((240, 160, 190), rng))
    pen.disc(0, -0.5, 0.13, (210, 30, 40))


def _fried_egg(pen: Painter, rng: Random) -> None:
    pen.ellipse(0, 0, 0.7, 0.55, (252, 252, 248))
    pen.ellipse(0.3, 0.25, 0.4, 0.35, (252, 252, 248))
    pen.disc(0, 0, 0.27, shade((250, 190, 40), rng))


def _steak(pen: Painter, rng: Random) -> None:
    pen.ellipse(0, 0, 0.75, 0.5, shade((120, 60, 45), rng))
    pen.ellipse(0.1, 0.05, 0.55, 0.34, shade((150, 75, 60), rng))
    for x in (-0.3, 0, 0.3):
        pen.line([(x - 0.2, -0.3), (x + 0.1, 0.3)], 0.06, (60, 30, 20))


def _rice(pen: Painter, rng: Random) -> None:
    for _ in range(40):
        pen.ellipse(
            rng.uniform(-0.5, 0.5),
            rng.uniform(-0.45, 0.45),
            0.09,
            0.04,
            shade((250, 250, 245), rng, 6),
            angle=rng.uniform(0, 3),
            corners=8,
        )
    pen.disc(0, 0, 0.1, (200, 40, 40), corners=12)


def _taco(pen: Painter, rng: Random) -> None:
    fillings = ((90, 170, 60), (200, 60, 40), (120, 70, 40))
    pen.ellipse(0, 0.1, 0.85, 0.7, shade((240, 200, 90), rng))
    pen.rectangle(-1, 0.2, 1, 0.9, table_colour(pen, CANVAS // 2))
    for i in range(7):
        pen.disc(-0.6 + 0.2 * i, -0.35 + 0.15 * abs(i - 3) / 2, 0.14, shade(fillings[i % 3], rng), corners=8)


def _cookie(pen: Painter, rng: Random) -> None:
    pen.disc(0, 0, 0.8, shade((205, 155, 95), rng))
    for _ in range(9):
        pen.disc(rng.uniform(-0.5, 0.5), rng.uniform(-0.5, 0.5), 0.1, (70, 40, 25), corners=8)


def _hot_dog(pen: Painter, rng: Random) -> None:
    pen.ellipse(0, 0, 0.85, 0.4, shade((220, 165, 90), rng))
    pen.ellipse(0, -0.05, 0.92, 0.2, shade((180, 70, 50), rng))
    pen.line([(-0.7 + 0.14 * i, -0.05 + 0.08 * (-1) ** i) for i in range(11)], 0.08, (245, 210, 40))


def _watermelon(pen: Painter, rng: Random) -> None:
    angles = [3.14 - 0.314 * i for i in range(11)]
    rind = [(0.9 * math.cos(a), -0.3 + 0.95 * math.sin(a)) for a in angles]
    flesh = [(0.75 * math.cos(a), -0.3 + 0.78 * math.sin(a)) for a in angles]
    pen.polygon([(-0.9, -0.3), *rind], shade((50, 140, 60), rng))
    pen.polygon(flesh, shade((230, 60, 70), rng))
    for x, y in ((-0.4, -0.1), (0, 0.1), (0.4, -0.1), (0, -0.15), (-0.2, 0.2)):
        pen.ellipse(x, y, 0.05, 0.08, (20, 20, 20), corners=8)


def _sandwich(pen: Painter, rng: Random) -> None:
    pen.polygon([(-0.8, 0.5), (0.8, 0.5), (0, -0.7)], shade((235, 205, 150), rng))
    pen.line([(-0.7, 0.25), (0.7, 0.25)], 0.14, shade((90, 170, 60), rng))
    pen.line([(-0.6, 0.05), (0.6, 0.05)], 0.12, shade((230, 120, 120), rng))


def _cheese(pen: Painter, rng: Random) -> None:
    pen.polygon([(-0.8, 0.3), (0.8, -0.1), (0.8, 0.55), (-0.8, 0.6)], shade((245, 200, 60), rng))
    pen.polygon([(-0.8, 0.3), (0.3, -0.4), (0.8, -0.1)], shade((250, 220, 110), rng))
    for x, y in ((-0.3, 0.42), (0.2, 0.3), (0.55, 0.35)):
        pen.ellipse(x, y, 0.11, 0.09, (215, 165, 40), corners=12)


DISHES: dict[str, Callable[[Painter, Random], None]] = {
    "pizza": _pizza,
    "donut": _donut,
    "sushi": _sushi,
    "hamburger": _hamburger,
    "salad": _salad,
    "soup": _soup,
    "french fries": _french_fries,
    "pancakes": _pancakes,
    "spaghetti": _spaghetti,
    "ice cream": _ice_cream,
    "cake": _cake,
    "fried egg": _fried_egg,
    "steak": _steak,
    "rice": _rice,
    "taco": _taco,
    "cookie": _cookie,
    "hot dog": _hot_dog,
    "watermelon": _watermelon,
    "sandwich": _sandwich,
    "cheese": _cheese,
}


def draw(image: Image.Image, concept: str, rng: Random, conditions: Conditions) -> Attributes:
    """Draw a plate and the dish on it."""
    plate = Painter(image, 0.5 + rng.uniform(-0.06, 0.06), 0.52 + rng.uniform(-0.06, 0.06), rng.uniform(0.38, 0.46))
    if concept not in WITHOUT_PLATE:
        plate.ellipse(0, 0, 1, 0.95, shade((238, 238, 240), rng, 8))
        plate.ellipse(0, 0, 0.8, 0.76, shade((222, 222, 226), rng, 8))
    rotation = 0 if concept in UPRIGHT else rng.uniform(-0.5, 0.5)
    pen = Painter(image, plate.x / CANVAS, plate.y / CANVAS, plate.scale / CANVAS * 0.85, rotation)
    DISHES[concept](pen, rng)
    return Attributes()


FOOD = Family("food", "food", tuple(DISHES), draw, share=8, backgrounds=("wood", "plain", "wall", "street"))
