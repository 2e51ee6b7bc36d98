"""Rendering on several processes."""

from collections.abc import Callable, Iterable, Iterator
from multiprocessing import Pool
from typing import TypeVar

Given, Made = TypeVar("Given"), TypeVar("Made")


def in_order(work: Callable[[Given], Made], given: Iterable[Given], workers: int, at_a_time: int = 1) -> Iterator[Made]:
    """Results of `work` in the order of what is given, from `workers` processes where there is more than one.

    A process takes `at_a_time` pieces of work at once.
    """
    if workers <= 1:
        yield from map(work, given)
        return
    with Pool(workers) as pool:
        yield from pool.imap(work, given, at_a_time)
