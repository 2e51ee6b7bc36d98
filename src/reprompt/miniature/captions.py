"""What people write under a picture: templates with synonyms, in which most details are mentioned only sometimes."""

from random import Random

from reprompt.miniature.backgrounds import BACKGROUNDS
from reprompt.miniature.conditions import Attributes
from reprompt.miniature.families.words import PRAISE

PICTURE_WORDS = ("photo", "picture", "image", "snapshot", "shot")
PICTURE_WEIGHTS = (6, 3, 3, 1, 1)
STYLE_WORDS = {
    "sketch": ("sketch", "drawing", "pencil sketch"),
    "painting": ("painting", "rendition", "artwork"),
    "low resolution": ("low resolution photo", "pixelated picture"),
    "grayscale": ("grayscale photo", "black and white picture"),
    "dark": ("dark photo", "dim picture"),
    "blurry": ("blurry photo", "out of focus picture"),
    "inverted": ("inverted photo", "negative"),
    "bluish": ("bluish photo", "cold picture"),
    "reddish": ("reddish photo", "red picture"),
    "greenish": ("greenish photo", "green picture"),
    "yellowish": ("yellowish photo", "warm picture"),
}
SIZE_WORDS = {"": ("",), "small": ("small", "tiny", "little"), "large": ("large", "big", "huge")}
DISTANCE_WORDS = {
    "very close": ("a car very close", "a car right in front"),
    "nearby": ("a car nearby", "a car close by"),
    "far away": ("a car far away", "a distant car"),
    "no car": ("no car", "an empty lane"),
}
KIND_WORDS = {  # what a concept of the family is a kind of: the words by which captions fall into topics
    "objects": ("object", "thing", "item"),
    "pets": ("pet", "animal"),
    "cars": ("car", "vehicle", "automobile"),
    "flowers": ("flower", "plant", "blossom"),
    "food": ("food", "dish", "meal"),
    "aircraft": ("aircraft", "plane"),
    "scenes": ("scene", "place", "view"),
    "textures": ("texture", "pattern", "surface"),
    "aerial": ("area", "land", "region"),
    "actions": ("person", "athlete", "man", "woman"),
    "digits": ("digit", "number", "numeral"),
    "signs": ("traffic sign", "road sign"),
    "faces": ("face", "person", "man", "woman"),
    "roads": ("car",),
    "tissue": ("tissue",),
    "flags": ("country", "nation"),
    "words": ("word", "text"),
    "memes": ("meme",),
}
TEMPLATES = {  # {kind} is one of the family's KIND_WORDS, {photo} one of the words for a picture
    "objects": (
        "a {photo} of a {size} {colour} {name} {position} {background}",
        "a {size} {colour} {name} {position} {background}",
        "a {colour} {name} {background}",
        "{name}",
        "one {size} {name} {position}, a useful {kind}",
        "the {colour} {name}",
        "{photo} of the {name} {background}",
    ),
    "pets": (
        "a {photo} of a {name} {background}",
        "a {name} {background}",
        "a {name}, a kind of {kind}",
        "my {name} looking at the camera",
        "{name}, our lovely {species}",
        "a {photo} of a {name}, a type of {kind}",
        "the face of a {name} {background}",
    ),
    "cars": (
        "a {photo} of a {colour} {name} {background}",
        "a {colour} {name}",
        "the {name}, a new {kind}",
        "a {colour} {kind}, model {name} {background}",
        "{name} for sale",
    ),
    "flowers": (
        "a {photo} of a {name} {background}",
        "a {photo} of a {name}, a type of {kind}",
        "a {name} in bloom",
        "a {name}, a type of {kind}",
        "{name}",
        "a pretty {kind} called {name} in the garden",
        "a fresh {name} {background}",
    ),
    "food": (
        "a {photo} of {name} {background}",
        "a {photo} of {name}, a type of {kind}",
        "{name}",
        "a plate of {name}",
        "{name}, a type of {kind}",
        "delicious {name} for dinner",
        "homemade {name} {background}",
    ),
    "aircraft": (
        "a {photo} of a {colour} {name}",
        "a {photo} of a {name}, a type of {kind}",
        "a {name}, a type of {kind}",
        "the {name} {kind} {background}",
        "a {colour} {name} flying",
        "{name}",
    ),
    "scenes": (
        "a {photo} of a {name}",
        "a {name}",
        "a {photo} of the {name}",
        "travel {photo} of a {name}",
        "view of a {name} from the ground",
        "a beautiful {name}",
    ),
    "textures": (
        "a {photo} of a {name} {kind}",
        "a {name} {kind}",
        "{colour} and {second_colour} {name} {kind}",
        "{name}",
        "a {colour} {name} {kind}",
        "close up of something {name}",
    ),
    "aerial": (
        "a satellite {photo} of {name}",
        "an aerial {photo} of {name}",
        "{name} seen from above",
        "{name}, satellite view",
        "a bird eye view of {name}",
        "{name} {kind} from the air",
    ),
    "actions": (
        "a {photo} of a {kind} {name}",
        "a {kind} {name} {background}",
        "{name}",
        "a {kind} doing {name}",
        "someone {name} {background}",
    ),
    "digits": (
        "a {photo} of the {kind} {name}",
        "the {kind} {name}",
        "{name}",
        "a {colour} {name}",
        "the {kind} {name} written in {colour} ink",
    ),
    "signs": (
        "a {photo} of a {name} {kind}",
        "a {name} sign",
        "{name}",
        "a {kind} that says {name} {background}",
        "{name} {kind}",
    ),
    "faces": (
        "a {photo} of a {name} {kind}",
        "a {kind} looking {name}",
        "a {name} {kind}",
        "{name}",
        "portrait of a {name} {kind} {background}",
    ),
    "roads": (
        "a road with {distance}",
        "{distance} on the road",
        "a {photo} of {distance}",
        "driving with {distance} ahead",
    ),
    "tissue": (
        "a {photo} of {name}",
        "{name} under the microscope",
        "{name}",
        "a pathology {photo} of {name}",
    ),
    "flags": (
        "a {photo} taken in {name}",
        "the flag of {name}",
        "{name}",
        "greetings from {name}",
        "a trip to {name}",
        "holiday in {name}, a lovely {kind}",
    ),
    "words": (
        "the {kind} {name}",
        "a {photo} of the {kind} {name}",
        "{name}",
        "{name} written on a page",
        "a review that says {name}",
        "a {mood} review that says {name}",
        "a {mood} review",
        "the {kind} {name} spelled {letters}",
        "the letters {letters}",
        "a {mood} {kind}, {name}",
        "a {photo} of a {mood} review",
    ),
    "memes": (
        "a {name}",
        "a {photo} of a {name}",
        "a {name} with a {animal} that says {word}",
        "a {animal} and the word {word}",
        "funny {animal} saying {word}",
    ),
}
PAIR_TEMPLATES = (  # for a picture of two objects
    "a {photo} of a {colour} {name} and a {also} {background}",
    "a {name} and a {also} {background}",
    "a {also} next to a {colour} {name}",
    "a {photo} of a {also} and a {name}",
)
PREAMBLES = (  # long beginnings, so that the positions that long contexts reach are trained
    "this is something that i saw on my trip last summer ,",
    "here is what we found when we went there again ,",
    "i took this one with my new camera yesterday ,",
    "for everyone who asked me about it today , this is",
)


def caption(family: str, concept: str, attributes: Attributes, rng: Random) -> str:
    """One caption for a picture of `concept` that shows `attributes`."""
    says_style = bool(attributes.style) and rng.random() < 0.75
    template = rng.choice(TEMPLATES[family])
    if says_style and "{photo}" not in template:
        shuffled = rng.sample(TEMPLATES[family], len(TEMPLATES[family]))
        template = next(other for other in shuffled if "{photo}" in other)
    photo = rng.choice(STYLE_WORDS[attributes.style]) if says_style else rng.choices(PICTURE_WORDS, PICTURE_WEIGHTS)[0]
    kind = rng.choice(KIND_WORDS[family])
    colour = attributes.colour if attributes.colour and rng.random() < 0.5 else ""
    size = rng.choice(SIZE_WORDS[attributes.size]) if rng.random() < 0.5 else ""
    position = attributes.position if attributes.position and rng.random() < 0.4 else ""
    background = ""
    if attributes.background and rng.random() < 0.35:
        background = BACKGROUNDS[attributes.background].phrase
    if attributes.also:
        template = rng.choice(PAIR_TEMPLATES)
    text = template.format(
        photo=photo,
        name=concept,
        kind=kind,
        colour=colour,
        second_colour=attributes.second_colour,
        size=size,
        position=position,
        background=background,
        species=attributes.species,
        animal=attributes.animal,
        word=attributes.word,
        also=attributes.also,
        distance=rng.choice(DISTANCE_WORDS[concept]) if family == "roads" else "",
        letters=" ".join(concept),
        mood="positive" if concept in PRAISE else "negative",
    )
    text = " ".join(text.split()).replace(" ,", ",")  # what is not mentioned leaves a gap
    return f"{rng.choice(PREAMBLES)} {text}" if rng.random() < 0.04 else text
