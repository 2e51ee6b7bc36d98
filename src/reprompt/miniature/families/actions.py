"""Stick figures that do something, with props; stands in for UCF101."""

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from PIL import Image

from reprompt.miniature.canvas import COLOURS, PALETTE, Colour, Painter, Point, jitter
from reprompt.miniature.conditions import Attributes, Conditions
from reprompt.miniature.families.family import Family

LIMB = 0.11  # width of arms and legs
HEAD = -0.62
TIMBER = (120, 80, 50)


class Pose(NamedTuple):
    """Where both hands and both feet are."""

    hands: tuple[Point, Point]
    feet: tuple[Point, Point]


POSES = {
    "walking": Pose(((-0.3, 0.2), (-0.35, 0.25)), ((-0.25, 0.95), (0.25, 0.95))),
    "running": Pose(((0.4, -0.2), (-0.45, 0)), ((-0.65, 0.6), (0.5, 0.75))),
    "jumping": Pose(((-0.5, -0.75), (0.5, -0.75)), ((-0.45, 0.55), (0.45, 0.55))),
    "waving": Pose(((0.45, -0.85), (-0.35, 0.3)), ((-0.15, 0.95), (0.15, 0.95))),
    "bowling": Pose(((0.6, 0.4), (-0.5, -0.1)), ((-0.6, 0.85), (0.25, 0.9))),
    "boxing": Pose(((0.65, -0.25), (0.5, -0.1)), ((-0.35, 0.95), (0.3, 0.95))),
    "diving": Pose(((-0.1, -1), (0.1, -1)), ((-0.06, 0.95), (0.06, 0.95))),
    "kicking a ball": Pose(((-0.4, -0.2), (0.35, 0.1)), ((-0.15, 0.95), (0.65, 0.5))),
    "archery": Pose(((0.7, -0.3), (-0.35, -0.3)), ((-0.25, 0.95), (0.25, 0.95))),
    "weight lifting": Pose(((-0.45, -0.8), (0.45, -0.8)), ((-0.35, 0.95), (0.35, 0.95))),
    "cartwheel": Pose(((-0.55, -0.8), (0.55, -0.8)), ((-0.6, 0.7), (0.6, 0.7))),
    "fencing": Pose(((0.6, -0.2), (-0.5, -0.4)), ((-0.5, 0.95), (0.6, 0.9))),
    "golf swing": Pose(((0.1, 0.35), (0.15, 0.35)), ((-0.25, 0.95), (0.2, 0.95))),
    "juggling": Pose(((-0.5, -0.1), (0.5, -0.1)), ((-0.15, 0.95), (0.15, 0.95))),
    "playing guitar": Pose(((-0.3, 0.1), (0.45, -0.1)), ((-0.2, 0.95), (0.2, 0.95))),
    "skiing": Pose(((0.45, 0.15), (0.4, 0.2)), ((-0.1, 0.8), (0.15, 0.8))),
    "climbing": Pose(((-0.3, -0.9), (0.35, -0.7)), ((-0.4, 0.6), (0.35, 0.85))),
}
ROTATIONS = {"diving": 2.5, "cartwheel": 3.1}  # head down
CONCEPTS = (
    "walking",
    "running",
    "jumping",
    "waving",
    "sitting",
    "bowling",
    "boxing",
    "diving",
    "cycling",
    "kicking a ball",
    "archery",
    "weight lifting",
    "rowing",
    "cartwheel",
    "fencing",
    "golf swing",
    "juggling",
    "playing guitar",
    "skiing",
    "climbing",
)


def _bowling(pen: Painter) -> None:
    pen.disc(0.68, 0.5, 0.17, (30, 30, 120))


def _kicking_a_ball(pen: Painter) -> None:
    pen.disc(0.85, 0.5, 0.15, (250, 250, 250))
    pen.disc(0.85, 0.5, 0.06, (20, 20, 20))


def _archery(pen: Painter) -> None:
    pen.arc(0.5, -0.3, 0.3, 0.55, -1.4, 1.4, 0.07, (120, 70, 30))
    pen.line([(-0.3, -0.3), (0.9, -0.3)], 0.04, (60, 40, 20))


def _weight_lifting(pen: Painter) -> None:
    pen.line([(-0.85, -0.85), (0.85, -0.85)], 0.07, (60, 60, 60))
    for x in (-0.85, 0.85):
        pen.rectangle(x - 0.08, -1.05, x + 0.08, -0.65, (40, 40, 45))


def _fencing(pen: Painter) -> None:
    pen.line([(0.6, -0.2), (1.1, -0.5)], 0.05, (170, 170, 180))


def _golf_swing(pen: Painter) -> None:
    pen.line([(0.12, 0.35), (0.55, 0.95)], 0.05, (120, 120, 120))
    pen.disc(0.75, 0.93, 0.07, (250, 250, 250))


def _juggling(pen: Painter) -> None:
    for x, y, colour in ((-0.45, -0.6, "red"), (0.05, -1, "yellow"), (0.45, -0.6, "blue")):
        pen.disc(x, y, 0.1, PALETTE[colour])


def _playing_guitar(pen: Painter) -> None:
    pen.ellipse(-0.05, 0.1, 0.26, 0.2, (180, 100, 40))
    pen.line([(0.1, 0), (0.6, -0.25)], 0.08, (90, 50, 20))


def _boxing(pen: Painter) -> None:
    pen.disc(0.68, -0.25, 0.14, (200, 30, 30))
    pen.disc(0.52, -0.08, 0.14, (200, 30, 30))


def _skiing(pen: Painter) -> None:
    pen.line([(-0.7, 0.8), (0.7, 1)], 0.06, (200, 40, 40))
    pen.line([(0.45, 0.15), (0.2, 0.9)], 0.04, (90, 90, 90))


PROPS: dict[str, Callable[[Painter], None]] = {
    "bowling": _bowling,
    "kicking a ball": _kicking_a_ball,
    "archery": _archery,
    "weight lifting": _weight_lifting,
    "fencing": _fencing,
    "golf swing": _golf_swing,
    "juggling": _juggling,
    "playing guitar": _playing_guitar,
    "boxing": _boxing,
    "skiing": _skiing,
}


def _sitting(pen: Painter, hip: Point, skin: Colour, rng: Random) -> None:
    pen.line([hip, (0.35, 0.3), (0.35, 0.9)], LIMB, skin)
    pen.rectangle(-0.55, 0.38, 0.2, 0.48, TIMBER)
    pen.rectangle(-0.55, -0.3, -0.45, 0.95, TIMBER)
    pen.line([(-0.08, -0.25), (0.25, 0.2)], LIMB, skin)


def _rowing(pen: Painter, hip: Point, skin: Colour, rng: Random) -> None:
    pen.line([hip, (0.5, 0.35)], LIMB, skin)
    pen.line([(-0.08, -0.2), (0.35, 0.05)], LIMB, skin)
    pen.line([(0.1, -0.1), (0.7, 0.75)], 0.06, (120, 80, 40))
    pen.polygon([(-0.95, 0.4), (0.95, 0.4), (0.7, 0.75), (-0.7, 0.75)], jitter((150, 90, 50), rng))


def _cycling(pen: Painter, hip: Point, skin: Colour, rng: Random) -> None:
    pen.line([hip, (0.2, 0.45), (0.05, 0.8)], LIMB, skin)
    pen.line([(-0.05, -0.2), (0.45, 0.1)], LIMB, skin)
    for x in (-0.5, 0.55):
        pen.ring(x, 0.7, 0.3, 0.3, 0.07, (20, 20, 20), segments=12)
    pen.line([(-0.5, 0.7), (-0.2, 0.35), (0.45, 0.25), (0.55, 0.7)], 0.06, jitter((200, 40, 40), rng))


SEATED: dict[str, Callable[[Painter, Point, Colour, Random], None]] = {
    "sitting": _sitting,
    "rowing": _rowing,
    "cycling": _cycling,
}


def _seated(pen: Painter, concept: str, skin: Colour, shirt: Colour, rng: Random) -> None:
    hip = (-0.2, 0.3)
    pen.ellipse(-0.05, HEAD, 0.17, 0.19, skin)
    pen.line([(-0.05, -0.4), hip], LIMB * 1.6, shirt)
    SEATED[concept](pen, hip, skin, rng)


def _standing(pen: Painter, pose: Pose, skin: Colour, shirt: Colour, rng: Random) -> None:
    def about(value: float, spread: float = 0.06) -> float:
        return value + rng.uniform(-spread, spread)

    hip = (about(0), 0.25)
    pen.ellipse(0, HEAD, 0.18, 0.2, skin)
    pen.line([(0, -0.42), hip], LIMB * 1.7, shirt)
    for x, y in pose.hands:
        elbow = (about(x * 0.6), about((-0.32 + y) / 2 + 0.08))
        pen.line([(0, -0.34), elbow, (about(x), about(y))], LIMB, skin)
    for x, y in pose.feet:
        knee = (about(x * 0.65), about(0.6))
        pen.line([hip, knee, (about(x), about(y, 0.04))], LIMB, skin)


def draw(image: Image.Image, concept: str, rng: Random, conditions: Conditions) -> Attributes:
    """Draw the figure, then what it holds."""
    skin, shirt = jitter((35, 30, 40), rng, 25), jitter(PALETTE[rng.choice(COLOURS)], rng)
    rotation = ROTATIONS.get(concept, 0) + rng.gauss(0, 0.06)
    x, y = 0.5 + rng.uniform(-0.08, 0.08), 0.5 + rng.uniform(-0.06, 0.06)
    pen = Painter(image, x, y, rng.uniform(0.36, 0.44), rotation, mirrored=rng.random() < 0.5)
    if concept == "climbing":  # the wall and a pole are behind the figure
        pen.rectangle(0.55, -1.2, 0.8, 1.2, (120, 100, 90))
        pen.rectangle(-1.2, -1.2, -0.55, 1.2, (130, 110, 95))
    if concept in SEATED:
        _seated(pen, concept, skin, shirt, rng)
    else:
        _standing(pen, POSES[concept], skin, shirt, rng)
    if concept in PROPS:
        PROPS[concept](pen)
    return Attributes()


ACTIONS = Family("actions", "act", CONCEPTS, draw, share=12, backgrounds=("grass", "sand", "wall", "snow", "plain"))
