"""The driver behind `make reproduce`: restore the backbones, run what is missing, show how far it is, show the result.

Snakemake decides what has to run and writes to logs/reproduce.log; a person reads one line. However an earlier run
ended, the same command goes on where it was: jobs of a killed run are waited for, then the stale lock is removed.
"""

import ctypes
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from reprompt.foundation import locks
from reprompt.planning.plan import Plan
from reprompt.workflow import progress
from reprompt.workflow.estimate.seconds import expected_seconds

LOG = Path("logs/reproduce.log")
RESTORE_LOG = Path("logs/restore.log")
SNAKEMAKE = (sys.executable, "-m", "snakemake")
TUNING = ("tune", "tune_and_keep", "tune_and_pass_on")  # the rules whose jobs are the plan's
ROUGH_SECONDS = {"features": 40, "split": 15}  # others: 10; jobs have `reprompt estimate`'s
SECONDS_PER_PRETRAINING_STEP = 0.5


class ReproduceError(Exception):
    """What stops a run, in words for the person who started it."""


def reproduce(plan: Plan, pretrain: bool = False, cores: int | None = None) -> int:
    """Run everything that the plan misses; returns the exit code."""
    line = StatusLine()
    try:
        with locks.run_lock():
            wait_for_killed_runs(plan, line)
            if not pretrain:
                restore_backbones(plan, line)
            line.show("looking for what is missing", always=True)
            steps = missing_steps(plan, pretrain)
            if steps:
                run(plan, steps, line, pretrain, cores)
            line.close()
    except (locks.BusyError, ReproduceError) as error:
        line.close()
        print(f"reprompt: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        line.close()
        print("reprompt: stopped; the same command goes on where it was", file=sys.stderr)
        return 130
    print_result(plan, anything_ran=bool(steps))
    return 0


# Before the run


def wait_for_killed_runs(plan: Plan, line: "StatusLine") -> None:
    """Wait until nothing of an earlier run is alive, then remove what it left: Snakemake's lock and progress files."""
    while True:
        with locks.no_jobs(wait=False) as alone:
            if alone:
                progress.forget()
                if any(Path(".snakemake/locks").glob("*")):
                    call(
                        [*SNAKEMAKE, "--unlock", *options(plan)],
                        RESTORE_LOG,
                        "Snakemake could not remove its stale lock",
                    )
                return
        who = [what_is(command) for command in locks.holders(locks.JOBS_LOCK).values()]
        line.show(
            f"waiting for an earlier run in this folder to end: {', '.join(who) or 'a process of another machine'}"
        )
        time.sleep(1)


def what_is(command: str) -> str:
    """A process of the workflow in two words: its command line from the program's name on."""
    match = re.search(r"\breprompt(?:\.cli)? (\S+ [^\s-]\S*|\S+)", command)
    return match[1] if match else "Snakemake" if "snakemake" in command else command[:40]


def restore_backbones(plan: Plan, line: "StatusLine") -> None:
    """Take backbones that are missing from the store in the repository, where it has those of this scale."""
    folder = plan.root / "backbones"
    missing = [name for name in plan.backbones if not (folder / f"{name}.safetensors").exists()]
    stored = Path("dvc.lock")
    if not missing or not stored.exists() or f"path: {folder}\n" not in stored.read_text():
        return
    line.show("restoring the pre-trained backbones", always=True)
    if not Path(".git").exists():  # an unpacked archive
        Path(".dvc/config.local").write_text("[core]\n    no_scm = true\n")
    call(
        [sys.executable, "-m", "dvc", "pull", "backbones"],
        RESTORE_LOG,
        "the stored backbones could not be restored; `make reproduce PRETRAIN=1` trains them anew",
    )


# The run


@dataclass
class SnakemakeJob:
    """A job of Snakemake's: its rule, how many cells it holds, and about how long it takes."""

    rule: str
    cells: int
    seconds: float


@dataclass
class Followed:
    """What Snakemake's log says so far."""

    names: dict[str, str] = field(default_factory=dict)  # job id -> step
    started: dict[str, float] = field(default_factory=dict)  # job id -> when
    finished: set[str] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)  # step -> its log
    where: str = ""
    rule: str = ""
    wildcards: str = ""
    job: str = ""

    def read(self, line: str) -> None:
        """Take in one line of the log."""
        if match := re.match(r"(?:local)?rule (\w+):$", line):
            self.where, self.rule, self.wildcards = "start", match[1], ""
        elif match := re.match(r"Error in rule (\w+):", line):
            self.where = "error"
        elif match := re.match(r"Finished jobid: (\d+)", line):
            self.finished.add(self.names.get(match[1], ""))
        elif match := re.match(r"    jobid: (\d+)", line):
            self.job = match[1]
            if self.where == "start":
                self.names[self.job] = step_name(self.rule, "")
                self.started[self.job] = time.monotonic()
        elif match := re.match(r"    wildcards: (.*)", line):
            self.names[self.job] = step_name(self.rule, match[1])
        elif self.where == "error" and (match := re.match(r"    log: (\S+)", line)):
            self.failed[self.names.get(self.job, self.job)] = match[1]


def step_name(rule: str, wildcards: str) -> str:
    """The path-like name of a job, as its progress file has it: `few_shot/coop/ViT-B-16/part1`, `pretrain/RN50`."""
    values = [pair.partition("=")[2] for pair in wildcards.strip().split(", ") if pair]
    return "/".join(values if rule in TUNING else [rule, *values])


def missing_steps(plan: Plan, pretrain: bool) -> dict[str, SnakemakeJob]:
    """What Snakemake would run, by name."""
    dry = subprocess.run(
        [*SNAKEMAKE, "--dry-run", *options(plan, pretrain)], capture_output=True, text=True, env=environment()
    )
    if dry.returncode:
        LOG.parent.mkdir(exist_ok=True)
        LOG.write_text(dry.stdout + dry.stderr)
        raise ReproduceError(f"Snakemake cannot plan the run: {last_words(dry.stderr)}; details in {LOG}")
    steps, jobs = {}, {job.name: job for job in plan.jobs}
    for rule, block in re.findall(r"^(?:local)?rule (\w+):\n((?:    .*\n)*)", dry.stdout + dry.stderr, re.MULTILINE):
        wildcards = re.search(r"^    wildcards: (.*)", block, re.MULTILINE)
        name = step_name(rule, wildcards[1] if wildcards else "")
        cells = len(jobs[name].cells) if rule in TUNING else 0
        steps[name] = SnakemakeJob(rule, cells, rough_seconds(plan, rule, name))
    steps.pop("all", None)
    return steps


def rough_seconds(plan: Plan, rule: str, name: str) -> float:
    """About how long a step takes; only the proportions matter, the clock corrects the rest."""
    if rule in TUNING:
        return expected_seconds(plan, plan.job(name))
    if rule == "pretrain":
        steps = getattr(plan.parameters.backbones[name.partition("/")[2]], "steps", 20)
        return SECONDS_PER_PRETRAINING_STEP * steps
    return ROUGH_SECONDS.get(rule, 10)


def run(plan: Plan, steps: dict[str, SnakemakeJob], line: "StatusLine", pretrain: bool, cores: int | None) -> None:
    """Run Snakemake and show how far it is until it ends."""
    LOG.parent.mkdir(exist_ok=True)
    followed, started = Followed(), time.monotonic()
    with open(LOG, "w") as log, open(LOG) as reader:
        process = subprocess.Popen(
            [*SNAKEMAKE, *options(plan, pretrain), "--cores", str(cores or "all")],
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=environment(),
            preexec_fn=end_with_parent,
        )
        try:
            unfinished = ""
            while True:
                ended = process.poll() is not None
                *lines, unfinished = (unfinished + reader.read()).split("\n")
                for text in lines:
                    followed.read(text)
                if ended:
                    break
                line.show(describe(plan, steps, followed, time.monotonic() - started))
                time.sleep(0.5)
        except KeyboardInterrupt:  # Snakemake got it as well and ends its jobs
            line.show("stopping", always=True)
            process.wait()
            raise
    if process.returncode:
        raise ReproduceError(explain_failure(followed, process.returncode))


def describe(plan: Plan, steps: dict[str, SnakemakeJob], followed: Followed, elapsed: float) -> str:
    """`37 %  412 of 990 cells, about 410 s left | few_shot/coop/ViT-B-16/part1 60 of 90 cells, ...`."""
    running = {state.job: state for state in progress.running() if state.job in steps}
    share = {}  # of each step that is done; for one that runs, by its own count or else by the clock
    for job, name in followed.names.items():
        if name in followed.finished:
            share[name] = 1.0
        elif name in steps:
            by_clock = min(0.9, (time.monotonic() - followed.started[job]) / steps[name].seconds)
            share[name] = (running[name].done / running[name].total if name in running else 0) or by_clock
    share = {name: part for name, part in share.items() if name in steps}
    work = sum(step.seconds for step in steps.values())
    done = sum(steps[name].seconds * part for name, part in share.items()) / work
    cells = sum(step.cells for step in steps.values())
    counted = [name for name in share if name in followed.finished or name in running]
    cells_left = cells - sum(round(steps[name].cells * share[name]) for name in counted)
    started = [name for name in followed.names.values() if name in steps and name not in followed.finished]
    now = [
        f"{name} {running[name].done} of {running[name].total} {running[name].unit}" if name in running else name
        for name in started
    ]
    left = f"about {elapsed * (1 - done) / done:.0f} s left" if done > 0.01 else f"{elapsed:.0f} s so far"
    all_cells = len(plan.cells)
    return f"{done:4.0%}  {all_cells - cells_left} of {all_cells} cells, {left} | {', '.join(now) or 'starting'}"


def explain_failure(followed: Followed, code: int) -> str:
    """Which job failed and the end of its log; or what Snakemake said itself."""
    if not followed.failed:
        if code < 0:
            return f"Snakemake was ended by signal {-code}; the same command goes on where it was"
        return f"Snakemake stopped: {last_words(LOG.read_text(errors='replace'))}; details in {LOG}"
    words = [f"{len(followed.failed)} failed; all else that could run was run. The same command tries again."]
    for name, log in followed.failed.items():
        tail = Path(log).read_text(errors="replace").splitlines()[-8:] if Path(log).exists() else ["(it wrote no log)"]
        words += [f"{name}, the end of {log}:", *(f"    {text}" for text in tail)]
    return "\n".join(words)


# After the run


def print_result(plan: Plan, anything_ran: bool) -> None:
    """Where the report is, and the headline numbers."""
    print("Done." if anything_ran else "Nothing to be done: all results are up to date.")
    headline = plan.root / "headline.json"
    if headline.exists():
        import json

        from reprompt.report.headline import headline_text

        print(f"\n{headline_text(json.loads(headline.read_text()))}\n")
    print(f"Report: {(plan.root / 'report/index.html').resolve()}")


# Processes


def options(plan: Plan, pretrain: bool = False) -> list[str]:
    """Snakemake's options for a plan."""
    return ["--config", f"scale={plan.scale}", *(["--forcerun", "pretrain"] if pretrain else [])]


def environment() -> dict[str, str]:
    """This environment, with the commands of this Python first on the path: jobs call `reprompt`."""
    return os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"}


def end_with_parent() -> None:
    """Ask Linux to end Snakemake when the driver dies, by whatever signal; it lets running jobs finish."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # 1: PR_SET_PDEATHSIG


def call(command: Iterable[str], log: Path, failure: str) -> None:
    """Run a short command with its output in a log."""
    done = subprocess.run([*command], capture_output=True, text=True, env=environment())
    log.parent.mkdir(exist_ok=True)
    log.write_text(done.stdout + done.stderr)
    if done.returncode:
        raise ReproduceError(f"{failure} ({last_words(done.stderr)}; details in {log})")


def last_words(text: str) -> str:
    """The last line that says something."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].removeprefix("reprompt: ") if lines else "no reason given"


class StatusLine:
    """One line for a person: rewritten in place on a terminal, a new one every 15 seconds elsewhere."""

    def __init__(self) -> None:
        """Nothing shown yet."""
        self.terminal = sys.stdout.isatty()
        self.shown = time.monotonic() - 15
        self.last = ""

    def show(self, text: str, always: bool = False) -> None:
        """Show `text`; where lines pile up, only if the last one is old or `always`."""
        if self.terminal:
            width = shutil.get_terminal_size().columns - 1
            print(f"\r\033[K{text[:width]}", end="", flush=True)
        elif text != self.last and (always or time.monotonic() - self.shown >= 15):
            self.shown, self.last = time.monotonic(), text
            print(text, flush=True)

    def close(self) -> None:
        """Leave the terminal's line empty for what comes next."""
        if self.terminal:
            print("\r\033[K", end="", flush=True)
