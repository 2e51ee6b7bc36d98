"""Grounds that objects stand on: two colours blended by a cloud of noise."""

from functools import cache
from random import Random
from typing import NamedTuple

import numpy as np
from PIL import Image

from reprompt.miniature.canvas import CANVAS, Colour, jitter


class Background(NamedTuple):
    """The two colours of a ground, and how a caption says it."""

    first: Colour
    second: Colour
    phrase: str


BACKGROUNDS = {
    "grass": Background((70, 140, 60), (110, 170, 80), "on the grass"),
    "sky": Background((130, 180, 235), (200, 220, 240), "in the sky"),
    "sand": Background((220, 195, 140), (200, 170, 110), "on the sand"),
    "snow": Background((235, 240, 245), (205, 215, 230), "in the snow"),
    "wood": Background((150, 105, 60), (120, 80, 45), "on a wooden table"),
    "wall": Background((200, 190, 180), (170, 165, 160), "in front of a wall"),
    "night": Background((20, 22, 45), (45, 45, 80), "at night"),
    "water": Background((40, 110, 170), (80, 150, 200), "on the water"),
    "plain": Background((232, 232, 232), (222, 222, 222), "on a plain background"),
    "street": Background((110, 110, 115), (140, 138, 135), "on the street"),
}


def _noise(generator: np.random.Generator, cells: int) -> Image.Image:
    """Three octaves of smooth noise, stretched to 0 ... 255."""
    total = np.zeros((CANVAS, CANVAS))
    for octave in (cells, 2 * cells, 4 * cells):
        coarse = Image.fromarray(generator.random((octave + 1, octave + 1)).astype(np.float32))
        total += np.asarray(coarse.resize((CANVAS, CANVAS), Image.Resampling.BICUBIC)) / octave * cells
    total -= total.min()
    return Image.fromarray((255 * total / total.max()).astype(np.uint8))


@cache
def noise_bank() -> tuple[Image.Image, ...]:
    """Eighty noise masks that all pictures share: drawing a mask per picture would cost more than the picture."""
    generator = np.random.default_rng(7)
    return tuple(_noise(generator, cells) for cells in (2, 2, 2, 3, 3, 4, 4, 6, 6, 9) * 8)


def clouds(first: Colour, second: Colour, rng: Random) -> Image.Image:
    """A canvas of the two colours, blended by a mask of the bank, which is turned or mirrored half of the time."""
    mask = rng.choice(noise_bank())
    if rng.random() < 0.5:
        mask = mask.transpose(Image.Transpose(rng.randrange(5)))
    canvas = Image.new("RGB", (CANVAS, CANVAS), first)
    canvas.paste(Image.new("RGB", (CANVAS, CANVAS), second), (0, 0), mask)
    return canvas


def background(name: str, rng: Random) -> Image.Image:
    """A canvas filled with the ground `name`."""
    ground = BACKGROUNDS[name]
    return clouds(jitter(ground.first, rng, 12), jitter(ground.second, rng, 12), rng)
