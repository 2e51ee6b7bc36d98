"""How far a job is: a small file that `reprompt reproduce` reads, and a line on a terminal.

with Progress("few_shot/coop/ViT-B-16/part1", total=165, unit="cells") as progress:
    progress.advance(15)
"""

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from reprompt.foundation.atomic import write_text

FOLDER = Path(".reprompt/progress")
INTERVAL = 0.5  # seconds between two writes


@dataclass(frozen=True)
class State:
    """How far a job is."""

    job: str
    done: int
    total: int
    unit: str
    seconds_left: float | None
    device: str = ""  # what it runs on, where a run hands out devices


class Progress:
    """Counts what a job has done, and says so at most twice a second."""

    def __init__(self, job: str, total: int, unit: str = "cells", device: str = "") -> None:
        """`job` is a path-like name; `total` is in `unit`; `device` is named where a run hands out devices."""
        self.job, self.total, self.unit, self.device, self.done = job, total, unit, device, 0
        self.started = time.monotonic()
        self.written = 0.0

    def __enter__(self) -> Self:
        """Say that the job runs."""
        self.write()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Say no more: a finished job is known by its outputs."""
        self.path.unlink(missing_ok=True)
        if sys.stderr.isatty():
            print(file=sys.stderr)

    @property
    def path(self) -> Path:
        """Where this job's state lies."""
        return FOLDER / (self.job.replace("/", "-") + ".json")

    @property
    def state(self) -> State:
        """How far it is now; nobody knows how long it takes before something is done."""
        elapsed = time.monotonic() - self.started
        left = elapsed / self.done * (self.total - self.done) if self.done else None
        return State(self.job, self.done, self.total, self.unit, left, self.device)

    def advance(self, count: int = 1) -> None:
        """`count` more are done."""
        self.done += count
        if time.monotonic() - self.written >= INTERVAL or self.done >= self.total:
            self.write()

    def write(self) -> None:
        """Write the state, and on a terminal show it."""
        self.written, state = time.monotonic(), self.state
        write_text(self.path, json.dumps(state.__dict__))
        if sys.stderr.isatty():
            left = f", {state.seconds_left:.0f} s left" if state.seconds_left is not None else ""
            print(f"\r\033[K{self.job}: {self.done} of {self.total} {self.unit}{left}", end="", file=sys.stderr)
            sys.stderr.flush()


def running(folder: Path = FOLDER) -> list[State]:
    """The states of the jobs that run now, by name."""
    states = []
    for path in sorted(folder.glob("*.json")):
        try:
            states.append(State(**json.loads(path.read_text())))
        except (OSError, ValueError, TypeError):
            continue  # gone or replaced this very moment
    return states


def forget() -> None:
    """Remove what killed jobs left; only where no job is alive."""
    for path in FOLDER.glob("*"):
        path.unlink(missing_ok=True)
