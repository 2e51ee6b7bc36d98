"""What was compared, piece by piece as it is finished: results/<scale>/attested.jsonl.

An interrupted attest goes on from it: what agreed between two hashes of code is not compared again.

{"from": commit, "to": commit, "code": [old, new], "piece": "few_shot/coop/ViT-B-16/part1: dtd, 1 to 16 shots",
 "numbers": 1520, "agreed": true, "first": null, "executed": [...], "machine": "AMD EPYC, ...", "seconds": 21.4}

Statements that no sample executed and that a person has read are written down too:

{"from": commit, "to": commit, "read": ["axes.py:77 in solver_rounds: return 0.0", ...], "because": "estimates"}
"""

import json
import time
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from reprompt.workflow.attest.comparing import Compared
from reprompt.workflow.attest.stale import Made

LogLine = dict[str, Any]


class Logbook:
    """The pieces that were compared."""

    def __init__(self, root: Path, commit: str) -> None:
        """`root` is `results/<scale>`, `commit` that of today's code."""
        self.path, self.commit = root / "attested.jsonl", commit
        lines = map(json.loads, self.path.read_text().splitlines() if self.path.exists() else ())
        self.lines: list[LogLine] = [line for line in lines if "piece" in line]

    def agreed(self, job: Made, piece: str) -> bool:
        """Whether a piece of a job was compared between the code that made it and today's, and agreed."""
        wanted = (piece, [job.before, job.now], True)
        return any((line["piece"], line["code"], line["agreed"]) == wanted for line in self.lines)

    def difference(self, job: Made) -> str | None:
        """Where a piece of a job differs between its two codes, by the last look at each piece, or None."""
        of_job = (line for line in self.lines if line["piece"] == job.name or line["piece"].startswith(f"{job.name}: "))
        last = {line["piece"]: line for line in of_job if line["code"] == [job.before, job.now]}
        return next((line["first"] for line in last.values() if not line["agreed"]), None)

    def executed(self, since: str) -> set[str]:
        """Which changes since a commit were executed by samples that agreed; a key holds its function's text."""
        return {key for line in self.lines if line["agreed"] and line["from"] == since for key in line["executed"]}

    def add(
        self, job: Made, piece: str, compared: Compared, started: float = 0.0, executed: Iterable[str] = ()
    ) -> None:
        """Write down a piece. `started` is of `time.monotonic`, `executed` which changes ran since the last one."""
        line = {
            "from": job.since,
            "to": self.commit,
            "code": [job.before, job.now],
            "piece": piece,
            "numbers": compared.numbers,
            "agreed": not compared.first,
            "first": compared.first,
            "executed": sorted(executed),
            "machine": machine(),
            "seconds": round(time.monotonic() - started, 2),
        }
        self.lines.append(line)
        self._write(line)

    def add_reading(self, since: str, statements: Sequence[str], because: str) -> None:
        """Write down what changed since a commit that no sample executed, and why it changes no number."""
        self._write({"from": since, "to": self.commit, "read": list(statements), "because": because})

    def _write(self, line: LogLine) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a") as file:
            file.write(json.dumps(line, sort_keys=True) + "\n")


@cache
def machine() -> str:
    """The machine, which decides the last bits; a sample has one thread."""
    import torch

    from reprompt.foundation.processor import machine as in_words

    torch.set_num_threads(1)
    return in_words()
