"""Run `reprompt` and tell which of some lines it executes: by the path of this file, on the source of either code.

    python tracing.py lines.json executed.txt sample requests.jsonl ...

`lines.json` says which lines to look out for, by file; line 0 is the import of the module. `executed.txt` gets a line
`file:line` for each, the first time. Only functions that hold such lines are traced, and they only until all are seen,
so that all else runs as fast as ever. It imports nothing of the package before that is traced.
"""

import json
import runpy
import sys
import threading
from types import CodeType, FrameType
from typing import IO, Any


class Lines:
    """The lines that were not executed so far, by file."""

    def __init__(self, wanted: dict[str, list[int]], out: IO[str]) -> None:
        """`out` gets each line that is executed."""
        self.wanted = {file: set(lines) for file, lines in wanted.items()}
        self.out = out
        self.of_code: dict[CodeType, set[int]] = {}

    def called(self, frame: FrameType, event: str, _: Any) -> Any:
        """What Python asks whenever a function is called: whether to report its lines, and to whom."""
        code = frame.f_code
        wanted = self.wanted.get(code.co_filename)
        if not wanted:
            return None
        if code.co_name == "<module>":
            self.executed(code.co_filename, 0)
        if code not in self.of_code:
            self.of_code[code] = {line for *_, line in code.co_lines() if line is not None}
        return self.stepped if wanted & self.of_code[code] else None

    def stepped(self, frame: FrameType, event: str, _: Any) -> Any:
        """A line of a function that is traced."""
        self.executed(frame.f_code.co_filename, frame.f_lineno)
        return self.stepped

    def executed(self, file: str, line: int) -> None:
        """Tell of a line, once."""
        wanted = self.wanted[file]
        if line in wanted:
            wanted.discard(line)
            self.out.write(f"{file}:{line}\n")
            self.out.flush()


def main() -> None:
    """Trace the command that the arguments name."""
    lines, out, *sys.argv[1:] = sys.argv[1:]
    sys.path.pop(0)  # this folder: its modules have names of their own
    with open(lines) as file, open(out, "a") as executed:
        trace = Lines(json.load(file), executed)
        threading.settrace(trace.called)
        sys.settrace(trace.called)
        runpy.run_module("reprompt.cli", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
