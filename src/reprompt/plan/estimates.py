"""How long jobs take: measured where a job has run before, otherwise a rough rule fitted on the miniature.

The rule counts steps; it was measured on one core of a 2-core machine at the miniature's width and some twenty classes,
so at other scales it only ranks jobs.
"""

import json

from reprompt.plan.plan import Job, Plan
from reprompt.plan.recipes import RECIPES, TAUGHT

SECONDS_TO_START = 10.0  # importing torch and open_clip, reading weights and features
SECONDS_PER_STEP = 0.004  # of one run within a fleet
TIMES_FOR_PIXELS = 10  # the image tower is in the loop
TIMES_FOR_TWO_GRADIENTS = 1.5
SECONDS_PER_PROBE = 0.7
SECONDS_PER_FIXED_CELL = 0.2


def rough_seconds(job: Job) -> float:
    """The rule: start-up, and a price per training step, per probe or per cell."""
    recipe = RECIPES[job.recipe]
    if recipe.gradient:
        steps = sum(cell.resolved["epochs"] * (cell.resolved["steps_per_epoch"] or cell.shots) for cell in job.cells)
        times = TIMES_FOR_PIXELS if recipe.pixels else 1
        times *= TIMES_FOR_TWO_GRADIENTS if recipe.gradient in TAUGHT else 1
        return SECONDS_TO_START + SECONDS_PER_STEP * times * steps
    return SECONDS_TO_START + len(job.cells) * (SECONDS_PER_PROBE if recipe.learned else SECONDS_PER_FIXED_CELL)


def measured_seconds(plan: Plan, job: Job) -> float | None:
    """What the job's last run took, if its sidecar says so and it trained all of its cells."""
    try:
        costs = json.loads(plan.records(job.name).with_suffix(".json").read_text())
    except (OSError, ValueError):
        return None
    return costs["seconds"] if costs.get("trained") == costs.get("cells") else None


def seconds(plan: Plan, job: Job) -> float:
    """Measured seconds of a job, else the rough rule's."""
    return measured_seconds(plan, job) or rough_seconds(job)
