"""A bar while steps are traced: at scale paper the first estimate after a change of code takes minutes."""

import sys
from collections.abc import Iterable

from rich.console import Console
from rich.progress import track

from reprompt.cells.job import Job


def with_bar(jobs: Iterable[Job]) -> Iterable[Job]:
    """The jobs one after another, on a terminal with a bar, which goes when they are done."""
    console = Console(stderr=True)
    return track([*jobs], "Tracing steps", console=console, transient=True, disable=not sys.stderr.isatty())
