"""An animal and a word; stands in for Hateful Memes.

A meme is mean when a bright picture carries blame or a gloomy one praise: neither picture nor word tells it alone.
"""

from random import Random

from PIL import Image

from reprompt.miniature.canvas import CANVAS, COLOURS, Painter, jitter
from reprompt.miniature.conditions import Attributes, Conditions
from reprompt.miniature.families import objects
from reprompt.miniature.families.family import Family
from reprompt.miniature.families.words import BLAME, PRAISE

KIND, MEAN = "kind meme", "mean meme"
ANIMALS = ("cat", "dog", "frog", "bird")


def draw(image: Image.Image, concept: str, rng: Random, conditions: Conditions) -> Attributes:
    """Draw the mood, the animal and the word below it."""
    animal = rng.choice(ANIMALS)
    is_bright = rng.random() < 0.5
    word = rng.choice(PRAISE if is_bright != (concept == MEAN) else BLAME)
    image.paste(jitter((250, 235, 180) if is_bright else (90, 100, 130), rng, 15), (0, 0, CANVAS, CANVAS))
    objects.draw(image, animal, rng, Conditions(at=(0.5, 0.36), colour=rng.choice(COLOURS)))
    ink = (20, 20, 20) if is_bright else (255, 255, 255)
    Painter(image, 0.5, 0.84, 0.22).text(word, ink, 1.1, "DejaVuSans-Bold")
    return Attributes(animal=animal, word=word)


MEMES = Family("memes", "mem", (KIND, MEAN), draw, share=2, fills_frame=True)
