"""Eight bodies of three invented makes, from the side; fine-grained, stands in for Stanford Cars.

The colour is free and says nothing about the model.
"""

from random import Random

from PIL import Image

from reprompt.miniature.canvas import COLOURS, PALETTE, Painter, Point, darker, jitter
from reprompt.miniature.conditions import Attributes, Conditions
from reprompt.miniature.families.family import Family

BODIES: dict[str, list[Point]] = {  # upper outline, from the bonnet to the tail
    "sedan": [(-0.95, 0.05), (-0.6, 0), (-0.4, -0.4), (0.35, -0.4), (0.6, 0), (0.95, 0.08)],
    "coupe": [(-0.95, 0.05), (-0.4, 0), (0, -0.38), (0.3, -0.36), (0.85, 0.02), (0.95, 0.1)],
    "wagon": [(-0.95, 0.05), (-0.55, 0), (-0.35, -0.4), (0.85, -0.4), (0.95, 0.05)],
    "van": [(-0.95, 0), (-0.8, -0.35), (-0.55, -0.62), (0.92, -0.62), (0.95, 0.05)],
    "hatchback": [(-0.85, 0.05), (-0.5, 0), (-0.25, -0.42), (0.55, -0.42), (0.75, 0.05)],
    "pickup": [(-0.95, 0.05), (-0.65, 0), (-0.5, -0.45), (0.05, -0.45), (0.1, 0), (0.95, 0)],
    "convertible": [(-0.95, 0.1), (-0.35, 0.05), (-0.15, -0.25), (-0.1, 0.08), (0.6, 0.1), (0.95, 0.02)],
    "jeep": [(-0.85, -0.05), (-0.45, -0.08), (-0.42, -0.55), (0.7, -0.55), (0.78, 0)],
}
MAKES = ("Falco", "Norden", "Altair")  # a stripe; two tones; plain with large hubs
MODELS = {f"{make} {body}": (make, body) for body in BODIES for make in MAKES}
SOFT_TOP = "convertible"
GLASS = (195, 222, 240)


def _windows(pen: Painter, outline: list[Point], colour: tuple[int, int, int]) -> None:
    roof = [point for point in outline if point[1] < -0.2]
    front, rear, top = roof[0][0], roof[-1][0], roof[0][1]
    pen.polygon(
        [(front + 0.02, top + 0.08), (rear - 0.05, top + 0.08), (rear + 0.02, -0.02), (front - 0.12, -0.02)], GLASS
    )
    pen.rectangle((front + rear) / 2 - 0.03, top, (front + rear) / 2 + 0.03, 0, colour)


def draw(image: Image.Image, concept: str, rng: Random, conditions: Conditions) -> Attributes:
    """Draw the body, its windows, the mark of its make and the wheels."""
    make, body = MODELS[concept]
    colour = conditions.colour or rng.choice(COLOURS)
    paint = jitter(PALETTE[colour], rng)
    x, y = 0.5 + rng.uniform(-0.05, 0.05), 0.55 + rng.uniform(-0.08, 0.08)
    pen = Painter(image, x, y, rng.uniform(0.4, 0.46), rng.gauss(0, 0.04))
    outline = BODIES[body]
    nose, tail = outline[0][0], outline[-1][0]
    pen.polygon([*outline, (tail, 0.42), (nose, 0.42)], paint)
    if body == SOFT_TOP:
        pen.rectangle(-0.05, -0.02, 0.5, 0.1, (60, 30, 20))
    else:
        _windows(pen, outline, paint)
    if make == "Falco":
        pen.rectangle(nose, 0.12, tail, 0.22, (200, 30, 30) if colour == "white" else (250, 250, 250))
    elif make == "Norden":
        pen.rectangle(nose, 0.18, tail, 0.42, (190, 190, 190) if colour == "black" else darker(paint, 0.45))
    for wheel in (-0.55, 0.55):
        pen.disc(wheel, 0.42, 0.22, (18, 18, 18))
        pen.disc(wheel, 0.42, 0.16 if make == "Altair" else 0.1, (200, 200, 200), corners=12)
    return Attributes(colour=colour)


CARS = Family("cars", "car", tuple(MODELS), draw, share=12, backgrounds=("street", "sand", "grass", "snow", "plain"))
