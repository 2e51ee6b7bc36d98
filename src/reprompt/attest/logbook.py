"""What was compared, piece by piece as it is finished: results/<scale>/attested.jsonl.

An interrupted attest goes on from it: what agreed between two hashes of code is not compared again.

{"from": commit, "to": commit, "code": [old, new], "piece": "few_shot/coop/ViT-B-16/part1: dtd, 1 to 16 shots",
 "numbers": 1520, "agreed": true, "first": null, "executed": [...], "machine": "AMD EPYC, ...", "seconds": 21.4}
"""

import json
import time
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from reprompt.attest.comparing import Compared

Line = dict[str, Any]


class Logbook:
    """The pieces that were compared."""

    def __init__(self, root: Path) -> None:
        """`root` is `results/<scale>`."""
        self.path = root / "attested.jsonl"
        self.lines: list[Line] = (
            [json.loads(line) for line in self.path.read_text().splitlines()] if self.path.exists() else []
        )

    def agreed(self, piece: str, old: str, new: str) -> bool:
        """Whether a piece was compared between two hashes of code, and agreed."""
        wanted = (piece, [old, new], True)
        return any((line["piece"], line["code"], line["agreed"]) == wanted for line in self.lines)

    def difference(self, job: str, old: str, new: str) -> str | None:
        """Where a piece of a job differs between two hashes of code, by the last look at each piece, or None."""
        of_job = (line for line in self.lines if line["piece"] == job or line["piece"].startswith(f"{job}: "))
        last = {line["piece"]: line for line in of_job if line["code"] == [old, new]}
        return next((line["first"] for line in last.values() if not line["agreed"]), None)

    def executed(self, since: str) -> set[str]:
        """Which changes since a commit were executed by samples that agreed; a key holds its function's text."""
        return {key for line in self.lines if line["agreed"] and line["from"] == since for key in line["executed"]}

    def add(
        self,
        commits: tuple[str, str],
        code: tuple[str, str],
        piece: str,
        compared: Compared,
        started: float,
        executed: Iterable[str] = (),
    ) -> None:
        """Write down a piece. `started` is of `time.monotonic`, `executed` which changes ran since the last one."""
        line = {
            **dict(zip(("from", "to"), commits, strict=True)),
            "code": list(code),
            "piece": piece,
            "numbers": compared.numbers,
            "agreed": not compared.first,
            "first": compared.first,
            "executed": sorted(executed),
            "machine": machine(),
            "seconds": round(time.monotonic() - started, 2),
        }
        self.lines.append(line)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a") as file:
            file.write(json.dumps(line, sort_keys=True) + "\n")


@cache
def machine() -> str:
    """The machine, which decides the last bits; a sample has one thread."""
    import torch

    from reprompt.processor import machine as in_words

    torch.set_num_threads(1)
    return in_words()
