"""Augmented views of training images: CLIP's random resized crop and flip, each drawn from a stream of its own."""

import math

import numpy as np
from PIL import Image

from reprompt.cells.parameters import Views
from reprompt.data.preparation import Preparation
from reprompt.foundation.streams import numpy_stream

ASPECT = (3 / 4, 4 / 3)  # width to height of a random crop, as in CLIP's and torchvision's
ATTEMPTS = 10


def augmented(
    picture: Image.Image, preparation: Preparation, settings: Views, task: str, view: int, image: str | int
) -> np.ndarray:
    """View number `view` (side, side, 3) of an image of a task; `image` is its name or number.

    It depends on nothing but these names, so views can be made one by one and in any order.
    """
    stream = numpy_stream(0, "augmented view", task, view, image)
    return random_view(picture, preparation, settings.smallest_crop, settings.flip, stream)


def random_view(
    picture: Image.Image, preparation: Preparation, smallest_crop: float, flip: float, stream: np.random.Generator
) -> np.ndarray:
    """A random crop of the picture at its own resolution, resized to (side, side, 3), uint8, and perhaps mirrored.

    In PIL, as the papers' code does it: torchvision's RandomResizedCrop and RandomHorizontalFlip bit for bit, but for
    the random numbers. The interpolation is that of the pictures as they are, as one setting of CoOp's code has it.
    """
    box = random_box(*picture.size, smallest_crop, stream)
    side = preparation.side
    view = np.asarray(picture.crop(box).resize((side, side), preparation.resampling))
    return view[:, ::-1] if stream.random() < flip else view


def random_box(width: int, height: int, smallest: float, stream: np.random.Generator) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of a random crop of `smallest` ... 1 of the area.

    Where ten tries do not fit, the largest central crop of an allowed aspect: a very long picture has no other.
    """
    for _ in range(ATTEMPTS):
        area = width * height * stream.uniform(smallest, 1)
        aspect = math.exp(stream.uniform(*map(math.log, ASPECT)))
        w, h = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if 0 < w <= width and 0 < h <= height:
            left, top = int(stream.integers(width - w + 1)), int(stream.integers(height - h + 1))
            return left, top, left + w, top + h
    return central_box(width, height)


def central_box(width: int, height: int) -> tuple[int, int, int, int]:
    """The largest central crop whose aspect is allowed."""
    w, h = width, height
    if width / height < ASPECT[0]:
        h = round(width / ASPECT[0])
    elif width / height > ASPECT[1]:
        w = round(height * ASPECT[1])
    left, top = (width - w) // 2, (height - h) // 2
    return left, top, left + w, top + h
