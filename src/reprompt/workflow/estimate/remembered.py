"""What was traced once is not traced again until code or PyTorch change: a file beside the runs, and no PyTorch.

It is written every half minute and at the end: at scale paper the first estimate takes long, and may be stopped.
"""

import atexit
import json
import time
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from pathlib import Path

from reprompt.cells.members import AXES, members
from reprompt.foundation.atomic import write_text
from reprompt.foundation.code import code_hash
from reprompt.foundation.digests import canonical, digest_of_text

FILE = Path(".reprompt/traces.json")
EVERY = 30.0  # seconds between two writings
ENTRIES = ("workflow.estimate.steps", "workflow.estimate.trace", "workflow.estimate.architecture")


class Notebook:
    """Answers by question, read from a file and written to it now and then and at the end, if there are new ones."""

    def __init__(self, file: Path, code: str):
        self.file, self.code, self.answers, self.is_new = file.resolve(), code, {}, False
        self.written = time.monotonic()
        try:
            written = json.loads(self.file.read_text())
            self.answers = written["answers"] if written["code"] == code else {}
        except (OSError, ValueError, KeyError, TypeError):
            pass

    def answer(self, question: list, find: Callable[[], list[float]]) -> list[float]:
        """What was found before, or is now. A question is canonical JSON."""
        key = digest_of_text(canonical(question))
        if key not in self.answers:
            self.answers[key] = find()
            if not self.is_new:
                atexit.register(self.write)
            self.is_new = True
            if time.monotonic() - self.written > EVERY:
                self.write()
        return self.answers[key]

    def write(self) -> None:
        """Keep the answers; a folder that cannot be written to keeps none."""
        self.written = time.monotonic()
        try:
            write_text(self.file, json.dumps({"code": self.code, "answers": self.answers}) + "\n")
        except OSError:
            return


@cache
def notebook() -> Notebook:
    """That of this project, for the code and the PyTorch at hand."""
    modules = (f"{folder}.{name}" for axis, folder in AXES.items() for name in members(axis))
    return Notebook(FILE, f"{code_hash((*ENTRIES, *modules))} {version('torch')} {version('open_clip_torch')}")
