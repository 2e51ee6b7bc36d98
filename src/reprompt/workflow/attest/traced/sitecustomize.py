"""Write down which of some lines a process executes. Python imports this at its start where this folder is on its path.

`REPROMPT_LINES` names a JSON file with the lines to look out for, by file; line 0 is the import of the module.
`REPROMPT_EXECUTED` names the file that gets a line `file:line` for each, the first time, from every process of a side.
Only functions that hold such lines are traced, so that all else runs as fast as ever. It works on the source of either
code, as it imports nothing of the package.
"""

import json
import os
import sys
import threading
from types import CodeType, FrameType
from typing import IO, Any


class LineTrace:
    """The lines that were not executed so far, by file."""

    def __init__(self, wanted: dict[str, list[int]], out: IO[str]) -> None:
        """`out` gets each line that is executed."""
        self.wanted = {file: set(lines) for file, lines in wanted.items()}
        self.out = out
        self.lines_of: dict[CodeType, set[int]] = {}

    def called(self, frame: FrameType, event: str, _: Any) -> Any:
        """What Python asks whenever a function is called: whether to report its lines, and to whom."""
        code = frame.f_code
        wanted = self.wanted.get(code.co_filename)
        if not wanted:
            return None
        if code.co_name == "<module>":
            self.executed(code.co_filename, 0)
        if code not in self.lines_of:
            self.lines_of[code] = {line for *_, line in code.co_lines() if line is not None}
        return self.stepped if wanted & self.lines_of[code] else None

    def stepped(self, frame: FrameType, event: str, _: Any) -> Any:
        """A line of a function that is traced."""
        self.executed(frame.f_code.co_filename, frame.f_lineno)
        return self.stepped

    def executed(self, file: str, line: int) -> None:
        """Write a line down, once."""
        wanted = self.wanted[file]
        if line in wanted:
            wanted.discard(line)
            self.out.write(f"{file}:{line}\n")
            self.out.flush()


if "REPROMPT_LINES" in os.environ:
    with open(os.environ["REPROMPT_LINES"]) as file:
        trace = LineTrace(json.load(file), open(os.environ["REPROMPT_EXECUTED"], "a"))  # noqa: SIM115 (until it ends)
    threading.settrace(trace.called)
    sys.settrace(trace.called)
