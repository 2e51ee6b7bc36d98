"""How long a job takes: as its last run was measured, or as predicted from traces of its steps."""

import json
from pathlib import Path

from reprompt.cells.job import Job
from reprompt.planning.plan import Plan
from reprompt.workflow.estimate.jobs import images_read, job_work
from reprompt.workflow.estimate.rates import Rates, reference
from reprompt.workflow.estimate.traced import backbone_of

STARTING = 8.0  # seconds: Python, torch and open_clip
READING_SECONDS = 0.4  # weights, splits and features of a small job
BYTES_READ_PER_SECOND = 5e8


def job_seconds(plan: Plan, job: Job, rates: Rates) -> float:
    """What the sidecar of a job's records calls seconds: without the start of Python, with reading its images.

    They were decoded once, for the features.
    """
    side = backbone_of(plan, job.backbone).architecture.side
    read = sum(images_read(plan, job)) * 3 * side**2 / BYTES_READ_PER_SECOND
    return READING_SECONDS + rates.seconds(job_work(plan, job)) + read


def measured(plan: Plan, job: Job, results: Path = Path("results")) -> dict | None:
    """The sidecar of a job's records: what its last run cost, if that trained all of the cells that it has now."""
    file = results / plan.records(job.name).relative_to("results").with_suffix(".json")
    try:
        costs = json.loads(file.read_text())
    except (OSError, ValueError):
        return None
    return costs if costs.get("trained") == costs.get("cells") == len(job.cells) else None


def expected_seconds(plan: Plan, job: Job) -> float:
    """Seconds of a job's whole process on a CPU thread: as measured, else as predicted."""
    costs = measured(plan, job)
    return STARTING + (costs["seconds"] if costs else job_seconds(plan, job, reference("cpu")))
