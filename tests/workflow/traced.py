"""Run commands of the workflow in this process, and write what of the package each one executes and opens.

    python traced.py OUT < commands     commands and what is written: a JSON list per line

Line by line, `[number, "function", file, qualified name]` or `[number, "file", file, ""]`, the command by its number.
What runs while a module is being imported is not executed by the command. Processes that a command forks write too.
"""

import inspect
import json
import os
import sys
import threading
from pathlib import Path
from types import FrameType

import reprompt
from reprompt import cli

PACKAGE = str(Path(reprompt.__file__).parent) + os.sep
NOT_DATA = (".py", ".pyc")


class Trace:
    """What the command at hand has executed and opened so far."""

    def __init__(self, out: str):
        self.file = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.number, self.seen = -1, set()

    def start(self) -> None:
        """The next command begins."""
        self.number, self.seen = self.number + 1, set()

    def write(self, kind: str, path: str, name: str) -> None:
        """Tell of a function or file once."""
        if (path, name) not in self.seen:
            self.seen.add((path, name))
            told = [self.number, kind, path.removeprefix(PACKAGE), name]
            os.write(self.file, (json.dumps(told) + "\n").encode())

    def profile(self, frame: FrameType, event: str, _: object) -> None:
        """Called by Python at every call."""
        code = frame.f_code
        if event != "call" or not code.co_filename.startswith(PACKAGE):
            return
        if code.co_flags & inspect.CO_OPTIMIZED and not is_imported(frame):  # a function, not the body of a class
            self.write("function", code.co_filename, code.co_qualname)

    def audit(self, event: str, arguments: tuple) -> None:
        """Called by Python before it opens a file."""
        path = str(arguments[0]) if event == "open" else ""
        if path.startswith(PACKAGE) and not path.endswith(NOT_DATA):
            self.write("file", path, "")


def is_imported(frame: FrameType | None) -> bool:
    """Whether a module of the package is being imported."""
    while frame is not None:
        if frame.f_code.co_name == "<module>" and frame.f_code.co_filename.startswith(PACKAGE):
            return True
        frame = frame.f_back
    return False


if __name__ == "__main__":
    trace = Trace(sys.argv[1])
    sys.addaudithook(trace.audit)
    threading.setprofile(trace.profile)
    for line in sys.stdin.readlines():
        trace.start()
        sys.setprofile(trace.profile)
        cli.app(json.loads(line), standalone_mode=False)
        sys.setprofile(None)
