"""Many pictures at once, in threads, and pictures that are shown again and again: decoded once."""

from collections.abc import Callable, Sequence
from threading import Lock

import numpy as np
from PIL import Image

from reprompt.data.files.listing import Item
from reprompt.data.files.pictures import USUAL, picture_of
from reprompt.data.files.rgb import Reading
from reprompt.foundation.threads import Given, in_threads

ROOM = 2_000_000_000  # bytes that decoded pictures of one process take at most


def stacked(work: Callable[[Given], np.ndarray], given: Sequence[Given], size: int, workers: int) -> np.ndarray:
    """The pixels (n, size, size, 3), uint8, that `work` makes of each."""
    pixels = np.empty((len(given), size, size, 3), np.uint8)
    for row, made in enumerate(in_threads(work, given, workers)):
        pixels[row] = made
    return pixels


class Decoded:
    """Pictures at their own size, decoded once: the first that are asked for, as many as there is room for.

    A few-shot set is few pictures, each shown in another crop at every visit. None makes place for another: all are
    shown equally often, in an order by chance, so of a set that is too large the ones that came first serve as well.
    """

    def __init__(self, room: int = ROOM):
        self.room, self.kept, self.lock = room, {}, Lock()

    def picture_of(self, item: Item, reading: Reading = USUAL) -> Image.Image:
        """The picture, in RGB, not to be changed. Raises as data/files/pictures.py does."""
        at = item.path, item.member, reading
        if at in self.kept:
            return self.kept[at]
        picture = picture_of(item, reading)
        bytes_of_it = 3 * picture.width * picture.height
        with self.lock:
            if bytes_of_it <= self.room and at not in self.kept:
                self.kept[at], self.room = picture, self.room - bytes_of_it
        return picture
