"""From a picture of any size to pixels (S, S, 3): the image pipelines of the papers' code, in PIL, which antialiases.

    CoOp, CoCoOp, ProGrad, MaPLe and MVLPT on CoOp's data    as the backbone's weights want it; views (data/views.py)
    MVLPT on ELEVATER's data                                  squashed, no views: `resize` of a card

OpenAI's weights want pictures centred, and bicubic. The same as torchvision's Resize and CenterCrop on PIL pictures and
as open_clip's own transforms, bit for bit:

    centred    open_clip's resize mode `shortest`
    squashed   `squash`
    padded     `longest`
"""

import numpy as np
from PIL import Image

from reprompt.data.preparation import Preparation

BICUBIC = Image.Resampling.BICUBIC


def prepared(picture: Image.Image, preparation: Preparation) -> np.ndarray:
    """The picture as an image tower wants it (side, side, 3), uint8."""
    resize = {"centred": centred, "squashed": squashed, "padded": padded}[preparation.resize]
    return resize(picture, preparation.side, preparation.resampling)


def centred(picture: Image.Image, size: int, resampling: Image.Resampling = BICUBIC) -> np.ndarray:
    """The shortest side resized to `size`, then the central square (size, size, 3), uint8."""
    width, height = picture.size
    longest = int(size * max(width, height) / min(width, height))
    width, height = (size, longest) if width <= height else (longest, size)
    left, top = round((width - size) / 2), round((height - size) / 2)
    resized = _resized(picture, width, height, resampling)
    return np.asarray(resized.crop((left, top, left + size, top + size)))


def squashed(picture: Image.Image, size: int, resampling: Image.Resampling = BICUBIC) -> np.ndarray:
    """The whole picture as a square (size, size, 3), uint8, whatever its aspect."""
    return np.asarray(_resized(picture, size, size, resampling))


def padded(picture: Image.Image, size: int, resampling: Image.Resampling = BICUBIC) -> np.ndarray:
    """The longest side resized to `size`, then black on both sides of the shortest: (size, size, 3), uint8."""
    ratio = max(picture.size) / size
    width, height = (max(1, round(side / ratio)) for side in picture.size)
    pixels = np.zeros((size, size, 3), np.uint8)
    left, top = (size - width) // 2, (size - height) // 2
    pixels[top : top + height, left : left + width] = np.asarray(_resized(picture, width, height, resampling))
    return pixels


def _resized(picture: Image.Image, width: int, height: int, resampling: Image.Resampling) -> Image.Image:
    return picture if picture.size == (width, height) else picture.resize((width, height), resampling)
