"""Faces of eight cats and twelve dogs: fur, ears and markings tell them apart; stands in for Oxford-IIIT Pets."""

from random import Random
from typing import NamedTuple

from PIL import Image

from reprompt.miniature.canvas import PALETTE, Colour, Painter, darker, jitter
from reprompt.miniature.conditions import Attributes, Conditions
from reprompt.miniature.families.family import Family


class Breed(NamedTuple):
    """What makes a breed: colours are names of the palette."""

    species: str
    fur: str
    ears: str
    marking: str = ""
    marking_colour: str = ""


BREEDS = {
    "abyssinian cat": Breed("cat", "brown", "pointed"),
    "bengal cat": Breed("cat", "orange", "pointed", "spots", "black"),
    "birman cat": Breed("cat", "white", "pointed", "mask", "brown"),
    "bombay cat": Breed("cat", "black", "pointed"),
    "persian cat": Breed("cat", "gray", "tiny", "flat", "white"),
    "siamese cat": Breed("cat", "white", "pointed", "mask", "black"),
    "tabby cat": Breed("cat", "gray", "pointed", "stripes", "black"),
    "ginger cat": Breed("cat", "orange", "pointed", "stripes", "white"),
    "beagle": Breed("dog", "brown", "drooping", "blaze", "white"),
    "pug": Breed("dog", "orange", "folded", "mask", "black"),
    "boxer": Breed("dog", "brown", "folded", "mask", "black"),
    "samoyed": Breed("dog", "white", "pointed"),
    "poodle": Breed("dog", "white", "woolly"),
    "dalmatian": Breed("dog", "white", "drooping", "spots", "black"),
    "husky": Breed("dog", "gray", "pointed", "blaze", "white"),
    "spaniel": Breed("dog", "black", "long"),
    "retriever": Breed("dog", "yellow", "drooping"),
    "terrier": Breed("dog", "brown", "folded", "beard", "gray"),
    "newfoundland": Breed("dog", "black", "drooping"),
    "corgi": Breed("dog", "orange", "pointed", "blaze", "white"),
}


def _ear(pen: Painter, shape: str, side: int, fur: Colour) -> None:
    shade = darker(fur, 0.3)
    if shape == "pointed":
        pen.polygon([(0.72 * side, -0.05), (0.62 * side, -0.95), (0.12 * side, -0.5)], shade)
    elif shape == "tiny":
        pen.polygon([(0.6 * side, -0.2), (0.55 * side, -0.65), (0.25 * side, -0.5)], shade)
    elif shape == "folded":
        pen.polygon([(0.35 * side, -0.6), (0.75 * side, -0.6), (0.75 * side, -0.1)], shade)
    elif shape == "drooping":
        pen.ellipse(0.68 * side, 0, 0.2, 0.48, shade, angle=-0.2 * side)
    elif shape == "long":
        pen.ellipse(0.7 * side, 0.25, 0.24, 0.68, shade, angle=-0.1 * side)
    elif shape == "woolly":
        pen.ellipse(0.7 * side, 0.1, 0.32, 0.42, fur)
        pen.ellipse(0.3 * side, -0.6, 0.36, 0.3, fur)


def _mask(pen: Painter, colour: Colour, rng: Random) -> None:
    pen.ellipse(0, 0.35, 0.4, 0.36, colour)


def _flat(pen: Painter, colour: Colour, rng: Random) -> None:
    pen.ellipse(0, 0.3, 0.5, 0.3, colour)


def _blaze(pen: Painter, colour: Colour, rng: Random) -> None:
    pen.polygon([(-0.1, -0.55), (0.1, -0.55), (0.3, 0.7), (-0.3, 0.7)], colour)


def _beard(pen: Painter, colour: Colour, rng: Random) -> None:
    pen.ellipse(0, 0.55, 0.42, 0.35, colour)


def _spots(pen: Painter, colour: Colour, rng: Random) -> None:
    for _ in range(8):
        pen.ellipse(rng.uniform(-0.5, 0.5), rng.uniform(-0.45, 0.6), 0.1, 0.09, colour, corners=8)


def _stripes(pen: Painter, colour: Colour, rng: Random) -> None:
    for x in (-0.35, -0.12, 0.12, 0.35):
        pen.line([(x, -0.5), (x * 0.8, -0.15)], 0.09, colour)
    for side in (-1, 1):
        for y in (0.15, 0.35):
            pen.line([(0.6 * side, y), (0.32 * side, y + 0.03)], 0.08, colour)


MARKINGS = {
    "mask": _mask,
    "flat": _flat,
    "blaze": _blaze,
    "beard": _beard,
    "spots": _spots,
    "stripes": _stripes,
}


def _eyes(pen: Painter, breed: Breed) -> None:
    white = (235, 235, 235) if breed.fur == "black" else (250, 250, 250)
    iris = (60, 120, 60) if breed.species == "cat" else (30, 20, 15)
    for side in (-1, 1):
        pen.ellipse(0.26 * side, -0.05, 0.11, 0.12, white)
        pen.ellipse(0.26 * side, -0.05, 0.07, 0.1, iris)


def _dog_nose(pen: Painter) -> None:
    pen.ellipse(0, 0.32, 0.16, 0.12, (15, 12, 12))
    pen.line([(0, 0.4), (0, 0.55)], 0.05, (20, 15, 15))


def _cat_nose(pen: Painter) -> None:
    pen.polygon([(-0.08, 0.22), (0.08, 0.22), (0, 0.33)], (235, 130, 150))
    for side in (-1, 1):
        for whisker in (0, 1):
            pen.line([(0.12 * side, 0.35), (0.85 * side, 0.28 + 0.1 * whisker)], 0.03, (120, 120, 120))


def draw(image: Image.Image, concept: str, rng: Random, conditions: Conditions) -> Attributes:
    """Draw the face from the ears forward."""
    breed = BREEDS[concept]
    fur = jitter(PALETTE[breed.fur], rng, 22)
    marking_colour = jitter(PALETTE[breed.marking_colour], rng, 14) if breed.marking else fur
    x, y = 0.5 + rng.uniform(-0.08, 0.08), 0.5 + rng.uniform(-0.07, 0.07)
    pen = Painter(image, x, y, rng.uniform(0.33, 0.42), rng.gauss(0, 0.12))
    for side in (-1, 1):
        _ear(pen, breed.ears, side, fur)
    is_cat = breed.species == "cat"
    pen.ellipse(0, 0.08, 0.66 if is_cat else 0.6, 0.6 if is_cat else 0.68, fur)
    if breed.marking:
        MARKINGS[breed.marking](pen, marking_colour, rng)
    _eyes(pen, breed)
    if is_cat:
        _cat_nose(pen)
    else:
        _dog_nose(pen)
    return Attributes(species=breed.species)


PETS = Family("pets", "pet", tuple(BREEDS), draw, share=8, backgrounds=("grass", "wood", "wall", "snow", "sand"))
