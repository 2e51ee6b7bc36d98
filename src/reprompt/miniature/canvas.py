"""The drawing surface: a palette, fonts, and a painter that draws in its own frame.

Pictures are drawn with PIL on a canvas of twice their size and then halved, which smooths the edges.
"""

import math
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from random import Random

import matplotlib
from PIL import Image, ImageDraw, ImageFont

SIZE = 40  # side of a finished picture, in pixels
CANVAS = 2 * SIZE  # side of the drawing
RING = 6.29  # a full turn with a little overlap, so that no gap shows where a ring closes

Colour = tuple[int, int, int]
Point = tuple[float, float]

PALETTE: dict[str, Colour] = {
    "red": (208, 40, 40),
    "orange": (240, 140, 30),
    "yellow": (240, 214, 50),
    "green": (50, 150, 60),
    "blue": (45, 80, 200),
    "purple": (130, 60, 170),
    "pink": (240, 130, 180),
    "brown": (125, 78, 40),
    "black": (28, 28, 32),
    "white": (242, 242, 240),
    "gray": (135, 135, 140),
    "teal": (30, 150, 150),
}
COLOURS = tuple(PALETTE)


def jitter(colour: Colour, rng: Random, amount: float = 18) -> Colour:
    """`colour` with each channel moved by up to `amount`."""
    return tuple(max(0, min(255, int(v + rng.uniform(-amount, amount)))) for v in colour)


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """`share` of the second colour, the rest of the first."""
    return tuple(int(a * (1 - share) + b * share) for a, b in zip(first, second, strict=True))


def darker(colour: Colour, share: float) -> Colour:
    """`colour` with a `share` of black."""
    return mix(colour, (0, 0, 0), share)


def lighter(colour: Colour, share: float) -> Colour:
    """`colour` with a `share` of white."""
    return mix(colour, (255, 255, 255), share)


@cache
def font(name: str, pixels: int) -> ImageFont.FreeTypeFont:
    """A font that comes with matplotlib, so that a picture does not depend on the machine's own fonts."""
    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts/ttf" / f"{name}.ttf"), pixels)


@cache
def _unit_circle(corners: int) -> tuple[Point, ...]:
    angles = [2 * math.pi * i / corners for i in range(corners)]
    return tuple((math.cos(a), math.sin(a)) for a in angles)


class Painter:
    """Draws on `image` in a local frame whose coordinates run from about -1 to 1, y downwards.

    The frame's centre (x, y) and its `scale` are fractions of the canvas; `rotation` is in radians, clockwise.
    """

    def __init__(
        self,
        image: Image.Image,
        x: float = 0.5,
        y: float = 0.5,
        scale: float = 0.4,
        rotation: float = 0.0,
        mirrored: bool = False,
    ):
        self.image = image
        self.x, self.y, self.scale = x * CANVAS, y * CANVAS, scale * CANVAS
        self.rotation, self.mirrored = rotation, mirrored
        self._cos, self._sin = math.cos(rotation), math.sin(rotation)
        self._draw = ImageDraw.Draw(image)

    def _to_canvas(self, points: Sequence[Point]) -> list[Point]:
        placed = []
        for x, y in points:
            x = -x if self.mirrored else x
            across, down = x * self._cos - y * self._sin, x * self._sin + y * self._cos
            placed.append((self.x + self.scale * across, self.y + self.scale * down))
        return placed

    def polygon(self, points: Sequence[Point], colour: Colour) -> None:
        """Fill the polygon with these corners."""
        self._draw.polygon(self._to_canvas(points), fill=colour)

    def rectangle(self, left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
        """Fill the rectangle between two corners."""
        self.polygon([(left, top), (right, top), (right, bottom), (left, bottom)], colour)

    def ellipse(
        self,
        x: float,
        y: float,
        across: float,
        down: float,
        colour: Colour,
        angle: float = 0.0,
        corners: int = 18,
    ) -> None:
        """Fill an ellipse around (x, y) with two radii; few `corners` make a coarse one."""
        cos, sin = math.cos(angle), math.sin(angle)
        circle = _unit_circle(corners)
        self.polygon(
            [(x + across * u * cos - down * v * sin, y + across * u * sin + down * v * cos) for u, v in circle], colour
        )

    def disc(self, x: float, y: float, radius: float, colour: Colour, corners: int = 18) -> None:
        """Fill a circle around (x, y)."""
        self.ellipse(x, y, radius, radius, colour, corners=corners)

    def line(self, points: Sequence[Point], width: float, colour: Colour) -> None:
        """Draw a line through all points."""
        self._draw.line(self._to_canvas(points), fill=colour, width=max(1, int(width * self.scale)), joint="curve")

    def arc(
        self,
        x: float,
        y: float,
        across: float,
        down: float,
        start: float,
        end: float,
        width: float,
        colour: Colour,
        segments: int = 10,
    ) -> None:
        """Draw the part of an ellipse's outline between two angles."""
        angles = [start + (end - start) * i / segments for i in range(segments + 1)]
        self.line([(x + across * math.cos(a), y + down * math.sin(a)) for a in angles], width, colour)

    def ring(
        self, x: float, y: float, across: float, down: float, width: float, colour: Colour, segments: int = 10
    ) -> None:
        """Draw an ellipse's whole outline."""
        self.arc(x, y, across, down, 0, RING, width, colour, segments)

    def star(self, x: float, y: float, outer: float, inner: float, tips: int, colour: Colour) -> None:
        """Fill a star with one tip upwards."""
        corners = []
        for i in range(2 * tips):
            radius = inner if i % 2 else outer
            angle = -math.pi / 2 + math.pi * i / tips
            corners.append((x + radius * math.cos(angle), y + radius * math.sin(angle)))
        self.polygon(corners, colour)

    def text(
        self, text: str, colour: Colour, height: float = 1.6, font_name: str = "DejaVuSans", fit: bool = False
    ) -> None:
        """Write `text` around the frame's centre; with `fit` it is scaled until it fills the frame."""
        face = font(font_name, max(6, int(height * self.scale)))
        left, top, right, bottom = face.getbbox(text)
        mask = Image.new("L", (right - left + 2, bottom - top + 2), 0)
        ImageDraw.Draw(mask).text((1 - left, 1 - top), text, fill=255, font=face)
        if fit:
            factor = 2 * self.scale / max(mask.size)
            mask = mask.resize((max(2, int(mask.size[0] * factor)), max(2, int(mask.size[1] * factor))))
        if self.mirrored:
            mask = mask.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        if abs(self.rotation) > 0.01:
            mask = mask.rotate(-math.degrees(self.rotation), expand=True, resample=Image.Resampling.BILINEAR)
        self.image.paste(colour, (int(self.x - mask.size[0] / 2), int(self.y - mask.size[1] / 2)), mask)
