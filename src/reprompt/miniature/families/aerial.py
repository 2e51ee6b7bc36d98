"""Land seen from above, turned by any angle; stands in for EuroSAT (the first ten) and RESISC45."""

import math
from collections.abc import Callable
from random import Random

from PIL import Image

from reprompt.miniature.backgrounds import clouds
from reprompt.miniature.canvas import COLOURS, PALETTE, Colour, Painter, jitter
from reprompt.miniature.conditions import Attributes, Conditions
from reprompt.miniature.families.family import Family

MEADOW = ((70, 110, 60), (95, 130, 75))


def ground(pen: Painter, rng: Random, first: Colour, second: Colour) -> None:
    """Cover the picture with land of two colours."""
    pen.image.paste(clouds(jitter(first, rng), jitter(second, rng), rng), (0, 0))


def _annual_crop(pen: Painter, rng: Random) -> None:
    crops = ((190, 165, 90), (120, 140, 70), (150, 110, 70))
    ground(pen, rng, (150, 130, 80), (170, 150, 95))
    for i in range(6):
        pen.rectangle(-1.5 + 0.5 * i, -1.5, -1.02 + 0.5 * i, 1.5, jitter(crops[i % 3], rng))


def _forest(pen: Painter, rng: Random) -> None:
    ground(pen, rng, (30, 70, 35), (45, 90, 45))
    for _ in range(40):
        pen.disc(rng.uniform(-1.2, 1.2), rng.uniform(-1.2, 1.2), 0.13, jitter((35, 85, 40), rng, 14), corners=8)


def _herbaceous_vegetation(pen: Painter, rng: Random) -> None:
    ground(pen, rng, (110, 130, 80), (140, 150, 95))
    for _ in range(12):
        pen.ellipse(rng.uniform(-1.2, 1.2), rng.uniform(-1.2, 1.2), 0.1, 0.08, jitter((85, 110, 60), rng), corners=6)


def _highway(pen: Painter, rng: Random) -> None:
    ground(pen, rng, *MEADOW)
    pen.rectangle(-1.6, -0.14, 1.6, 0.14, jitter((120, 120, 125), rng))
    pen.rectangle(-1.6, -0.015, 1.6, 0.015, (235, 235, 235))
    pen.rectangle(-1.6, 0.5, 1.6, 0.56, jitter((150, 140, 120), rng))


def _freeway(pen: Painter, rng: Random) -> None:
    ground(pen, rng, (120, 120, 110), (140, 135, 125))
    pen.rectangle(-1.6, -0.35, 1.6, -0.05, jitter((95, 95, 100), rng))
    pen.rectangle(-1.6, 0.05, 1.6, 0.35, jitter((95, 95, 100), rng))
    for i in range(8):
        for y in (-0.22, 0.18):
            pen.rectangle(-1.4 + 0.35 * i, y, -1.25 + 0.35 * i, y + 0.06, PALETTE[rng.choice(COLOURS)])


def _industrial(pen: Painter, rng: Random) -> None:
    ground(pen, rng, (150, 145, 140), (125, 120, 120))
    for x in (-1, -0.2, 0.6):
        for y in (-0.9, -0.2, 0.5):
            pen.rectangle(x, y, x + rng.uniform(0.4, 0.7), y + rng.uniform(0.25, 0.5), jitter((200, 205, 215), rng, 30))


def _pasture(pen: Painter, rng: Random) -> None:
    ground(pen, rng, (95, 150, 70), (110, 165, 80))
    for y in (-0.6, 0.3):
        pen.rectangle(-1.5, y, 1.5, y + 0.03, (70, 100, 50))
    for _ in range(8):
        pen.disc(rng.uniform(-1, 1), rng.uniform(-1, 1), 0.04, (245, 245, 240), corners=6)


def _permanent_crop(pen: Painter, rng: Random) -> None:
    ground(pen, rng, (160, 140, 100), (140, 125, 90))
    for i in range(11):
        for j in range(11):
            pen.disc(-1.3 + 0.26 * i, -1.3 + 0.26 * j, 0.08, jitter((60, 110, 50), rng), corners=6)


def _residential(pen: Painter, rng: Random) -> None:
    ground(pen, rng, (110, 135, 90), (130, 145, 105))
    pen.rectangle(-1.5, -0.07, 1.5, 0.07, (140, 140, 140))
    pen.rectangle(-0.07, -1.5, 0.07, 1.5, (140, 140, 140))
    for x in (-0.95, -0.5, 0.2, 0.65):
        for y in (-0.9, -0.45, 0.2, 0.65):
            pen.rectangle(x, y, x + 0.25, y + 0.22, jitter((185, 90, 70), rng, 35))


def _river(pen: Painter, rng: Random) -> None:
    ground(pen, rng, *MEADOW)
    pen.line([(-1.5 + 0.3 * i, 0.35 * math.sin(i * 0.8)) for i in range(11)], 0.3, jitter((60, 110, 150), rng))


def _sea(pen: Painter, rng: Random) -> None:
    ground(pen, rng, (25, 70, 130), (40, 90, 150))


def _lake(pen: Painter, rng: Random) -> None:
    ground(pen, rng, *MEADOW)
    pen.ellipse(0, 0, 0.65, 0.45, jitter((45, 95, 140), rng))
    pen.disc(0.3, 0.2, 0.4, jitter((45, 95, 140), rng))


def _airport(pen: Painter, rng: Random) -> None:
    ground(pen, rng, (130, 150, 110), (150, 155, 130))
    pen.rectangle(-1.5, -0.75, 1.5, -0.6, (90, 90, 95))
    pen.rectangle(-1.5, 0.5, 1.5, 0.65, (90, 90, 95))
    pen.rectangle(-0.5, -0.2, 0.5, 0.1, (200, 200, 205))
    for x in (-0.4, 0, 0.4):
        pen.ellipse(x, 0.3, 0.03, 0.14, (250, 250, 250), corners=8)
        pen.ellipse(x, 0.3, 0.12, 0.03, (250, 250, 250), corners=8)


def _runway(pen: Painter, rng: Random) -> None:
    ground(pen, rng, (120, 150, 90), (135, 150, 110))
    pen.rectangle(-1.6, -0.22, 1.6, 0.22, (85, 85, 90))
    for i in range(7):
        pen.rectangle(-1.3 + 0.4 * i, -0.03, -1.05 + 0.4 * i, 0.03, (245, 245, 245))
    for y in (-0.16, -0.09, 0.06, 0.13):
        pen.rectangle(-0.95, y, -0.7, y + 0.04, (245, 245, 245))


def _baseball_diamond(pen: Painter, rng: Random) -> None:
    ground(pen, rng, (80, 150, 70), (95, 160, 80))
    pen.polygon([(0, 0.6), (0.7, -0.1), (0, -0.75), (-0.7, -0.1)], jitter((190, 135, 85), rng))
    pen.polygon([(0, 0.35), (0.42, -0.1), (0, -0.5), (-0.42, -0.1)], (85, 155, 75))
    pen.disc(0, -0.1, 0.08, (190, 135, 85))


def _beach(pen: Painter, rng: Random) -> None:
    ground(pen, rng, (40, 110, 165), (60, 130, 180))
    pen.polygon(
        [(-1.6, 0.1), (-0.5, 0.2), (0.5, 0), (1.6, 0.15), (1.6, 1.6), (-1.6, 1.6)], jitter((230, 210, 160), rng)
    )
    pen.line([(-1.6, 0.1), (-0.5, 0.2), (0.5, 0), (1.6, 0.15)], 0.08, (245, 245, 245))
    pen.rectangle(-1.6, 0.9, 1.6, 1.6, (80, 130, 70))


def _bridge(pen: Painter, rng: Random) -> None:
    ground(pen, rng, (45, 95, 140), (60, 110, 150))
    pen.rectangle(-1.6, -0.12, 1.6, 0.12, jitter((160, 155, 150), rng))
    pen.rectangle(-1.6, -1.6, -0.75, 1.6, jitter((90, 125, 75), rng))
    pen.rectangle(0.75, -1.6, 1.6, 1.6, jitter((90, 125, 75), rng))
    pen.rectangle(-1.6, -0.1, 1.6, 0.1, jitter((160, 155, 150), rng))


def _desert(pen: Painter, rng: Random) -> None:
    ground(pen, rng, (225, 190, 130), (205, 165, 105))
    for _ in range(5):
        pen.arc(rng.uniform(-1, 1), rng.uniform(-1, 1), 0.7, 0.3, 3.3, 6, 0.05, (190, 150, 95))


def _golf_course(pen: Painter, rng: Random) -> None:
    ground(pen, rng, (60, 120, 55), (75, 135, 65))
    for _ in range(4):
        pen.ellipse(
            rng.uniform(-0.8, 0.8),
            rng.uniform(-0.8, 0.8),
            rng.uniform(0.2, 0.4),
            rng.uniform(0.15, 0.3),
            jitter((130, 195, 95), rng),
            angle=rng.uniform(0, 3),
        )
    for _ in range(4):
        pen.ellipse(rng.uniform(-0.8, 0.8), rng.uniform(-0.8, 0.8), 0.12, 0.09, (235, 220, 170), corners=8)


def _harbor(pen: Painter, rng: Random) -> None:
    ground(pen, rng, (40, 90, 140), (50, 100, 150))
    pen.rectangle(-1.6, -0.1, 1.6, 0.02, jitter((170, 160, 150), rng))
    for x in (-0.9, -0.6, -0.3, 0, 0.3, 0.6, 0.9):
        for y in (-0.38, 0.28):
            pen.ellipse(x, y, 0.06, 0.2, jitter((245, 245, 245), rng), corners=8)


def _island(pen: Painter, rng: Random) -> None:
    ground(pen, rng, (30, 90, 150), (40, 105, 165))
    pen.ellipse(0, 0, 0.62, 0.5, jitter((225, 205, 150), rng), angle=rng.uniform(0, 3))
    pen.ellipse(0, 0, 0.46, 0.36, jitter((60, 120, 60), rng))


def _parking_lot(pen: Painter, rng: Random) -> None:
    ground(pen, rng, (105, 105, 110), (120, 120, 120))
    for i in range(9):
        for y in (-0.8, -0.2, 0.4):
            if rng.random() < 0.75:
                pen.rectangle(-1 + 0.24 * i, y, -0.84 + 0.24 * i, y + 0.32, PALETTE[rng.choice(COLOURS)])


def _railway(pen: Painter, rng: Random) -> None:
    ground(pen, rng, (120, 110, 95), (140, 125, 110))
    for y in (-0.35, 0.15):
        pen.rectangle(-1.6, y - 0.04, 1.6, y, (60, 55, 55))
        pen.rectangle(-1.6, y + 0.14, 1.6, y + 0.18, (60, 55, 55))
        for i in range(19):
            pen.rectangle(-1.5 + 0.16 * i, y - 0.09, -1.45 + 0.16 * i, y + 0.23, (90, 70, 50))


def _roundabout(pen: Painter, rng: Random) -> None:
    ground(pen, rng, (125, 140, 105), (140, 150, 120))
    pen.rectangle(-1.6, -0.1, 1.6, 0.1, (110, 110, 115))
    pen.rectangle(-0.1, -1.6, 0.1, 1.6, (110, 110, 115))
    pen.disc(0, 0, 0.5, (110, 110, 115))
    pen.disc(0, 0, 0.28, jitter((80, 150, 70), rng))


def _snowberg(pen: Painter, rng: Random) -> None:
    ground(pen, rng, (170, 185, 200), (150, 170, 190))
    for x, y in ((-0.5, rng.uniform(-0.3, 0.3)), (0.4, rng.uniform(-0.4, 0.2)), (0.1, 0.5)):
        pen.polygon([(x - 0.4, 0.3 + y), (x, -0.4 + y), (x + 0.4, 0.3 + y)], jitter((248, 250, 255), rng, 5))


def _stadium(pen: Painter, rng: Random) -> None:
    ground(pen, rng, (140, 140, 135), (120, 125, 120))
    pen.ellipse(0, 0, 0.85, 0.62, jitter((190, 190, 200), rng))
    pen.ellipse(0, 0, 0.6, 0.4, jitter((170, 80, 70), rng))
    pen.ellipse(0, 0, 0.5, 0.32, jitter((70, 160, 70), rng))


def _storage_tank(pen: Painter, rng: Random) -> None:
    ground(pen, rng, (150, 140, 125), (130, 125, 115))
    for x in (-0.6, 0, 0.6):
        for y in (-0.35, 0.35):
            pen.disc(x, y, 0.24, (110, 110, 110))
            pen.disc(x - 0.03, y - 0.03, 0.22, jitter((240, 240, 240), rng, 8))


def _thermal_plant(pen: Painter, rng: Random) -> None:
    ground(pen, rng, (135, 130, 120), (115, 115, 110))
    for x in (-0.45, 0.4):
        pen.disc(x, 0.2, 0.3, jitter((190, 185, 180), rng))
        pen.disc(x, 0.2, 0.18, (60, 60, 65))
        pen.ellipse(x + 0.25, -0.35, 0.3, 0.4, (235, 235, 235))


def _wetland(pen: Painter, rng: Random) -> None:
    ground(pen, rng, (85, 110, 75), (60, 95, 85))
    for _ in range(9):
        pen.ellipse(
            rng.uniform(-1, 1),
            rng.uniform(-1, 1),
            rng.uniform(0.1, 0.3),
            rng.uniform(0.06, 0.15),
            jitter((60, 100, 120), rng),
            angle=rng.uniform(0, 3),
            corners=12,
        )


def _circular_farmland(pen: Painter, rng: Random) -> None:
    ground(pen, rng, (180, 160, 115), (165, 145, 105))
    for x in (-0.8, 0, 0.8):
        for y in (-0.8, 0, 0.8):
            pen.disc(x, y, 0.36, jitter((90, 140, 60), rng, 35))


LAND: dict[str, Callable[[Painter, Random], None]] = {
    "annual crop": _annual_crop,
    "forest": _forest,
    "herbaceous vegetation": _herbaceous_vegetation,
    "highway": _highway,
    "industrial": _industrial,
    "pasture": _pasture,
    "permanent crop": _permanent_crop,
    "residential": _residential,
    "river": _river,
    "sea": _sea,
    "airport": _airport,
    "baseball diamond": _baseball_diamond,
    "beach": _beach,
    "bridge": _bridge,
    "desert": _desert,
    "freeway": _freeway,
    "golf course": _golf_course,
    "harbor": _harbor,
    "island": _island,
    "lake": _lake,
    "parking lot": _parking_lot,
    "railway": _railway,
    "roundabout": _roundabout,
    "runway": _runway,
    "snowberg": _snowberg,
    "stadium": _stadium,
    "storage tank": _storage_tank,
    "thermal plant": _thermal_plant,
    "wetland": _wetland,
    "circular farmland": _circular_farmland,
}


def draw(image: Image.Image, concept: str, rng: Random, conditions: Conditions) -> Attributes:
    """Draw the land over the whole picture."""
    x, y = 0.5 + rng.uniform(-0.05, 0.05), 0.5 + rng.uniform(-0.05, 0.05)
    LAND[concept](Painter(image, x, y, 0.5, rng.uniform(0, 6.28)), rng)
    return Attributes()


AERIAL = Family("aerial", "aer", tuple(LAND), draw, share=4, fills_frame=True)
