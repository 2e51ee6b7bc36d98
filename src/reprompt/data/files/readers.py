"""Which reader lists which task: a function of the data set's folder below the data root."""

from pathlib import Path

from reprompt.data.files import coop, imagenet
from reprompt.data.files.listing import Reader
from reprompt.data.files.targets import NAMES, TARGETS

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


def read_beside(task: str) -> tuple[Path, ...]:
    """What the reader of a task reads that does not lie in the data set's folder: the names of its classes."""
    return (NAMES,) if task in TARGETS else ()
