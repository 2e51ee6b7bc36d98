"""Hand-drawn silhouettes: one function per object, drawn in one colour with small fixed details."""

import math
from collections.abc import Callable

from reprompt.miniature.canvas import PALETTE, Colour, Painter, darker, lighter

BARK = PALETTE["brown"]
WOOD = (90, 60, 30)
GLASS = (190, 220, 240)
INK = (30, 30, 30)
RUBBER = (20, 20, 20)


def _tree(pen: Painter, colour: Colour) -> None:
    pen.rectangle(-0.12, 0.2, 0.12, 1, BARK)
    pen.ellipse(0, -0.3, 0.7, 0.65, colour)


def _pine(pen: Painter, colour: Colour) -> None:
    pen.rectangle(-0.1, 0.6, 0.1, 1, BARK)
    pen.polygon([(0, -1), (0.5, -0.2), (-0.5, -0.2)], colour)
    pen.polygon([(0, -0.5), (0.7, 0.65), (-0.7, 0.65)], colour)


def _fish(pen: Painter, colour: Colour) -> None:
    pen.ellipse(-0.15, 0, 0.7, 0.4, colour)
    pen.polygon([(0.4, 0), (0.95, -0.45), (0.95, 0.45)], colour)
    pen.disc(-0.55, -0.08, 0.08, (10, 10, 10))


def _bird(pen: Painter, colour: Colour) -> None:
    pen.ellipse(0, 0.1, 0.6, 0.38, colour, angle=0.2)
    pen.ellipse(0.55, -0.35, 0.28, 0.26, colour)
    pen.polygon([(0.8, -0.4), (1.1, -0.3), (0.8, -0.22)], (240, 160, 30))
    pen.polygon([(-0.5, 0), (-1, -0.25), (-0.9, 0.25)], colour)
    pen.line([(0, 0.45), (0, 0.85)], 0.06, WOOD)


def _boat(pen: Painter, colour: Colour) -> None:
    pen.polygon([(-0.9, 0.35), (0.9, 0.35), (0.55, 0.8), (-0.55, 0.8)], colour)
    pen.rectangle(-0.05, -0.9, 0.05, 0.35, BARK)
    pen.polygon([(0.1, -0.85), (0.1, 0.2), (0.75, 0.2)], (245, 245, 245))


def _bicycle(pen: Painter, colour: Colour) -> None:
    for x in (-0.55, 0.55):
        pen.ring(x, 0.35, 0.4, 0.4, 0.1, INK, segments=14)
    pen.line([(-0.55, 0.35), (-0.2, -0.3), (0.4, -0.3), (0.55, 0.35)], 0.09, colour)
    pen.line([(-0.2, -0.3), (0, 0.35), (0.4, -0.3)], 0.09, colour)
    pen.line([(-0.35, -0.45), (-0.05, -0.45)], 0.1, INK)
    pen.line([(0.4, -0.3), (0.35, -0.6), (0.6, -0.65)], 0.08, INK)


def _bus(pen: Painter, colour: Colour) -> None:
    pen.rectangle(-0.95, -0.5, 0.95, 0.45, colour)
    for i in range(5):
        pen.rectangle(-0.85 + 0.36 * i, -0.35, -0.6 + 0.36 * i, 0, GLASS)
    for x in (-0.5, 0.5):
        pen.disc(x, 0.5, 0.2, RUBBER)


def _car(pen: Painter, colour: Colour) -> None:
    pen.rectangle(-0.95, 0, 0.95, 0.4, colour)
    pen.polygon([(-0.55, 0), (-0.35, -0.4), (0.35, -0.4), (0.6, 0)], colour)
    pen.polygon([(-0.42, -0.02), (-0.28, -0.32), (0, -0.32), (0, -0.02)], GLASS)
    pen.rectangle(0.08, -0.3, 0.35, -0.02, GLASS)
    for x in (-0.5, 0.5):
        pen.disc(x, 0.42, 0.22, RUBBER)


def _cat(pen: Painter, colour: Colour) -> None:
    pen.ellipse(0, 0.15, 0.7, 0.6, colour)
    pen.polygon([(-0.65, 0), (-0.6, -0.75), (-0.15, -0.35)], colour)
    pen.polygon([(0.65, 0), (0.6, -0.75), (0.15, -0.35)], colour)
    for x in (-0.28, 0.28):
        pen.ellipse(x, 0.05, 0.1, 0.14, (30, 60, 30))
    pen.polygon([(-0.08, 0.3), (0.08, 0.3), (0, 0.4)], (230, 120, 140))
    for side in (-1, 1):
        for whisker in (0, 1):
            pen.line([(0.1 * side, 0.38), (0.75 * side, 0.3 + 0.1 * whisker)], 0.03, (240, 240, 240))


def _dog(pen: Painter, colour: Colour) -> None:
    pen.ellipse(0, 0.1, 0.6, 0.65, colour)
    for x in (-0.62, 0.62):
        pen.ellipse(x, 0.05, 0.2, 0.5, darker(colour, 0.4), angle=0.25 * math.copysign(1, x))
    pen.ellipse(0, 0.4, 0.35, 0.3, lighter(colour, 0.5))
    pen.ellipse(0, 0.28, 0.14, 0.1, (15, 15, 15))
    for x in (-0.25, 0.25):
        pen.disc(x, -0.1, 0.09, (15, 15, 15))


def _butterfly(pen: Painter, colour: Colour) -> None:
    for side in (-1, 1):
        pen.ellipse(0.45 * side, -0.3, 0.45, 0.42, colour, angle=0.4 * side)
        pen.ellipse(0.38 * side, 0.4, 0.33, 0.36, darker(colour, 0.25))
        pen.disc(0.5 * side, -0.3, 0.15, (250, 240, 200))
    pen.ellipse(0, 0, 0.09, 0.6, (25, 20, 20))


def _mushroom(pen: Painter, colour: Colour) -> None:
    pen.rectangle(-0.2, 0, 0.2, 0.85, (235, 225, 200))
    pen.ellipse(0, -0.15, 0.8, 0.5, colour)
    for x, y in ((-0.4, -0.2), (0.1, -0.42), (0.45, -0.1)):
        pen.ellipse(x, y, 0.12, 0.1, (250, 250, 250))


def _apple(pen: Painter, colour: Colour) -> None:
    pen.ellipse(-0.25, 0.15, 0.5, 0.6, colour)
    pen.ellipse(0.25, 0.15, 0.5, 0.6, colour)
    pen.line([(0, -0.35), (0.08, -0.75)], 0.09, BARK)
    pen.ellipse(0.3, -0.65, 0.22, 0.1, PALETTE["green"], angle=-0.4)


def _banana(pen: Painter, colour: Colour) -> None:
    pen.arc(0, -0.5, 0.8, 1, 0.3, 2.8, 0.38, colour, segments=12)


def _chair(pen: Painter, colour: Colour) -> None:
    pen.rectangle(-0.55, -0.95, -0.38, 0.9, colour)
    pen.rectangle(-0.55, 0, 0.55, 0.2, colour)
    pen.rectangle(0.4, 0.2, 0.55, 0.9, colour)
    pen.rectangle(-0.5, -0.9, -0.38, 0, colour)


def _table(pen: Painter, colour: Colour) -> None:
    pen.rectangle(-0.95, -0.3, 0.95, -0.08, colour)
    for x in (-0.8, 0.65):
        pen.rectangle(x, -0.1, x + 0.15, 0.8, colour)


def _lamp(pen: Painter, colour: Colour) -> None:
    pen.polygon([(-0.35, -0.9), (0.35, -0.9), (0.65, -0.1), (-0.65, -0.1)], colour)
    pen.rectangle(-0.06, -0.1, 0.06, 0.75, (60, 60, 60))
    pen.ellipse(0, 0.8, 0.45, 0.14, (60, 60, 60))


def _cup(pen: Painter, colour: Colour) -> None:
    pen.arc(0.5, 0, 0.35, 0.35, -1.6, 1.6, 0.14, colour)
    pen.polygon([(-0.55, -0.6), (0.55, -0.6), (0.42, 0.7), (-0.42, 0.7)], colour)
    pen.ellipse(0, -0.6, 0.55, 0.14, darker(colour, 0.4))


def _bottle(pen: Painter, colour: Colour) -> None:
    pen.rectangle(-0.35, -0.15, 0.35, 0.95, colour)
    pen.polygon([(-0.35, -0.1), (-0.12, -0.5), (0.12, -0.5), (0.35, -0.1)], colour)
    pen.rectangle(-0.12, -0.95, 0.12, -0.45, darker(colour, 0.3))
    pen.rectangle(-0.35, 0.2, 0.35, 0.6, (240, 235, 220))


def _book(pen: Painter, colour: Colour) -> None:
    pen.rectangle(-0.75, -0.8, 0.75, 0.8, colour)
    pen.rectangle(-0.75, -0.8, -0.55, 0.8, darker(colour, 0.4))
    pen.rectangle(-0.3, -0.5, 0.5, -0.25, (245, 240, 220))
    pen.rectangle(0.68, -0.75, 0.75, 0.75, (250, 250, 250))


def _guitar(pen: Painter, colour: Colour) -> None:
    pen.ellipse(0, 0.5, 0.5, 0.42, colour)
    pen.ellipse(0, 0.05, 0.36, 0.34, colour)
    pen.disc(0, 0.2, 0.15, (30, 20, 10))
    pen.rectangle(-0.07, -0.95, 0.07, 0.1, (80, 50, 30))
    pen.rectangle(-0.14, -1, 0.14, -0.8, (40, 30, 20))


def _kite(pen: Painter, colour: Colour) -> None:
    pen.polygon([(0, -0.9), (0.6, -0.2), (0, 0.5), (-0.6, -0.2)], colour)
    pen.line([(0, -0.9), (0, 0.5)], 0.05, INK)
    pen.line([(-0.6, -0.2), (0.6, -0.2)], 0.05, INK)
    pen.line([(0, 0.5), (0.2, 0.7), (-0.1, 0.85), (0.1, 1)], 0.06, (220, 60, 60))


def _balloon(pen: Painter, colour: Colour) -> None:
    pen.ellipse(0, -0.25, 0.58, 0.68, colour)
    pen.ellipse(-0.2, -0.5, 0.13, 0.18, lighter(colour, 0.6))
    pen.line([(0, 0.4), (0.1, 0.7), (-0.05, 1)], 0.05, (60, 60, 60))


def _key(pen: Painter, colour: Colour) -> None:
    pen.ring(-0.5, 0, 0.35, 0.35, 0.18, colour, segments=14)
    pen.rectangle(-0.15, -0.1, 0.95, 0.1, colour)
    pen.rectangle(0.55, 0.1, 0.68, 0.4, colour)
    pen.rectangle(0.8, 0.1, 0.95, 0.5, colour)


def _ladder(pen: Painter, colour: Colour) -> None:
    for x in (-0.45, 0.32):
        pen.rectangle(x, -1, x + 0.13, 1, colour)
    for i in range(5):
        pen.rectangle(-0.4, -0.8 + 0.36 * i, 0.4, -0.68 + 0.36 * i, colour)


def _hat(pen: Painter, colour: Colour) -> None:
    pen.ellipse(0, 0.45, 0.95, 0.2, colour)
    pen.rectangle(-0.5, -0.6, 0.5, 0.45, colour)
    pen.rectangle(-0.5, 0.15, 0.5, 0.35, INK)


def _rocket(pen: Painter, colour: Colour) -> None:
    pen.polygon([(-0.3, 0.5), (-0.3, -0.4), (0, -1), (0.3, -0.4), (0.3, 0.5)], colour)
    pen.polygon([(-0.3, 0.1), (-0.65, 0.7), (-0.3, 0.55)], (200, 50, 50))
    pen.polygon([(0.3, 0.1), (0.65, 0.7), (0.3, 0.55)], (200, 50, 50))
    pen.disc(0, -0.25, 0.15, (180, 220, 250))
    pen.polygon([(-0.2, 0.52), (0.2, 0.52), (0, 1)], (250, 170, 30))


def _train(pen: Painter, colour: Colour) -> None:
    pen.rectangle(-0.9, -0.1, 0.4, 0.5, colour)
    pen.rectangle(0.2, -0.7, 0.85, 0.5, colour)
    pen.rectangle(0.35, -0.5, 0.7, -0.1, GLASS)
    pen.rectangle(-0.7, -0.5, -0.45, -0.1, (40, 40, 40))
    for x in (-0.6, -0.1, 0.5):
        pen.disc(x, 0.58, 0.18, RUBBER)


def _spider(pen: Painter, colour: Colour) -> None:
    for side in (-1, 1):
        for i in range(4):
            pen.line([(0, 0), (0.5 * side, -0.45 + 0.25 * i), (0.9 * side, -0.6 + 0.5 * i)], 0.07, colour)
    pen.ellipse(0, 0.2, 0.35, 0.4, colour)
    pen.ellipse(0, -0.25, 0.22, 0.2, colour)


def _snail(pen: Painter, colour: Colour) -> None:
    pen.ellipse(0, 0.6, 0.85, 0.16, (190, 160, 110))
    pen.ellipse(0.75, 0.35, 0.14, 0.3, (190, 160, 110))
    pen.disc(-0.1, 0.1, 0.5, colour)
    pen.arc(-0.1, 0.1, 0.28, 0.28, 0, 5, 0.1, (60, 40, 30))


def _turtle(pen: Painter, colour: Colour) -> None:
    for x, y in ((-0.5, -0.45), (0.5, -0.45), (-0.5, 0.45), (0.5, 0.45)):
        pen.ellipse(x, y, 0.22, 0.16, (110, 150, 80))
    pen.ellipse(0.85, 0, 0.22, 0.18, (110, 150, 80))
    pen.ellipse(0, 0, 0.7, 0.52, colour)
    pen.ring(0, 0, 0.4, 0.28, 0.07, (40, 60, 30))


def _snake(pen: Painter, colour: Colour) -> None:
    pen.line([(-0.9 + 0.15 * i, 0.35 * math.sin(i * 1.05)) for i in range(12)], 0.24, colour)
    pen.ellipse(0.8, -0.3, 0.2, 0.15, colour)


def _frog(pen: Painter, colour: Colour) -> None:
    pen.ellipse(0, 0.25, 0.75, 0.5, colour)
    for x in (-0.38, 0.38):
        pen.disc(x, -0.3, 0.24, colour)
    for x in (-0.38, 0.38):
        pen.disc(x, -0.32, 0.13, (250, 250, 250))
    pen.arc(0, 0.2, 0.45, 0.22, 0.3, 2.84, 0.07, (30, 50, 20))


def _truck(pen: Painter, colour: Colour) -> None:
    pen.rectangle(-0.95, -0.6, 0.3, 0.4, colour)
    pen.rectangle(0.36, -0.2, 0.95, 0.4, darker(colour, 0.35))
    pen.rectangle(0.55, -0.1, 0.88, 0.12, GLASS)
    for x in (-0.6, -0.1, 0.62):
        pen.disc(x, 0.45, 0.2, RUBBER)


def _ship(pen: Painter, colour: Colour) -> None:
    pen.polygon([(-0.95, 0.2), (0.95, 0.2), (0.7, 0.7), (-0.7, 0.7)], colour)
    pen.rectangle(-0.5, -0.25, 0.5, 0.2, (240, 240, 240))
    pen.rectangle(-0.1, -0.75, 0.2, -0.25, (200, 60, 50))
    for x in (-0.3, 0, 0.3):
        pen.disc(x, 0, 0.07, (60, 90, 130))


def _deer(pen: Painter, colour: Colour) -> None:
    pen.ellipse(0, 0.1, 0.6, 0.28, colour)
    for x in (-0.5, -0.3, 0.3, 0.45):
        pen.rectangle(x, 0.2, x + 0.1, 0.95, colour)
    pen.polygon([(0.4, 0.1), (0.6, -0.5), (0.8, -0.5), (0.6, 0.15)], colour)
    pen.ellipse(0.72, -0.5, 0.22, 0.14, colour)
    pen.line([(0.62, -0.6), (0.5, -0.95)], 0.06, WOOD)
    pen.line([(0.62, -0.6), (0.8, -1)], 0.06, WOOD)
    pen.line([(0.56, -0.8), (0.35, -0.85)], 0.06, WOOD)


def _elephant(pen: Painter, colour: Colour) -> None:
    pen.ellipse(-0.1, 0.05, 0.65, 0.45, colour)
    for x in (-0.6, 0.15):
        pen.rectangle(x, 0.3, x + 0.2, 0.95, colour)
    pen.disc(0.55, -0.1, 0.33, colour)
    pen.ellipse(0.4, -0.15, 0.2, 0.3, darker(colour, 0.25))
    pen.line([(0.8, 0), (0.92, 0.4), (0.8, 0.7)], 0.16, colour)


def _sofa(pen: Painter, colour: Colour) -> None:
    pen.rectangle(-0.8, -0.5, 0.8, 0.2, colour)
    pen.rectangle(-0.95, -0.15, -0.65, 0.5, darker(colour, 0.3))
    pen.rectangle(0.65, -0.15, 0.95, 0.5, darker(colour, 0.3))
    pen.rectangle(-0.65, 0.1, 0.65, 0.45, lighter(colour, 0.25))


def _clock(pen: Painter, colour: Colour) -> None:
    pen.disc(0, 0, 0.85, colour)
    pen.disc(0, 0, 0.68, (250, 250, 245))
    pen.line([(0, 0), (0, -0.5)], 0.09, RUBBER)
    pen.line([(0, 0), (0.35, 0.15)], 0.09, RUBBER)


def _ball(pen: Painter, colour: Colour) -> None:
    pen.disc(0, 0, 0.8, colour)
    pen.ring(0, 0, 0.45, 0.8, 0.07, INK, segments=14)
    pen.line([(-0.8, 0), (0.8, 0)], 0.07, INK)


def _glasses(pen: Painter, colour: Colour) -> None:
    for x in (-0.5, 0.5):
        pen.ring(x, 0.1, 0.38, 0.34, 0.14, colour, segments=14)
    pen.line([(-0.14, 0.05), (0.14, 0.05)], 0.12, colour)
    pen.line([(-0.85, -0.05), (-1, -0.35)], 0.1, colour)
    pen.line([(0.85, -0.05), (1, -0.35)], 0.1, colour)


# The order is part of the world: the frequencies of the concepts and the classes of the tasks are taken from it.
SILHOUETTES: dict[str, Callable[[Painter, Colour], None]] = {
    "tree": _tree,
    "pine": _pine,
    "fish": _fish,
    "bird": _bird,
    "boat": _boat,
    "bicycle": _bicycle,
    "bus": _bus,
    "car": _car,
    "cat": _cat,
    "dog": _dog,
    "butterfly": _butterfly,
    "mushroom": _mushroom,
    "apple": _apple,
    "banana": _banana,
    "chair": _chair,
    "table": _table,
    "lamp": _lamp,
    "cup": _cup,
    "bottle": _bottle,
    "book": _book,
    "guitar": _guitar,
    "kite": _kite,
    "balloon": _balloon,
    "key": _key,
    "ladder": _ladder,
    "hat": _hat,
    "rocket": _rocket,
    "train": _train,
    "spider": _spider,
    "snail": _snail,
    "turtle": _turtle,
    "snake": _snake,
    "frog": _frog,
    "truck": _truck,
    "ship": _ship,
    "deer": _deer,
    "elephant": _elephant,
    "sofa": _sofa,
    "clock": _clock,
    "ball": _ball,
    "glasses": _glasses,
}
