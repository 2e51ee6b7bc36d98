"""A road with a car at one of three distances, or with none; stands in for KITTI's distance task."""

from random import Random

from PIL import Image

from reprompt.miniature.canvas import COLOURS, PALETTE, Painter, jitter
from reprompt.miniature.conditions import Attributes, Conditions
from reprompt.miniature.families.family import Family

NO_CAR = "no car"
DISTANCES = {  # smallest and largest scale of the car, and how far down it stands
    "very close": (0.28, 0.36, 0.72),
    "nearby": (0.15, 0.21, 0.58),
    "far away": (0.07, 0.11, 0.49),
}


def _road(image: Image.Image, rng: Random) -> None:
    pen = Painter(image, scale=0.5)
    pen.rectangle(-1.1, -1.1, 1.1, -0.1, jitter((150, 185, 225), rng))
    pen.rectangle(-1.1, -0.1, 1.1, 1.1, jitter((90, 150, 80), rng))
    pen.polygon([(-0.12, -0.1), (0.12, -0.1), (1.1, 1.1), (-1.1, 1.1)], (95, 95, 100))
    for y in (0.1, 0.4, 0.75):
        pen.rectangle(-0.02, y, 0.02, y + 0.12, (240, 240, 230))
    if rng.uniform(0, 1) < 0.6:
        pen.rectangle(-1.1, -0.6 + rng.uniform(-0.2, 0.2), -0.5, 0.05, jitter((160, 110, 90), rng, 40))


def _car_from_behind(image: Image.Image, distance: str, rng: Random) -> None:
    # A scale is drawn for every distance: the order of draws is part of the world that the stored weights have seen.
    scales = {name: rng.uniform(smallest, largest) for name, (smallest, largest, _) in DISTANCES.items()}
    pen = Painter(image, 0.5 + rng.uniform(-0.06, 0.06), DISTANCES[distance][2], scales[distance])
    paint = jitter(PALETTE[rng.choice(COLOURS)], rng)
    pen.rectangle(-0.9, -0.1, 0.9, 0.6, paint)
    pen.polygon([(-0.6, -0.1), (-0.45, -0.7), (0.45, -0.7), (0.6, -0.1)], paint)
    pen.polygon([(-0.5, -0.12), (-0.38, -0.6), (0.38, -0.6), (0.5, -0.12)], (190, 215, 235))
    for x in (-0.6, 0.6):
        pen.rectangle(x - 0.15, 0.55, x + 0.15, 0.85, (15, 15, 15))
    for x in (-0.65, 0.65):
        pen.rectangle(x - 0.12, 0.1, x + 0.12, 0.28, (230, 40, 40))


def draw(image: Image.Image, concept: str, rng: Random, conditions: Conditions) -> Attributes:
    """Draw the road, a house beside it at times, and the car."""
    _road(image, rng)
    if concept != NO_CAR:
        _car_from_behind(image, concept, rng)
    return Attributes()


ROADS = Family("roads", "dis", (*DISTANCES, NO_CAR), draw, share=2, fills_frame=True)
