"""Faces with seven expressions on varied skin and hair; stands in for FER2013."""

from collections.abc import Callable
from random import Random

from PIL import Image

from reprompt.miniature.canvas import Painter, darker, jitter, mix
from reprompt.miniature.conditions import Attributes, Conditions
from reprompt.miniature.families.family import Family

DARK_SKIN, LIGHT_SKIN = (90, 60, 45), (245, 205, 175)
HAIR = ((40, 30, 25), (90, 60, 30), (150, 120, 70), (20, 20, 20))
INK = (30, 22, 20)
WHITE = (250, 250, 250)


def _happy(pen: Painter, rng: Random) -> None:
    pen.arc(0, 0.35, 0.32, 0.25, 0.2, 2.94, 0.09, (150, 40, 40))


def _sad(pen: Painter, rng: Random) -> None:
    pen.arc(0, 0.65, 0.28, 0.2, 3.4, 6.0, 0.08, (120, 50, 50))


def _angry(pen: Painter, rng: Random) -> None:
    pen.rectangle(-0.28, 0.45, 0.28, 0.56, WHITE)
    pen.arc(0, 0.6, 0.3, 0.14, 3.2, 6.2, 0.06, INK)


def _surprised(pen: Painter, rng: Random) -> None:
    pen.ellipse(0, 0.5, 0.15, 0.22, (70, 20, 20))


def _fearful(pen: Painter, rng: Random) -> None:
    pen.ellipse(0, 0.52, 0.28, 0.11, (70, 20, 20))


def _disgusted(pen: Painter, rng: Random) -> None:
    pen.line([(-0.28, 0.48), (-0.1, 0.56), (0.1, 0.45), (0.28, 0.58)], 0.08, (110, 60, 50))
    pen.ellipse(0.02, 0.62, 0.12, 0.1, (220, 110, 120))


def _neutral(pen: Painter, rng: Random) -> None:
    left, right = 0.5 + rng.uniform(-0.04, 0.04), 0.5 + rng.uniform(-0.04, 0.04)
    pen.line([(-0.25, left), (0.25, right)], 0.08, (130, 60, 60))


MOUTHS: dict[str, Callable[[Painter, Random], None]] = {
    "happy": _happy,
    "sad": _sad,
    "angry": _angry,
    "surprised": _surprised,
    "fearful": _fearful,
    "disgusted": _disgusted,
    "neutral": _neutral,
}
EYE_HEIGHT = {
    "happy": 0.08,
    "sad": 0.08,
    "angry": 0.08,
    "surprised": 0.17,
    "fearful": 0.16,
    "disgusted": 0.05,
    "neutral": 0.1,
}
BROW_Y = {"surprised": -0.48, "fearful": -0.42}  # the others at -0.32
BROW_SLOPE = {"angry": 0.14, "sad": -0.12, "fearful": -0.12, "disgusted": 0.06}  # positive: inner ends down


def _eyes(pen: Painter, mood: str, rng: Random) -> None:
    height, brow, slope = EYE_HEIGHT[mood], BROW_Y.get(mood, -0.32), BROW_SLOPE.get(mood, 0)
    for side in (-1, 1):
        pen.ellipse(0.28 * side, -0.1 + rng.uniform(-0.04, 0.04), 0.14, height, WHITE)
        pen.ellipse(0.28 * side, -0.1, 0.065, min(height, 0.08), INK, corners=8)
        inner, outer = brow + slope + rng.uniform(-0.04, 0.04), brow - slope + rng.uniform(-0.04, 0.04)
        pen.line([(0.12 * side, inner), (0.44 * side, outer)], 0.07, INK)


def draw(image: Image.Image, concept: str, rng: Random, conditions: Conditions) -> Attributes:
    """Draw hair, face, eyes, nose and mouth."""
    skin = jitter(mix(DARK_SKIN, LIGHT_SKIN, rng.uniform(0.35, 1)), rng, 10)
    x, y = 0.5 + rng.uniform(-0.05, 0.05), 0.5 + rng.uniform(-0.05, 0.05)
    pen = Painter(image, x, y, rng.uniform(0.4, 0.47), rng.gauss(0, 0.08))
    pen.ellipse(0, -0.1, 0.78, 0.9, rng.choice(HAIR))
    pen.ellipse(0, 0.08, 0.68, 0.84, skin)
    _eyes(pen, concept, rng)
    pen.line([(0, 0), (0.06, 0.2), (-0.04, 0.22)], 0.04, darker(skin, 0.3))
    MOUTHS[concept](pen, rng)
    return Attributes()


FACES = Family("faces", "emo", tuple(MOUTHS), draw, share=7, backgrounds=("wall", "plain", "night", "wood"))
