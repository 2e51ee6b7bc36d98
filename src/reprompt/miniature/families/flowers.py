"""Blossoms that differ in number, form and colour of petals; stands in for Flowers102."""

import math
from random import Random
from typing import NamedTuple

from PIL import Image

from reprompt.miniature.canvas import PALETTE, Colour, Painter, darker, jitter
from reprompt.miniature.conditions import Attributes, Conditions
from reprompt.miniature.families.family import Family


class Blossom(NamedTuple):
    """A wheel of petals around a centre, in one or more layers; colours are names of the palette."""

    petals: int
    length: float
    width: float
    colour: str
    centre: str
    centre_radius: float
    layers: int = 1


BLOSSOMS = {
    "rose": Blossom(6, 0.55, 0.35, "red", "red", 0.3, layers=3),
    "daisy": Blossom(12, 0.8, 0.13, "white", "yellow", 0.25),
    "sunflower": Blossom(16, 0.85, 0.14, "yellow", "brown", 0.42),
    "tulip": Blossom(3, 0.8, 0.35, "pink", "pink", 0.2),
    "violet": Blossom(5, 0.6, 0.28, "purple", "yellow", 0.12),
    "marigold": Blossom(14, 0.7, 0.18, "orange", "orange", 0.2, layers=2),
    "iris": Blossom(3, 0.85, 0.3, "blue", "yellow", 0.15, layers=2),
    "lily": Blossom(6, 0.9, 0.18, "white", "green", 0.1),
    "poppy": Blossom(4, 0.65, 0.45, "red", "black", 0.22),
    "orchid": Blossom(5, 0.75, 0.25, "pink", "purple", 0.2),
    "buttercup": Blossom(5, 0.6, 0.33, "yellow", "yellow", 0.18),
    "bluebell": Blossom(5, 0.45, 0.2, "blue", "white", 0.1),
    "dahlia": Blossom(16, 0.85, 0.12, "purple", "purple", 0.15, layers=3),
    "primrose": Blossom(5, 0.65, 0.33, "yellow", "orange", 0.2),
    "magnolia": Blossom(8, 0.8, 0.22, "pink", "white", 0.2, layers=2),
    "gerbera": Blossom(18, 0.8, 0.1, "orange", "black", 0.25),
    "forget-me-not": Blossom(5, 0.55, 0.28, "blue", "yellow", 0.15),
    "anemone": Blossom(8, 0.7, 0.25, "purple", "black", 0.25),
    "camellia": Blossom(10, 0.7, 0.28, "red", "yellow", 0.2, layers=2),
    "jasmine": Blossom(5, 0.8, 0.16, "white", "yellow", 0.08),
}


def _cup(pen: Painter, colour: Colour) -> None:
    outline = [(-0.55, -0.6), (-0.25, -0.2), (0, -0.75), (0.25, -0.2), (0.55, -0.6), (0.5, 0.3), (0, 0.6), (-0.5, 0.3)]
    pen.polygon(outline, colour)
    pen.polygon([(-0.2, -0.3), (0, -0.75), (0.2, -0.3), (0, 0.55)], darker(colour, 0.2))


def _bells(pen: Painter, colour: Colour) -> None:
    for x, y in ((-0.4, -0.5), (0.35, -0.3), (-0.2, 0.2), (0.4, 0.35)):
        bell = [(x - 0.1, y - 0.25), (x + 0.1, y - 0.25), (x + 0.25, y + 0.2), (x, y + 0.1), (x - 0.25, y + 0.2)]
        pen.polygon(bell, colour)


OTHER_FORMS = {"tulip": _cup, "bluebell": _bells}


def _wheel(pen: Painter, blossom: Blossom, petal: Colour, centre: Colour, rng: Random) -> None:
    start = rng.uniform(0, 6.28)
    for layer in range(blossom.layers):
        shrink = 1 - 0.32 * layer
        for i in range(blossom.petals):
            angle = start + 6.283 * (i + 0.5 * layer) / blossom.petals
            pen.ellipse(
                0.55 * blossom.length * shrink * math.cos(angle),
                0.55 * blossom.length * shrink * math.sin(angle),
                0.5 * blossom.length * shrink,
                blossom.width * shrink,
                darker(petal, 0.16 * layer + 0.1 * (i % 2)),
                angle=angle,
                corners=12,
            )
    pen.disc(0, 0, blossom.centre_radius, centre)


def draw(image: Image.Image, concept: str, rng: Random, conditions: Conditions) -> Attributes:
    """Draw stem, leaf and blossom."""
    blossom = BLOSSOMS[concept]
    petal, centre = jitter(PALETTE[blossom.colour], rng, 22), jitter(PALETTE[blossom.centre], rng)
    x, y = 0.5 + rng.uniform(-0.1, 0.1), 0.48 + rng.uniform(-0.1, 0.1)
    pen = Painter(image, x, y, rng.uniform(0.3, 0.44), rng.uniform(-0.3, 0.3))
    pen.line([(0, 0.2), (0.1, 1.6)], 0.1, (50, 120, 50))
    pen.ellipse(0.35, 1.15, 0.3, 0.12, (60, 140, 60), angle=-0.5)
    if concept in OTHER_FORMS:
        OTHER_FORMS[concept](pen, petal)
    else:
        _wheel(pen, blossom, petal, centre, rng)
    return Attributes()


FLOWERS = Family(
    "flowers", "flo", tuple(BLOSSOMS), draw, share=8, backgrounds=("grass", "wall", "sky", "plain", "night")
)
