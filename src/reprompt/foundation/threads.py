"""Work in threads, for what spends its time outside Python's lock: decoding pictures, reading files."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Given, Made = TypeVar("Given"), TypeVar("Made")
AHEAD = 16  # pieces of work per thread that wait or are done: bounds the memory that results take


def in_threads(
    work: Callable[[Given], Made], given: Iterable[Given], workers: int, ahead: int = AHEAD
) -> Iterator[Made]:
    """The results in order. The first error ends it at once: what has not begun is not begun."""
    rest = iter(given)
    pool = ThreadPoolExecutor(workers)
    try:
        waiting = [pool.submit(work, piece) for piece in islice(rest, ahead * workers)]
        while waiting:
            yield waiting.pop(0).result()
            waiting += [pool.submit(work, piece) for piece in islice(rest, 1)]
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def read_ahead(read: Callable[[Given], Made], given: Iterable[Given]) -> Iterator[Made]:
    """The results in order, the next two made by a thread of their own while one is used."""
    return in_threads(read, given, workers=1, ahead=2)
