"""From a picture of any size to pixels (S, S, 3): the image pipelines of the papers' code, in PIL, which antialiases.

    CoOp, CoCoOp, ProGrad, MaPLe and MVLPT on CoOp's data    centred, and views (data/views.py)
    MVLPT on ELEVATER's data                                  squashed, no views: `resize` of a card

The same as torchvision's Resize and CenterCrop on PIL pictures, bit for bit.
"""

import numpy as np
from PIL import Image

BICUBIC = Image.Resampling.BICUBIC


def centred(picture: Image.Image, size: int) -> np.ndarray:
    """The shortest side resized to `size`, then the central square (size, size, 3), uint8."""
    width, height = picture.size
    longest = int(size * max(width, height) / min(width, height))
    width, height = (size, longest) if width <= height else (longest, size)
    left, top = round((width - size) / 2), round((height - size) / 2)
    resized = picture if picture.size == (width, height) else picture.resize((width, height), BICUBIC)
    return np.asarray(resized.crop((left, top, left + size, top + size)))


def squashed(picture: Image.Image, size: int) -> np.ndarray:
    """The whole picture as a square (size, size, 3), uint8, whatever its aspect."""
    return np.asarray(picture if picture.size == (size, size) else picture.resize((size, size), BICUBIC))
