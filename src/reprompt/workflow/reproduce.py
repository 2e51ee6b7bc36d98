"""The driver behind `make reproduce`: restore the backbones, run what is missing, show each result as it is finished.

Snakemake decides what has to run and writes to logs/reproduce.log; a person reads one line that moves, and of every
table and figure two that stay. However an earlier run ended, the same command goes on where it was: jobs of a killed
run are waited for, then the stale lock is removed.
"""

import re
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from reprompt.foundation import locks
from reprompt.planning.plan import Plan
from reprompt.workflow import order, progress
from reprompt.workflow.comparison import with_stored
from reprompt.workflow.estimate.seconds import expected_seconds
from reprompt.workflow.results import announced
from reprompt.workflow.snakemake import (
    SNAKEMAKE,
    TUNING,
    Events,
    Followed,
    end_with_parent,
    ends_of_logs,
    environment,
    last_words,
    options,
)
from reprompt.workflow.status_line import StatusLine, in_words

LOG = Path("logs/reproduce.log")
RESTORE_LOG = Path("logs/restore.log")
ROUGH_SECONDS = {
    "features": 40,
    "split": 3,
    "corpus": 60,
    "corpus_of_source": 60,
}  # others: 10; jobs have `reprompt estimate`'s
SECONDS_PER_PRETRAINING_STEP = 0.5


class ReproduceError(Exception):
    """What stops a run, in words for the person who started it."""


def reproduce(plan: Plan, pretrain: bool = False, cores: int | None = None) -> int:
    """Run everything that the plan misses; returns the exit code."""
    line = StatusLine()
    try:
        with locks.run_lock():
            if page(plan).exists():
                line.say(f"A report of the results that are here already is at {page(plan)}: open it now.")
            wait_for_killed_runs(plan, line)
            if not pretrain:
                restore_backbones(plan, line)
            line.show("looking for what is missing", always=True)
            steps = missing_steps(plan, pretrain)
            if steps:
                order.write(order.priorities(plan, {name: step.seconds for name, step in steps.items()}))
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


def page(plan: Plan) -> Path:
    """The page to open."""
    return (plan.root / "report/index.html").resolve()


# Before the run


def wait_for_killed_runs(plan: Plan, line: StatusLine) -> None:
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


def restore_backbones(plan: Plan, line: StatusLine) -> None:
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


def call(command: Iterable[str], log: Path, failure: str) -> None:
    """Run a short command with its output in a log."""
    done = subprocess.run([*command], capture_output=True, text=True, env=environment())
    log.parent.mkdir(exist_ok=True)
    log.write_text(done.stdout + done.stderr)
    if done.returncode:
        raise ReproduceError(f"{failure} ({last_words(done.stderr)}; details in {log})")


# The run


@dataclass
class SnakemakeJob:
    """A job of Snakemake's: its rule, how many cells it holds, and about how long it takes."""

    rule: str
    cells: int
    seconds: float


def missing_steps(plan: Plan, pretrain: bool) -> dict[str, SnakemakeJob]:
    """What Snakemake would run, by name."""
    events = Events(LOG.with_suffix(".dry-run.jsonl"))
    dry = subprocess.run(
        [*SNAKEMAKE, "--dry-run", *events.options, *options(plan, pretrain)],
        capture_output=True,
        text=True,
        env=environment(),
    )
    said = events.read()
    if dry.returncode:
        LOG.write_text(dry.stdout + dry.stderr)
        raise ReproduceError(f"Snakemake cannot plan the run: {last_words(*said.errors, dry.stderr)}; details in {LOG}")
    jobs = {job.name: job for job in plan.jobs}
    return {
        would.step: SnakemakeJob(
            would.rule,
            len(jobs[would.step].cells) if would.rule in TUNING else 0,
            rough_seconds(plan, would.rule, would.step),
        )
        for would in said.jobs.values()
        if would.step != "all"
    }


def rough_seconds(plan: Plan, rule: str, name: str) -> float:
    """About how long a step takes; only the proportions matter, the clock corrects the rest."""
    if rule in TUNING:
        return expected_seconds(plan, plan.job(name))
    if rule == "pretrain":
        steps = getattr(plan.parameters.backbones[name.partition("/")[2]], "steps", 20)
        return SECONDS_PER_PRETRAINING_STEP * steps
    return ROUGH_SECONDS.get(rule, 10)


def run(plan: Plan, steps: dict[str, SnakemakeJob], line: StatusLine, pretrain: bool, cores: int | None) -> None:
    """Run Snakemake, show how far it is until it ends, and every table and figure when it is finished."""
    events, said = Events(LOG.with_suffix(".jsonl")), 0
    with open(LOG, "w") as log:
        process = subprocess.Popen(
            [*SNAKEMAKE, *events.options, *options(plan, pretrain), "--cores", str(cores or "all")],
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=environment(),
            preexec_fn=end_with_parent,
        )
        try:
            while True:
                ended = process.poll() is not None
                followed = events.read()
                for job in followed.finished[said:]:
                    if lines := announced(plan, job):
                        line.say(lines)
                said = len(followed.finished)
                if ended:
                    break
                line.show(*describe(plan, steps, followed))
                time.sleep(0.5)
        except KeyboardInterrupt:  # Snakemake got it as well and ends its jobs
            line.show("stopping", always=True)
            process.wait()
            raise
    if process.returncode:
        raise ReproduceError(explain_failure(followed, process.returncode))


def describe(plan: Plan, steps: Mapping[str, SnakemakeJob], followed: Followed) -> tuple[str, float]:
    """`37 %  412 of 990 cells, about 12 min left | few_shot/coop/ViT-B-16/part1 60 of 90 cells, ...`, and the share."""
    now = time.monotonic()
    elapsed = now - min((job.when for job in followed.jobs.values()), default=now)
    states = {state.job: state for state in progress.running()}
    running = [job for job in followed.running if job.step in steps]
    share = {job.step: 1.0 for job in followed.finished if job.step in steps}  # of each step that is done
    for job in running:  # by its own count, or else by the clock
        state, by_clock = states.get(job.step), (now - job.when) / steps[job.step].seconds
        share[job.step] = (state.done / state.total if state else 0) or min(0.9, by_clock)
    work = sum(step.seconds for step in steps.values())
    done = sum(steps[name].seconds * part for name, part in share.items()) / work
    uncounted = {job.step for job in running} - states.keys()  # by the clock, which counts no cells
    cells_left = sum(step.cells for step in steps.values())
    cells_left -= sum(round(steps[name].cells * part) for name, part in share.items() if name not in uncounted)
    at_work = [_at_work(job.step, states.get(job.step)) for job in running]
    left = f"about {in_words(elapsed / done * (1 - done))} left" if done > 0.01 else "no telling yet how long"
    cells, other = len(plan.cells), "finishing" if followed.finished else "starting"
    return f"{done:4.0%}  {cells - cells_left} of {cells} cells, {left} | {', '.join(at_work) or other}", done


def _at_work(step: str, state: progress.State | None) -> str:
    """`few_shot/coop/ViT-B-16/part1 60 of 90 cells`; where devices are shared out, on which and for how long still."""
    if state is None:
        return step
    where = f" on {state.device}" if state.device else ""
    left = f", {in_words(state.seconds_left)} left" if state.device and state.seconds_left is not None else ""
    return f"{step} {state.done} of {state.total} {state.unit}{where}{left}"


def explain_failure(followed: Followed, code: int) -> str:
    """Which job failed and the end of its log; or what Snakemake said itself."""
    if followed.failed:
        words = f"{len(followed.failed)} failed; all else that could run was run. The same command tries again."
        return "\n".join((words, *ends_of_logs(followed.failed)))
    if code < 0:
        return f"Snakemake was ended by signal {-code}; the same command goes on where it was"
    words = last_words(*reversed(followed.errors), LOG.read_text(errors="replace"))
    return f"Snakemake stopped: {words}; details in {LOG}"


# After the run


def print_result(plan: Plan, anything_ran: bool) -> None:
    """Where the report is, and the headline numbers."""
    print("Done." if anything_ran else "Nothing to be done: all results are up to date.")
    headline = plan.root / "headline.json"
    if headline.exists():
        import json

        from reprompt.report.headline import headline_text

        print(f"\n{headline_text(json.loads(headline.read_text()))}\n")
    print(f"Report: {page(plan)}")
    if beside := with_stored(plan.scale):
        print(beside)
