"""Single things anywhere in the picture, in any colour; stands in for Caltech101, CIFAR and VOC2007.

Forty-one are drawn by hand, fifty-eight are pictographs of the DejaVu font.
"""

from random import Random

from PIL import Image

from reprompt.miniature.canvas import COLOURS, PALETTE, Painter, jitter
from reprompt.miniature.conditions import Attributes, Conditions
from reprompt.miniature.families.family import Family
from reprompt.miniature.families.silhouettes import SILHOUETTES

PICTOGRAPHS = {
    "sun": "☀",
    "cloud": "☁",
    "umbrella": "☂",
    "snowman": "☃",
    "comet": "☄",
    "star": "★",
    "telephone": "☎",
    "teacup": "☕",
    "shamrock": "☘",
    "skull": "☠",
    "crown": "♚",
    "queen": "♛",
    "castle": "♜",
    "bishop": "♝",
    "chess knight": "♞",
    "pawn": "♟",
    "heart": "♥",
    "spade": "♠",
    "club": "♣",
    "diamond": "♦",
    "hot spring": "♨",
    "music note": "♫",
    "recycling": "♻",
    "wheelchair": "♿",
    "dice": "⚄",
    "flag": "⚑",
    "hammer": "⚒",
    "anchor": "⚓",
    "swords": "⚔",
    "scales": "⚖",
    "alembic": "⚗",
    "gear": "⚙",
    "atom": "⚛",
    "lily emblem": "⚜",
    "lightning": "⚡",
    "coffin": "⚰",
    "urn": "⚱",
    "scissors": "✂",
    "airplane": "✈",
    "envelope": "✉",
    "hand": "✌",
    "pen": "✒",
    "pencil": "✏",
    "check mark": "✔",
    "cross": "✚",
    "snowflake": "❄",
    "arrow": "➔",
    "house": "⌂",
    "moon": "☾",
    "keyboard": "⌨",
    "hourglass": "⌛",
    "watch": "⌚",
    "mouse": "🐭",
    "cow": "🐮",
    "monkey": "🐵",
    "horse": "♘",
    "ram": "♈",
    "saturn": "♄",
}
NATURAL_COLOURS = {  # the other objects come in all colours
    "tree": ("green",),
    "pine": ("green",),
    "banana": ("yellow",),
    "apple": ("red", "green"),
    "elephant": ("gray",),
    "deer": ("brown",),
    "frog": ("green",),
    "sun": ("yellow", "orange"),
    "snowman": ("white", "blue"),
    "heart": ("red", "pink"),
}
SCALES = {"small": 0.23, "": 0.33, "large": 0.43}


def _position(x: float) -> str:
    if x < 0.36:
        return "on the left"
    return "on the right" if x > 0.64 else ""


def draw(image: Image.Image, concept: str, rng: Random, conditions: Conditions) -> Attributes:
    """Draw one object at `conditions.at`, or wherever it fits."""
    colour = conditions.colour or rng.choice(NATURAL_COLOURS.get(concept, COLOURS))
    paint = jitter(PALETTE[colour], rng)
    size = conditions.size or rng.choice(("", "", "small", "large"))
    scale = SCALES[size] * rng.uniform(0.9, 1.1)
    room = max(0, 0.46 - scale)
    x, y = 0.5 + rng.uniform(-room, room), 0.5 + rng.uniform(-room, room)
    if conditions.at:
        x, y = conditions.at
    pen = Painter(image, x, y, scale, rng.gauss(0, 0.15), mirrored=rng.random() < 0.5)
    if concept in SILHOUETTES:
        SILHOUETTES[concept](pen, paint)
    else:
        pen.text(PICTOGRAPHS[concept], paint, 1.9, fit=True)
    return Attributes(colour=colour, size=size, position=_position(x))


OBJECTS = Family("objects", "obj", (*SILHOUETTES, *PICTOGRAPHS), draw, share=30)
