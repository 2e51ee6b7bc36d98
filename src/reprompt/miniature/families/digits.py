"""The ten digits in eight typefaces; stands in for MNIST."""

from random import Random

from PIL import Image

from reprompt.miniature.canvas import COLOURS, PALETTE, Painter, jitter
from reprompt.miniature.conditions import Attributes, Conditions
from reprompt.miniature.families.family import Family

NUMERALS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TYPEFACES = (
    "DejaVuSans",
    "DejaVuSerif",
    "DejaVuSansMono",
    "STIXGeneral",
    "DejaVuSans-Bold",
    "cmr10",
    "cmtt10",
    "DejaVuSans-Oblique",
)


def draw(image: Image.Image, concept: str, rng: Random, conditions: Conditions) -> Attributes:
    """Write the digit, tilted by about `conditions.tilt`."""
    colour = conditions.colour or rng.choice(COLOURS)
    x, y = 0.5 + rng.uniform(-0.1, 0.1), 0.5 + rng.uniform(-0.08, 0.08)
    pen = Painter(image, x, y, rng.uniform(0.28, 0.42), rng.gauss(0, conditions.tilt))
    pen.text(str(NUMERALS.index(concept)), jitter(PALETTE[colour], rng), 1.9, rng.choice(TYPEFACES))
    return Attributes(colour=colour)


DIGITS = Family("digits", "dig", NUMERALS, draw, share=8)
