"""Places seen from the ground; stands in for SUN397.

Forest, beach, bridge, desert, harbor, stadium and lake exist from above as well (aerial.py): the bare word is
ambiguous, the context decides.
"""

from collections.abc import Callable
from random import Random

from PIL import Image

from reprompt.miniature.canvas import COLOURS, PALETTE, Colour, Painter, jitter
from reprompt.miniature.conditions import Attributes, Conditions
from reprompt.miniature.families.family import Family


class Landscape(Painter):
    """A painter over the whole picture with a sky colour and a horizon of its own."""

    def __init__(self, image: Image.Image, rng: Random):
        self.horizon = rng.uniform(-0.15, 0.15)
        super().__init__(image, scale=0.5, rotation=rng.gauss(0, 0.03), mirrored=rng.random() < 0.5)
        self.sky = jitter((140, 185, 235), rng)

    def divide(self, above: Colour, below: Colour, at: float) -> None:
        """Fill the picture with two colours that meet at the horizon, moved by `at`."""
        self.rectangle(-1.3, -1.3, 1.3, at + self.horizon, above)
        self.rectangle(-1.3, at + self.horizon, 1.3, 1.3, below)


def _beach(pen: Landscape, rng: Random) -> None:
    pen.divide(pen.sky, jitter((225, 205, 150), rng), 0.25)
    pen.rectangle(-1.3, -0.1 + pen.horizon, 1.3, 0.3 + pen.horizon, jitter((50, 130, 190), rng))
    pen.disc(rng.uniform(-0.6, 0.6), -0.6, 0.18, (250, 230, 120))
    x = rng.uniform(-0.6, 0.6)
    pen.line([(x, 0.7), (x + 0.1, 0.1)], 0.06, (110, 70, 40))
    pen.ellipse(x + 0.1, 0.05, 0.35, 0.12, (200, 60, 60))


def _mountain(pen: Landscape, rng: Random) -> None:
    pen.divide(pen.sky, jitter((80, 120, 70), rng), 0.4)
    for x, y in ((-0.5, rng.uniform(0, 0.2)), (0.45, rng.uniform(-0.1, 0.2))):
        pen.polygon(
            [(x - 0.6, 0.5 + pen.horizon), (x, -0.6 + y), (x + 0.6, 0.5 + pen.horizon)], jitter((115, 110, 115), rng)
        )
        pen.polygon([(x - 0.16, -0.3 + y), (x, -0.6 + y), (x + 0.16, -0.3 + y)], (245, 245, 250))


def _forest(pen: Landscape, rng: Random) -> None:
    pen.divide(jitter((150, 190, 170), rng), jitter((60, 90, 40), rng), 0.4)
    for x in (-0.9, -0.55, -0.15, 0.2, 0.6, 0.95):
        pen.rectangle(x - 0.04, -0.1, x + 0.04, 0.6, (80, 55, 35))
        pen.polygon([(x, -0.9 + rng.uniform(-0.1, 0.2)), (x + 0.28, 0.3), (x - 0.28, 0.3)], jitter((35, 100, 45), rng))


def _desert(pen: Landscape, rng: Random) -> None:
    pen.divide(jitter((245, 210, 150), rng), jitter((225, 180, 110), rng), 0.1)
    pen.ellipse(-0.5, 0.5, 0.8, 0.35, jitter((210, 160, 90), rng))
    pen.ellipse(0.6, 0.6, 0.8, 0.35, jitter((235, 190, 120), rng))
    x = rng.uniform(-0.5, 0.5)
    pen.rectangle(x - 0.06, -0.3, x + 0.06, 0.35, (60, 120, 60))
    pen.rectangle(x - 0.25, -0.1, x, 0, (60, 120, 60))


def _city(pen: Landscape, rng: Random) -> None:
    pen.divide(jitter((170, 190, 215), rng), jitter((90, 90, 95), rng), 0.6)
    for x in (-1, -0.65, -0.3, 0.1, 0.45, 0.8):
        roof = rng.uniform(-0.85, 0.1)
        pen.rectangle(x, roof, x + 0.3, 0.65 + pen.horizon, jitter((105, 110, 125), rng, 30))
        for column in (0, 1):
            left, right = x + 0.06 + 0.12 * column, x + 0.12 + 0.12 * column
            for floor in range(int((0.5 - roof) / 0.2)):
                pen.rectangle(left, roof + 0.08 + 0.2 * floor, right, roof + 0.18 + 0.2 * floor, (240, 225, 140))


def _bedroom(pen: Landscape, rng: Random) -> None:
    pen.divide(jitter((205, 190, 200), rng, 25), jitter((150, 110, 80), rng), 0.45)
    pen.rectangle(-0.7, 0.1, 0.8, 0.6, jitter((180, 60, 80), rng, 60))
    pen.rectangle(-0.7, -0.1, -0.55, 0.75, (90, 60, 40))
    pen.rectangle(-0.5, 0, -0.1, 0.2, (250, 250, 250))
    pen.rectangle(0.2, -0.8, 0.7, -0.3, (170, 210, 240))


def _kitchen(pen: Landscape, rng: Random) -> None:
    pen.divide(jitter((240, 235, 215), rng), jitter((190, 170, 150), rng), 0.6)
    pen.rectangle(-1.2, 0.1, 1.2, 0.7, jitter((220, 220, 225), rng))
    pen.rectangle(-1.2, 0.05, 1.2, 0.15, (90, 90, 95))
    pen.rectangle(-0.3, 0.2, 0.25, 0.65, (60, 60, 65))
    for x in (-1, -0.5, 0.5):
        pen.rectangle(x, -0.9, x + 0.4, -0.4, jitter((170, 120, 80), rng))
    pen.rectangle(0.55, -0.15, 0.75, 0.05, jitter((200, 60, 50), rng))


def _corridor(pen: Landscape, rng: Random) -> None:
    pen.divide(jitter((200, 195, 185), rng), jitter((150, 120, 100), rng), 0.2)
    pen.polygon([(-1.3, -1.3), (-0.3, -0.3), (-0.3, 0.3), (-1.3, 1.3)], jitter((175, 165, 155), rng))
    pen.polygon([(1.3, -1.3), (0.3, -0.3), (0.3, 0.3), (1.3, 1.3)], jitter((175, 165, 155), rng))
    pen.rectangle(-0.3, -0.3, 0.3, 0.3, jitter((230, 225, 210), rng))
    pen.polygon([(-1.3, 1.3), (-0.3, 0.3), (0.3, 0.3), (1.3, 1.3)], jitter((140, 90, 70), rng))


def _lake(pen: Landscape, rng: Random) -> None:
    pen.divide(pen.sky, jitter((60, 130, 180), rng), 0)
    pen.ellipse(-0.6, pen.horizon, 0.7, 0.2, jitter((60, 120, 60), rng))
    pen.ellipse(0.6, pen.horizon, 0.7, 0.25, jitter((50, 110, 60), rng))
    pen.ellipse(0, 1.1, 1.2, 0.35, jitter((90, 150, 70), rng))
    for x in (-0.5, 0.2):
        pen.line([(x, 0.4), (x + 0.3, 0.4)], 0.03, (200, 225, 240))


def _street(pen: Landscape, rng: Random) -> None:
    pen.divide(pen.sky, jitter((100, 100, 105), rng), 0.2)
    pen.rectangle(-1.3, -0.7, -0.55, 0.4, jitter((170, 110, 90), rng, 30))
    pen.rectangle(0.55, -0.8, 1.3, 0.4, jitter((150, 140, 130), rng, 30))
    pen.polygon([(-0.25, 0.2 + pen.horizon), (0.25, 0.2 + pen.horizon), (1, 1.3), (-1, 1.3)], (70, 70, 75))
    for i in range(4):
        pen.rectangle(-0.03, 0.35 + 0.25 * i, 0.03, 0.48 + 0.25 * i, (250, 240, 200))


def _field(pen: Landscape, rng: Random) -> None:
    pen.divide(pen.sky, jitter((220, 195, 80), rng), 0)
    for i in range(-4, 5):
        pen.line([(0.2 * i, pen.horizon), (0.7 * i, 1.3)], 0.04, (180, 150, 50))
    pen.ellipse(0.5, -0.5, 0.35, 0.13, (250, 250, 250))


def _bridge(pen: Landscape, rng: Random) -> None:
    pen.divide(pen.sky, jitter((60, 120, 170), rng), 0.3)
    pen.rectangle(-1.3, 0.0, 1.3, 0.14, jitter((140, 60, 50), rng))
    pen.rectangle(-0.6, -0.7, -0.48, 0.6, jitter((150, 60, 50), rng))
    pen.rectangle(0.48, -0.7, 0.6, 0.6, jitter((150, 60, 50), rng))
    pen.arc(0, -0.7, 0.54, 0.6, 0, 3.14, 0.05, (120, 50, 40))
    pen.arc(-1.1, -0.7, 0.54, 0.6, 0, 1.6, 0.05, (120, 50, 40))
    pen.arc(1.1, -0.7, 0.54, 0.6, 1.6, 3.14, 0.05, (120, 50, 40))


def _night_sky(pen: Landscape, rng: Random) -> None:
    pen.divide((18, 20, 50), (10, 12, 20), 0.7)
    for _ in range(26):
        pen.disc(rng.uniform(-1, 1), rng.uniform(-1, 0.5), 0.03, (250, 250, 230), corners=6)
    pen.disc(rng.uniform(-0.5, 0.5), -0.4, 0.2, (245, 240, 200))


def _cave(pen: Landscape, rng: Random) -> None:
    pen.divide((40, 32, 30), (55, 45, 40), 0.4)
    pen.ellipse(0, 0.1, 0.5, 0.55, jitter((190, 200, 190), rng))
    for x in (-0.8, -0.4, 0, 0.4, 0.8):
        pen.polygon([(x - 0.15, -1), (x + 0.15, -1), (x, -0.45 + rng.uniform(-0.2, 0.2))], (30, 24, 22))


def _snowfield(pen: Landscape, rng: Random) -> None:
    pen.divide(jitter((200, 215, 235), rng), jitter((245, 248, 252), rng, 6), 0.0)
    for x in (rng.uniform(-0.9, -0.4), rng.uniform(0.3, 0.9)):
        pen.polygon([(x, -0.35), (x + 0.15, 0.15), (x - 0.15, 0.15)], jitter((60, 90, 80), rng))
    for _ in range(15):
        pen.disc(rng.uniform(-1, 1), rng.uniform(-1, 1), 0.03, (255, 255, 255), corners=6)


def _harbor(pen: Landscape, rng: Random) -> None:
    pen.divide(pen.sky, jitter((50, 100, 150), rng), 0.2)
    for x in (-0.65, 0, 0.65):
        pen.polygon(
            [(x - 0.3, 0.35), (x + 0.3, 0.35), (x + 0.2, 0.55), (x - 0.2, 0.55)], jitter((220, 220, 220), rng, 40)
        )
        pen.line([(x, 0.35), (x, -0.5)], 0.04, (80, 60, 50))
        pen.polygon([(x + 0.03, -0.45), (x + 0.03, 0.2), (x + 0.25, 0.2)], (245, 245, 240))
    pen.rectangle(-1.3, 0.8, 1.3, 1.3, jitter((130, 110, 90), rng))


def _canyon(pen: Landscape, rng: Random) -> None:
    pen.divide(pen.sky, jitter((190, 110, 70), rng), 0.5)
    pen.polygon([(-1.3, -0.5), (-0.5, -0.4), (-0.3, 0.1), (-0.15, 1), (-1.3, 1.3)], jitter((180, 90, 55), rng))
    pen.polygon([(1.3, -0.6), (0.5, -0.5), (0.35, 0), (0.15, 1), (1.3, 1.3)], jitter((165, 80, 50), rng))
    for y in (-0.1, 0.3):
        pen.line([(-1.3, y), (-0.4, y + 0.05)], 0.04, (140, 65, 40))
    pen.line([(0, 0.55), (0.05, 1.3)], 0.1, (70, 130, 180))


def _stadium(pen: Landscape, rng: Random) -> None:
    pen.divide(pen.sky, jitter((70, 160, 70), rng), 0.2)
    pen.ellipse(0, 0.0, 1.2, 0.42, jitter((150, 150, 160), rng))
    pen.ellipse(0, 0.1, 0.95, 0.3, jitter((190, 90, 80), rng))
    pen.ellipse(0, 0.2, 0.8, 0.26, jitter((70, 160, 70), rng))
    pen.line([(0, -0.05), (0, 0.45)], 0.03, (250, 250, 250))
    pen.ellipse(0, 0.2, 0.15, 0.06, (240, 240, 240))
    for x in (-0.9, 0.9):
        pen.line([(x, 0), (x, -0.8)], 0.04, (80, 80, 80))


def _library(pen: Landscape, rng: Random) -> None:
    pen.divide(jitter((150, 110, 75), rng), jitter((110, 75, 50), rng), 0.8)
    for y in (-0.9, -0.4, 0.1):
        pen.rectangle(-1.2, y + 0.42, 1.2, y + 0.5, (80, 50, 30))
        for i in range(15):
            left, right = -1.1 + 0.15 * i, -0.98 + 0.15 * i
            pen.rectangle(left, y + rng.uniform(0.02, 0.12), right, y + 0.42, PALETTE[rng.choice(COLOURS)])


def _swimming_pool(pen: Landscape, rng: Random) -> None:
    pen.divide(pen.sky, jitter((200, 190, 170), rng), -0.2)
    pen.polygon([(-0.7, -0.1), (0.7, -0.1), (1.2, 0.9), (-1.2, 0.9)], jitter((60, 180, 215), rng))
    for x in (-0.6, 0, 0.6):
        pen.line([(x * 0.6, -0.1), (x, 0.9)], 0.04, (240, 240, 240))


def _volcano(pen: Landscape, rng: Random) -> None:
    pen.divide(jitter((120, 100, 110), rng), jitter((70, 60, 55), rng), 0.5)
    pen.polygon([(-1, 0.6), (-0.2, -0.3), (0.2, -0.3), (1, 0.6)], jitter((80, 60, 55), rng))
    pen.polygon([(-0.2, -0.3), (0.2, -0.3), (0.12, 0.2), (0, -0.05), (-0.1, 0.35)], (240, 100, 20))
    for i in range(4):
        pen.ellipse(rng.uniform(-0.3, 0.3), -0.5 - 0.15 * i, 0.2 + 0.05 * i, 0.15, (90, 85, 90))


def _village(pen: Landscape, rng: Random) -> None:
    pen.divide(pen.sky, jitter((100, 160, 80), rng), 0.2)
    for x in (-0.9, -0.3, 0.35):
        pen.rectangle(x, 0.05, x + 0.4, 0.5, jitter((225, 210, 185), rng, 25))
        pen.polygon([(x - 0.08, 0.05), (x + 0.2, -0.35), (x + 0.48, 0.05)], jitter((180, 70, 50), rng))


def _waterfall(pen: Landscape, rng: Random) -> None:
    pen.divide(jitter((120, 170, 140), rng), jitter((60, 110, 130), rng), 0.5)
    pen.rectangle(-1.3, -0.8, 1.3, 0.5, jitter((95, 85, 75), rng))
    pen.rectangle(-0.3, -0.8, 0.3, 0.6, jitter((215, 235, 245), rng, 8))
    for x in (-0.15, 0.05, 0.2):
        pen.line([(x, -0.8), (x, 0.6)], 0.03, (160, 200, 225))
    pen.ellipse(0, 0.65, 0.5, 0.13, (240, 248, 250))


def _park(pen: Landscape, rng: Random) -> None:
    pen.divide(pen.sky, jitter((90, 170, 80), rng), 0)
    for x in (-0.8, 0.75):
        pen.rectangle(x - 0.04, -0.1, x + 0.04, 0.25, (90, 60, 35))
        pen.ellipse(x, -0.3, 0.25, 0.28, jitter((50, 140, 60), rng))
    pen.polygon([(-0.1, pen.horizon), (0.1, pen.horizon), (0.5, 1.3), (-0.5, 1.3)], jitter((215, 195, 150), rng))
    pen.rectangle(0.4, 0.35, 0.85, 0.45, (120, 75, 40))
    pen.rectangle(0.4, 0.2, 0.85, 0.27, (120, 75, 40))


PLACES: dict[str, Callable[[Landscape, Random], None]] = {
    "beach": _beach,
    "mountain": _mountain,
    "forest": _forest,
    "desert": _desert,
    "city": _city,
    "bedroom": _bedroom,
    "kitchen": _kitchen,
    "corridor": _corridor,
    "lake": _lake,
    "street": _street,
    "field": _field,
    "bridge": _bridge,
    "night sky": _night_sky,
    "cave": _cave,
    "snowfield": _snowfield,
    "harbor": _harbor,
    "canyon": _canyon,
    "stadium": _stadium,
    "library": _library,
    "swimming pool": _swimming_pool,
    "volcano": _volcano,
    "village": _village,
    "waterfall": _waterfall,
    "park": _park,
}


def draw(image: Image.Image, concept: str, rng: Random, conditions: Conditions) -> Attributes:
    """Draw the place over the whole picture."""
    PLACES[concept](Landscape(image, rng), rng)
    return Attributes()


SCENES = Family("scenes", "scn", tuple(PLACES), draw, share=5, fills_frame=True)
