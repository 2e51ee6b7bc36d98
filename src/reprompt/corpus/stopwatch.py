"""Seconds of each stage of a long job."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Stopwatch:
    """Times named stages; tells `advance` of each that has ended."""

    def __init__(self, advance: Callable[[int], None] = lambda stages: None) -> None:
        self.advance = advance
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the block under this name."""
        started = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - started, 2)
        self.advance(1)
