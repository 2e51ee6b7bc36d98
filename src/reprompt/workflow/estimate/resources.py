"""What SLURM is asked for, job by job: a small file that `reprompt estimate --write` makes and the rules read.

Where there is no such file, or it does not know a job, the rules' own numbers hold. This module is read by Snakemake in
every job it starts, so it imports nothing heavy.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reprompt.foundation.atomic import write_text

if TYPE_CHECKING:
    from reprompt.workflow.estimate.costs import Cost

MEMORY_MARGIN, MEMORY_STEP = 1.25, 500  # predicted memory is right to 20 %; asked for in whole steps of MB
TIME_MARGIN, LEAST_MINUTES = 3.0, 15  # nodes differ, and share their disks
MB = 1e6


@dataclass(frozen=True)
class Resources:
    """`mem_mb`, `runtime` in minutes and `gpu` of jobs, by rule and name."""

    of_rules: dict[str, dict[str, dict[str, int]]]

    @classmethod
    def read(cls, path: Path) -> "Resources":
        """What a file says; nothing where there is none. ValueError for a file that is not one of these."""
        if not path.exists():
            return cls({})
        try:
            return cls(json.loads(path.read_text())["rules"])
        except (ValueError, KeyError, TypeError):
            raise ValueError(
                f"{path}: not what `reprompt estimate --write` writes: write it again or delete it"
            ) from None

    def of(self, rule: str, name: str, resource: str, default: int, attempt: int = 1) -> int:
        """A resource of a job, more of memory and time at every further attempt; `default` where nothing is known."""
        asked = self.of_rules.get(rule, {}).get(name, {}).get(resource, default)
        return asked if resource == "gpu" else asked * attempt


def write_resources(path: Path, costs: "list[Cost]", about: str) -> None:
    """Write what jobs are to ask for, with margins; `about` says where the estimate is from."""
    rules: dict[str, dict[str, dict[str, int]]] = {}
    for cost in costs:
        rules.setdefault(cost.rule, {})[cost.name] = asked_for(cost)
    write_text(path, json.dumps({"about": about, "rules": rules}, indent=1, sort_keys=True) + "\n")


def asked_for(cost: "Cost") -> dict[str, int]:
    """Memory, minutes and GPUs to ask for."""
    steps = -(-MEMORY_MARGIN * cost.memory.host / MB // MEMORY_STEP)
    minutes = max(LEAST_MINUTES, -(-TIME_MARGIN * cost.seconds // 60))
    return {"mem_mb": int(steps * MEMORY_STEP), "runtime": int(minutes), "gpu": int(cost.gpu)}
