"""Augmented views of training images: CLIP's random resized crop and flip, each drawn from a stream of its own."""

import math

import numpy as np
from PIL import Image

from reprompt.plan.parameters import Views
from reprompt.streams import numpy_stream

ASPECT = (3 / 4, 4 / 3)


def crop_box(width: int, height: int, smallest: float, stream: np.random.Generator) -> tuple[int, int, int, int]:
    """A box of `smallest` ... 1 of the area and an aspect of 3/4 ... 4/3, as in torchvision's RandomResizedCrop."""
    for _ in range(10):
        area = width * height * stream.uniform(smallest, 1)
        aspect = math.exp(stream.uniform(*map(math.log, ASPECT)))
        w, h = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if 0 < w <= width and 0 < h <= height:
            left, top = int(stream.integers(width - w + 1)), int(stream.integers(height - h + 1))
            return left, top, left + w, top + h
    side = min(width, height)
    return (width - side) // 2, (height - side) // 2, (width + side) // 2, (height + side) // 2


def augmented(picture: Image.Image, size: int, of: Views, task: str, view: int, image: str | int) -> np.ndarray:
    """View number `view` (size, size, 3) of an image of a task: cut out, then resized, bicubic, in PIL, as by CLIP.

    It depends on nothing but these names, so views can be made one by one and in any order.
    """
    stream = numpy_stream(0, "augmented view", task, view, image)
    cut = picture.crop(crop_box(*picture.size, of.smallest_crop, stream))
    pixels = np.asarray(cut.resize((size, size), Image.Resampling.BICUBIC))
    return pixels[:, ::-1] if stream.random() < of.flip else pixels
