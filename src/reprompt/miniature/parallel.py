"""Rendering on several processes."""

from collections.abc import Callable, Iterable, Iterator
from multiprocessing import Pool
from typing import TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")


def in_order(work: Callable[[Job], Result], jobs: Iterable[Job], workers: int, at_a_time: int = 1) -> Iterator[Result]:
    """Results of `work` in the order of `jobs`, from `workers` processes where there is more than one.

    A process takes `at_a_time` jobs at once.
    """
    if workers <= 1:
        yield from map(work, jobs)
        return
    with Pool(workers) as pool:
        yield from pool.imap(work, jobs, at_a_time)
