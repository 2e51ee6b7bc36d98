"""Many pictures at once, in threads: Pillow decodes and resizes outside Python's lock."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

import numpy as np

Given, Made = TypeVar("Given"), TypeVar("Made")
AHEAD = 16  # pieces of work per thread that wait or are done: bounds the memory that results take


def in_threads(work: Callable[[Given], Made], given: Iterable[Given], workers: int) -> Iterator[Made]:
    """The results in order. The first error ends it at once: what has not begun is not begun."""
    rest = iter(given)
    pool = ThreadPoolExecutor(workers)
    try:
        waiting = [pool.submit(work, piece) for piece in islice(rest, AHEAD * workers)]
        while waiting:
            yield waiting.pop(0).result()
            waiting += [pool.submit(work, piece) for piece in islice(rest, 1)]
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def stacked(work: Callable[[Given], np.ndarray], given: Sequence[Given], size: int, workers: int) -> np.ndarray:
    """The pixels (n, size, size, 3), uint8, that `work` makes of each."""
    pixels = np.empty((len(given), size, size, 3), np.uint8)
    for row, made in enumerate(in_threads(work, given, workers)):
        pixels[row] = made
    return pixels
