"""Eight words of praise and eight of blame as pixels; stands in for Rendered SST2."""

from random import Random

from PIL import Image

from reprompt.miniature.canvas import PALETTE, Painter, jitter
from reprompt.miniature.conditions import Attributes, Conditions
from reprompt.miniature.families.family import Family

PRAISE = ("good", "great", "fun", "nice", "superb", "lovely", "best", "joy")
BLAME = ("bad", "awful", "dull", "poor", "worst", "boring", "sad", "ugly")
INKS = ("black", "blue", "red", "green", "brown")
TYPEFACES = ("DejaVuSans", "DejaVuSerif", "DejaVuSans-Bold")


def draw(image: Image.Image, concept: str, rng: Random, conditions: Conditions) -> Attributes:
    """Write `conditions.lines`, or else the bare word."""
    lines = conditions.lines or (concept,)
    for i, line in enumerate(lines):
        x = 0.5 + rng.uniform(-0.04, 0.04)
        y = 0.5 + (i - (len(lines) - 1) / 2) * 0.3 + rng.uniform(-0.03, 0.03)
        fitting = min(0.5, 1.35 / max(len(line), 3))
        pen = Painter(image, x, y, fitting * rng.uniform(0.85, 1), rng.gauss(0, 0.02))
        ink = conditions.ink or jitter(PALETTE[rng.choice(INKS)], rng)
        pen.text(line, ink, 1.0, rng.choice(TYPEFACES))
    return Attributes()


WORDS = Family("words", "wrd", PRAISE + BLAME, draw, share=18, backgrounds=("plain", "wall", "sand"))
