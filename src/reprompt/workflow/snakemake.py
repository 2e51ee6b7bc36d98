"""Snakemake as other commands call it, and what it says while it runs: events of its logger plugin, not text.

The plugin is `snakemake_logger_plugin_reprompt`, beside this package. Snakemake's own words go to a log for people.
"""

import ctypes
import json
import os
import signal
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reprompt.foundation import devices
from reprompt.planning.plan import Plan

SNAKEMAKE = (sys.executable, "-m", "snakemake")
PLUGIN = Path(__file__).parents[2]  # where the plugin lies, for a Python that would not find it
TUNING = ("tune", "tune_and_keep", "tune_and_pass_on")  # the rules whose jobs are the plan's


@dataclass(frozen=True)
class Started:
    """A job that Snakemake has started, or in a dry run would start."""

    step: str
    rule: str
    wildcards: Mapping[str, str]
    outputs: tuple[str, ...]
    command: str
    when: float  # time.monotonic, in seconds


@dataclass
class Followed:
    """What the events say so far. Steps are named by `step_name`."""

    jobs: dict[int, Started] = field(default_factory=dict)  # by Snakemake's number
    finished: list[Started] = field(default_factory=list)  # in the order in which they ended
    failed: dict[str, str] = field(default_factory=dict)  # step -> its log
    errors: list[str] = field(default_factory=list)  # Snakemake's own

    def read(self, line: bytes | str) -> None:
        """Take in one line of the plugin's file."""
        match json.loads(line):
            case {
                "event": "job",
                "job": job,
                "rule": rule,
                "wildcards": wildcards,
                "output": files,
                "command": command,
            }:
                name = step_name(rule, wildcards)
                self.jobs[job] = Started(name, rule, wildcards, tuple(files), command, time.monotonic())
            case {"event": "finished", "job": job}:
                self.finished.append(self.jobs[job])
            case {"event": "failed", "job": job, "log": log}:
                self.failed[self.jobs[job].step] = next(iter(log), "")
            case {"event": "error", "message": message}:
                self.errors.append(message)

    @property
    def running(self) -> list[Started]:
        """The jobs that have neither finished nor failed."""
        over = {job.step for job in self.finished} | self.failed.keys()
        return [job for job in self.jobs.values() if job.step not in over]


class Events:
    """The events of one call of Snakemake, read from the plugin's file as it grows."""

    def __init__(self, file: Path) -> None:
        """Start with an empty file."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
        self.file, self.place, self.followed = file, 0, Followed()

    @property
    def options(self) -> tuple[str, ...]:
        """Snakemake's, so that the events come here."""
        return ("--logger", "reprompt", "--logger-reprompt-file", str(self.file.resolve()))

    def read(self) -> Followed:
        """All that was said so far; only whole lines count."""
        with self.file.open("rb") as file:
            file.seek(self.place)
            lines = file.read().splitlines(keepends=True)
        for line in lines:
            if line.endswith(b"\n"):
                self.place += len(line)
                self.followed.read(line)
        return self.followed


def step_name(rule: str, wildcards: Mapping[str, str]) -> str:
    """The path-like name of a job, as its progress file has it: `few_shot/coop/ViT-B-16/part1`, `pretrain/RN50`."""
    return "/".join((*(() if rule in TUNING else (rule,)), *wildcards.values()))


def options(plan: Plan, pretrain: bool = False) -> list[str]:
    """Snakemake's options for a plan; on a machine with GPUs the profile that shares these out, unless one is named."""
    shared_out = ["--profile", "workstation"] if devices.found() and "SNAKEMAKE_PROFILE" not in os.environ else []
    return ["--config", f"scale={plan.scale}", *shared_out, *(["--forcerun", "pretrain"] if pretrain else [])]


def environment() -> dict[str, str]:
    """This environment, with the commands of this Python first on the path: jobs call `reprompt`."""
    return os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"}


def end_with_parent() -> None:
    """Ask Linux to end Snakemake when the driver dies, by whatever signal; it lets running jobs finish."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # 1: PR_SET_PDEATHSIG


def last_words(*texts: str) -> str:
    """The last line that says something, of the first text that has one."""
    for text in texts:
        if lines := [line.strip() for line in text.splitlines() if line.strip()]:
            return lines[-1].removeprefix("reprompt: ")
    return "no reason given"


def ends_of_logs(failed: Mapping[str, str], root: Path = Path()) -> Iterable[str]:
    """Of every failed step its name, its log and the end of that, as lines."""
    for name, log in failed.items():
        file = root / log
        tail = file.read_text(errors="replace").splitlines()[-8:] if file.is_file() else ["(it wrote no log)"]
        yield f"{name}, the end of {log}:"
        yield from (f"    {text}" for text in tail)
