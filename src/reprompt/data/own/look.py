"""Looking at a picture once: can it be read, and what tells whether another is nearly the same.

hash        64 bits, which of the lowest 8 x 8 frequencies of the grey picture are above their median (pHash)
thumbnail   16 x 16 grey values, without their mean and of length 1
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.fft import dctn

from reprompt.data.files.listing import Item
from reprompt.data.files.pictures import UnreadablePicture, picture_of
from reprompt.data.files.rgb import Reading

FREQUENCIES, OF, THUMBNAIL = 8, 32, 16


@dataclass(frozen=True)
class Look:
    """What a picture looks like; `fault` says why it cannot be used, and then there is nothing else.

    `pixels` is a digest of all of them, the same for exact copies whatever their files.
    """

    fault: str = ""
    pixels: int = 0
    hash: int = 0
    thumbnail: np.ndarray | None = None


def look(path: Path, reading: Reading) -> Look:
    """Look at a picture. Raises an OSError where the disk does not give it."""
    try:
        picture = picture_of(Item(path, None, 0), reading)
    except (UnreadablePicture, FileNotFoundError) as fault:
        return Look(str(fault))
    grey = picture.convert("L")
    thumbnail = np.asarray(grey.resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX), np.float64).flatten()
    thumbnail -= thumbnail.mean()
    length = np.linalg.norm(thumbnail)
    pixels = hash((picture.size, picture.tobytes()))
    return Look("", pixels, _hash(grey), (thumbnail / length if length else thumbnail).astype(np.float32))


def _hash(grey: Image.Image) -> int:
    small = np.asarray(grey.resize((OF, OF), Image.Resampling.BOX), np.float64)
    low = dctn(small, norm="ortho")[:FREQUENCIES, :FREQUENCIES].flatten()
    low[0] = np.median(low[1:])  # the mean brightness says nothing
    return int.from_bytes(np.packbits(low > np.median(low)).tobytes(), "big")
