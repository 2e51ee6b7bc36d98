"""What a fleet reads of the results that lie there: features and splits, weights, and prompts of other jobs."""

from dataclasses import replace

from reprompt.benchmarks.conditioning.fleets import Fleet
from reprompt.clip.backbones import Backbone
from reprompt.clip.openai import load
from reprompt.evaluation.task_data import Tasks
from reprompt.planning.plan import Plan
from reprompt.records.identity import read_splits
from reprompt.training.given import Given
from reprompt.training.tune import read_given, read_tasks

META_STEPS = 40  # outer steps of meta-training, a tenth of the miniature's: it is by far the slowest


def read_for(fleet: Fleet, plan: Plan) -> tuple[Tasks, Backbone, Given]:
    """The tasks, the backbone and what else is given, as the fleet's job reads them; meta-training ends early."""
    job = fleet.reads
    backbone = load(plan.root / "backbones" / f"{job.backbone}.safetensors", job.backbone)
    splits = read_splits(job, plan.root / "data")
    tasks = read_tasks(job, plan, backbone, plan.root / "features" / job.backbone, splits)
    steps = META_STEPS if fleet.cells[0].is_meta else None
    return tasks, backbone, replace(read_given(job, plan, backbone), steps=steps)
