"""Stained tissue with scattered nuclei, and in a tumor a dark cluster of them; stands in for PatchCamelyon."""

from random import Random

from PIL import Image

from reprompt.miniature.backgrounds import clouds
from reprompt.miniature.canvas import Painter, jitter, mix
from reprompt.miniature.conditions import Attributes, Conditions
from reprompt.miniature.families.family import Family

TUMOR = "tumor tissue"
NUCLEUS = (130, 70, 150)
TUMOR_NUCLEUS = (85, 35, 115)


def _tumor(pen: Painter, conditions: Conditions, rng: Random) -> None:
    x, y = rng.uniform(-0.2, 0.2), rng.uniform(-0.2, 0.2)
    if conditions.tumor_nuclei:  # a hard case: fewer, smaller, fainter
        count, colour, across, down = conditions.tumor_nuclei, mix(TUMOR_NUCLEUS, NUCLEUS, 0.45), 0.11, 0.09
    else:
        count, colour, across, down = (8, 16), TUMOR_NUCLEUS, 0.14, 0.12
    for _ in range(rng.randint(*count)):
        pen.ellipse(
            x + rng.gauss(0, 0.22),
            y + rng.gauss(0, 0.22),
            rng.uniform(0.08, across),
            rng.uniform(0.07, down),
            jitter(colour, rng),
            angle=rng.uniform(0, 3),
            corners=8,
        )


def draw(image: Image.Image, concept: str, rng: Random, conditions: Conditions) -> Attributes:
    """Draw the stained ground, single nuclei and the cluster."""
    image.paste(clouds(jitter((235, 190, 215), rng, 14), jitter((215, 150, 190), rng, 14), rng), (0, 0))
    pen = Painter(image, scale=0.5)
    for _ in range(rng.randint(14, 30)):
        x, y = rng.uniform(-1, 1), rng.uniform(-1, 1)
        pen.ellipse(x, y, 0.07, 0.055, jitter(NUCLEUS, rng), angle=rng.uniform(0, 3), corners=8)
    if concept == TUMOR:
        _tumor(pen, conditions, rng)
    return Attributes()


TISSUE = Family("tissue", "tis", ("healthy tissue", TUMOR), draw, share=1, fills_frame=True)
