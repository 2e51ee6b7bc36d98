"""Aircraft in plan view with code names: wings, engines and tail tell them apart; stands in for FGVC Aircraft."""

from random import Random
from typing import NamedTuple

from PIL import Image

from reprompt.miniature.canvas import PALETTE, Colour, Painter, darker, jitter
from reprompt.miniature.conditions import Attributes, Conditions
from reprompt.miniature.families.family import Family


class Airframe(NamedTuple):
    """Sweep, span and chord of the wings, the number of engines on them, and the kind of tail."""

    sweep: float
    span: float
    chord: float
    engines: int = 0
    tail: str = "single"


AIRFRAMES = {
    "A100": Airframe(0.1, 0.9, 0.16),
    "A200": Airframe(0.1, 0.9, 0.16, engines=2),
    "A300": Airframe(0.35, 0.95, 0.18, engines=2),
    "A320": Airframe(0.35, 0.95, 0.18, engines=4),
    "B110": Airframe(0.6, 0.7, 0.3),
    "B120": Airframe(0.6, 0.7, 0.3, tail="twin"),
    "B240": Airframe(0.9, 0.65, 0.55),
    "B250": Airframe(0.9, 0.65, 0.55, tail="twin"),
    "C47": Airframe(0, 1, 0.22, engines=2),
    "C130": Airframe(0, 1, 0.22, engines=4),
    "D10": Airframe(-0.25, 0.8, 0.18),
    "D12": Airframe(-0.25, 0.8, 0.18, engines=2),
    "E170": Airframe(0.2, 0.6, 0.15, engines=2, tail="rear"),
    "E190": Airframe(0.2, 0.6, 0.15, tail="rear"),
    "F16": Airframe(0.7, 0.45, 0.35),
    "F18": Airframe(0.7, 0.45, 0.35, tail="twin"),
}
TAILS = {  # one half, from the fuselage outwards
    "single": ((0, 0.65), (0, 0.85), (0.38, 0.95), (0.38, 0.8)),
    "twin": ((0.08, 0.6), (0.08, 0.85), (0.3, 1), (0.42, 0.85)),
    "rear": ((0, 0.85), (0, 0.98), (0.45, 0.98), (0.45, 0.88)),
}
LIVERIES = ("white", "gray", "blue", "red", "yellow")


def _half(pen: Painter, airframe: Airframe, side: int, colour: Colour) -> None:
    sweep, span, chord = airframe.sweep, airframe.span, airframe.chord
    tip = -0.15 + sweep * span
    pen.polygon([(0, -0.15), (0, -0.15 + chord * 1.6), (span * side, tip + chord * 1.1), (span * side, tip)], colour)
    for i in range(airframe.engines // 2):
        x = (0.35 + 0.3 * i) * side
        pen.ellipse(x, -0.2 + sweep * abs(x), 0.07, 0.15, (50, 50, 55), corners=8)
    pen.polygon([(x * side, y) for x, y in TAILS[airframe.tail]], colour)


def draw(image: Image.Image, concept: str, rng: Random, conditions: Conditions) -> Attributes:
    """Draw both halves, then fuselage and cockpit over them."""
    colour = conditions.colour or rng.choice(LIVERIES)
    paint = jitter(PALETTE[colour], rng)
    x, y = 0.5 + rng.uniform(-0.05, 0.05), 0.5 + rng.uniform(-0.05, 0.05)
    pen = Painter(image, x, y, rng.uniform(0.4, 0.46), rng.gauss(0, 0.35))
    for side in (-1, 1):
        _half(pen, AIRFRAMES[concept], side, darker(paint, 0.3))
    pen.ellipse(0, 0, 0.12, 0.95, paint)
    pen.ellipse(0, -0.72, 0.07, 0.12, (120, 170, 210), corners=8)
    return Attributes(colour=colour)


AIRCRAFT = Family(
    "aircraft", "air", tuple(AIRFRAMES), draw, share=10, backgrounds=("sky", "sky", "street", "water", "night")
)
