"""Which reader lists which task: a function of the data set's folder below the data root."""

from pathlib import Path

from reprompt.data.files import coop, imagenet
from reprompt.data.files.listing import Reader
from reprompt.data.files.own import listing_of
from reprompt.data.files.targets import NAMES, TARGETS
from reprompt.tasks.card import Card

READERS: dict[str, Reader] = {
    "imagenet": imagenet.imagenet,
    "caltech101": coop.caltech101,
    "oxford_pets": coop.oxford_pets,
    "stanford_cars": coop.stanford_cars,
    "flowers102": coop.flowers102,
    "food101": coop.food101,
    "fgvc_aircraft": coop.fgvc_aircraft,
    "sun397": coop.sun397,
    "dtd": coop.dtd,
    "eurosat": coop.eurosat,
    "ucf101": coop.ucf101,
    "imagenet_v2": imagenet.imagenet_v2,
    "imagenet_sketch": imagenet.imagenet_sketch,
    "imagenet_a": imagenet.imagenet_a,
    "imagenet_r": imagenet.imagenet_r,
    **TARGETS,
}


def read_beside(card: Card) -> tuple[Path, ...]:
    """What is read of a data set that does not lie in its folder: names of classes, or the listing of one's own."""
    if card.is_own:
        return (listing_of(card),)
    return (NAMES,) if card.name in TARGETS else ()
