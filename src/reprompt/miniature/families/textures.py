"""Procedural patterns in two random colours; stands in for DTD."""

import math
from collections.abc import Callable
from random import Random

from PIL import Image

from reprompt.miniature.backgrounds import noise_bank
from reprompt.miniature.canvas import CANVAS, COLOURS, PALETTE, Colour, Painter, darker, jitter, mix
from reprompt.miniature.conditions import Attributes, Conditions
from reprompt.miniature.families.family import Family

LINED = {"striped", "banded"}  # turned by any angle; the others only a little


class Pattern(Painter):
    """A painter over the whole picture with two colours and a grid of `lines`, one `step` apart."""

    def __init__(self, image: Image.Image, ground: Colour, ink: Colour, most_rotation: float, rng: Random):
        super().__init__(image, scale=0.5, rotation=rng.uniform(0, most_rotation))
        self.ground, self.ink = ground, ink
        cells = rng.choice((4, 5, 6, 7))
        self.step = 2.4 / cells
        self.lines = [-1.4 + self.step * i for i in range(cells + 2)]


def _striped(pen: Pattern, rng: Random) -> None:
    for x in pen.lines:
        pen.rectangle(x, -1.6, x + pen.step * 0.5, 1.6, pen.ink)


def _banded(pen: Pattern, rng: Random) -> None:
    for x in pen.lines:
        pen.rectangle(x, -1.6, x + rng.uniform(0.1, pen.step), 1.6, mix(pen.ground, pen.ink, rng.uniform(0.2, 1)))


def _dotted(pen: Pattern, rng: Random) -> None:
    for x in pen.lines:
        for y in pen.lines:
            pen.disc(x, y, pen.step * 0.28, pen.ink, corners=12)


def _checkered(pen: Pattern, rng: Random) -> None:
    for i, x in enumerate(pen.lines):
        for j, y in enumerate(pen.lines):
            if (i + j) % 2:
                pen.rectangle(x, y, x + pen.step, y + pen.step, pen.ink)


def _zigzagged(pen: Pattern, rng: Random) -> None:
    for y in pen.lines:
        pen.line(
            [(x, y + (pen.step * 0.35 if i % 2 else 0)) for i, x in enumerate(pen.lines)], pen.step * 0.35, pen.ink
        )


def _grid(pen: Pattern, rng: Random) -> None:
    for x in pen.lines:
        pen.rectangle(x, -1.6, x + 0.06, 1.6, pen.ink)
        pen.rectangle(-1.6, x, 1.6, x + 0.06, pen.ink)


def _waffled(pen: Pattern, rng: Random) -> None:
    for x in pen.lines:
        for y in pen.lines:
            pen.rectangle(
                x + 0.08 * pen.step,
                y + 0.08 * pen.step,
                x + 0.8 * pen.step,
                y + 0.8 * pen.step,
                darker(pen.ground, 0.45),
            )
            pen.rectangle(
                x + 0.25 * pen.step,
                y + 0.25 * pen.step,
                x + 0.8 * pen.step,
                y + 0.8 * pen.step,
                darker(pen.ground, 0.2),
            )


def _honeycombed(pen: Pattern, rng: Random) -> None:
    for i, y in enumerate(pen.lines):
        for x in pen.lines:
            pen.disc(x + (pen.step / 2 if i % 2 else 0), y, pen.step * 0.45, pen.ink, corners=6)


def _woven(pen: Pattern, rng: Random) -> None:
    thin, thick = 0.3 * pen.step, 0.7 * pen.step
    for i, x in enumerate(pen.lines):
        for j, y in enumerate(pen.lines):
            if (i + j) % 2:
                pen.rectangle(x, y + thin, x + pen.step, y + thick, darker(pen.ink, 0.25))
            else:
                pen.rectangle(x + thin, y, x + thick, y + pen.step, pen.ink)


def _veins(value: int) -> int:
    return 255 if value // 20 % 2 else 40


def _marbled(pen: Pattern, rng: Random) -> None:
    pen.image.paste(pen.ink, (0, 0, CANVAS, CANVAS), rng.choice(noise_bank()).point(_veins))


def _cracked(pen: Pattern, rng: Random) -> None:
    for _ in range(7):
        x, y = rng.uniform(-1, 1), rng.uniform(-1, 1)
        crack = [(x, y)]
        for _ in range(6):
            x += rng.uniform(-0.4, 0.4)
            y += rng.uniform(-0.4, 0.4)
            crack.append((x, y))
        pen.line(crack, 0.05, darker(pen.ink, 0.6))


def _spiralled(pen: Pattern, rng: Random) -> None:
    turns = [(0.06 * i**0.9 * 0.5, 0.45 * i) for i in range(70)]
    pen.line([(radius * math.cos(angle), radius * math.sin(angle)) for radius, angle in turns], 0.1, pen.ink)


def _bubbly(pen: Pattern, rng: Random) -> None:
    for _ in range(16):
        x, y, radius = rng.uniform(-1, 1), rng.uniform(-1, 1), rng.uniform(0.08, 0.28)
        pen.disc(x, y, radius, mix(pen.ground, pen.ink, 0.6), corners=12)
        pen.disc(x - 0.3 * radius, y - 0.3 * radius, radius * 0.3, (250, 250, 250), corners=8)


def _scaly(pen: Pattern, rng: Random) -> None:
    for i, y in enumerate(reversed(pen.lines)):
        shift = pen.step / 2 if i % 2 else 0
        for x in pen.lines:
            pen.ellipse(x + shift, y, pen.step * 0.55, pen.step * 0.6, darker(pen.ink, 0.4), corners=12)
            pen.ellipse(x + shift, y - 0.08 * pen.step, pen.step * 0.5, pen.step * 0.52, pen.ink, corners=12)


def _blotchy(pen: Pattern, rng: Random) -> None:
    for _ in range(9):
        pen.ellipse(
            rng.uniform(-1, 1),
            rng.uniform(-1, 1),
            rng.uniform(0.1, 0.35),
            rng.uniform(0.1, 0.3),
            mix(pen.ground, pen.ink, rng.uniform(0.6, 1)),
            angle=rng.uniform(0, 3),
            corners=12,
        )


def _gauzy(pen: Pattern, rng: Random) -> None:
    threads = [-1.3 + 0.13 * i for i in range(20)]
    for x in threads:
        pen.line([(x, -1.6), (x + rng.uniform(-0.1, 0.1), 1.6)], 0.02, mix(pen.ground, pen.ink, 0.5))
    for y in threads:
        pen.line([(-1.6, y), (1.6, y + rng.uniform(-0.1, 0.1))], 0.02, mix(pen.ground, pen.ink, 0.5))


def _wrinkled(pen: Pattern, rng: Random) -> None:
    for row in range(12):
        y = -1.2 + 0.2 * row
        fold = [(-1.5 + 0.25 * i, y + rng.uniform(-0.12, 0.12)) for i in range(13)]
        pen.line(fold, 0.05, darker(pen.ground, rng.uniform(0.2, 0.6)))


def _starry(pen: Pattern, rng: Random) -> None:
    for _ in range(13):
        pen.star(rng.uniform(-1, 1), rng.uniform(-1, 1), 0.18, 0.08, 5, pen.ink)


PATTERNS: dict[str, Callable[[Pattern, Random], None]] = {
    "striped": _striped,
    "dotted": _dotted,
    "checkered": _checkered,
    "zigzagged": _zigzagged,
    "grid": _grid,
    "waffled": _waffled,
    "honeycombed": _honeycombed,
    "woven": _woven,
    "marbled": _marbled,
    "cracked": _cracked,
    "spiralled": _spiralled,
    "bubbly": _bubbly,
    "scaly": _scaly,
    "blotchy": _blotchy,
    "gauzy": _gauzy,
    "wrinkled": _wrinkled,
    "starry": _starry,
    "banded": _banded,
}


def draw(image: Image.Image, concept: str, rng: Random, conditions: Conditions) -> Attributes:
    """Fill the picture with the pattern."""
    colour = rng.choice(COLOURS)
    second_colour = rng.choice([other for other in COLOURS if other != colour])
    ground, ink = jitter(PALETTE[colour], rng), jitter(PALETTE[second_colour], rng)
    image.paste(ground, (0, 0, CANVAS, CANVAS))
    PATTERNS[concept](Pattern(image, ground, ink, 3.14 if concept in LINED else 0.5, rng), rng)
    return Attributes(colour=colour, second_colour=second_colour)


TEXTURES = Family("textures", "tex", tuple(PATTERNS), draw, share=12, fills_frame=True)
