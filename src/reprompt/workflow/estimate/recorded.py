"""The estimate beside what jobs cost when they were run: the prediction's error."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from reprompt.cells.job import Job
from reprompt.planning.plan import Plan
from reprompt.workflow.estimate.memory import job_memory
from reprompt.workflow.estimate.rates import Rates
from reprompt.workflow.estimate.seconds import job_seconds, measured

MIB = 2**20
STARTING_CPU = 4.7  # CPU seconds of a process before it starts to count its own time: imports
TO_COUNT = 2.0  # seconds; shorter jobs say more of the start than of the work


@dataclass(frozen=True)
class Recorded:
    """A job as it ran and as it is predicted: seconds on the clock and of the CPU, and peak memory in MiB.

    The clock also counts what else the machine was doing.
    """

    job: Job
    seconds: float
    cpu_seconds: float
    predicted_seconds: float
    memory: float
    predicted_memory: float


@dataclass(frozen=True)
class Errors:
    """Of several jobs: their number, sums, the median of the relative errors, and the largest one of memory."""

    jobs: int
    seconds: float
    cpu_seconds: float
    predicted: float
    median_error: float
    median_cpu_error: float
    largest_memory_error: float


def recorded(plan: Plan, rates: Rates, results: Path) -> list[Recorded]:
    """Jobs of the plan whose sidecar, below `results`, says that its last run trained all of its cells."""
    jobs = []
    for job in plan.jobs:
        if costs := measured(plan, job, results):
            seconds, memory = job_seconds(plan, job, rates), job_memory(plan, job, "cpu").host / MIB
            ran = costs["seconds"], max(0.0, costs["cpu_seconds"] - STARTING_CPU)
            jobs.append(Recorded(job, *ran, seconds, costs["peak_memory_mb"], memory))
    return jobs


def errors_of(jobs: Iterable[Recorded]) -> Errors:
    """The errors of some jobs; medians only of those that ran for a few seconds, NaN where none did."""
    jobs = list(jobs)
    long = [job for job in jobs if job.seconds > TO_COUNT]
    return Errors(
        len(jobs),
        sum(job.seconds for job in jobs),
        sum(job.cpu_seconds for job in jobs),
        sum(job.predicted_seconds for job in jobs),
        _median([abs(job.predicted_seconds / job.seconds - 1) for job in long]),
        _median([abs(job.predicted_seconds / job.cpu_seconds - 1) for job in long if job.cpu_seconds > TO_COUNT]),
        max((abs(job.predicted_memory / job.memory - 1) for job in jobs), default=float("nan")),
    )


def by(jobs: list[Recorded], key: Callable[[Recorded], str]) -> dict[str, Errors]:
    """The errors of groups of jobs."""
    groups: dict[str, list[Recorded]] = {}
    for job in jobs:
        groups.setdefault(key(job), []).append(job)
    return {name: errors_of(members) for name, members in groups.items()}


def _median(values: list[float]) -> float:
    return median(values) if values else float("nan")
