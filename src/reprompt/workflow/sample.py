"""A sample of what the workflow trains: some cells of a job, or the first steps of a pre-training or meta-training.

`reprompt attest` has this done by two versions of the code side by side and compares what they leave, so a later
version has to take the same requests:

    {"job": "few_shot/coop/ViT-B-16/part1", "cells": [{"task": "dtd", "shots": 1, "seed": 2, ...}, ...], "steps": 20}
    {"backbone": "ViT-B-16", "steps": 20}

one per line. A cell is given by what sets it apart within its job, `cell_in_request`. Everything is read below the
working folder, as a job of the workflow does, and written below `out`: `<job>.npz`, `<job>.safetensors` of a job that
keeps prompts, `<backbone>.safetensors`.
"""

import json
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import torch

from reprompt.cells.job import Job
from reprompt.clip.openai import load
from reprompt.planning.plan import Plan
from reprompt.training.pretrain import Pretraining, pretrain_backbone
from reprompt.training.tune import Workplace, tune_job
from reprompt.workflow.attest.sampling import cell_in_request, with_cells

PRETRAINING_THREADS = 2  # as the rule has it: the last bit depends on their number


def sample(requests: Iterable[Mapping], plan: Plan, out: Path, done: Callable[[str], None]) -> None:
    """Work through the requests in order; `done` is called with the name of each job or backbone."""
    for request in requests:
        if "backbone" in request:
            sample_pretraining(request["backbone"], plan, out, request["steps"])
        else:
            sample_job(some_of(plan.job(request["job"]), request["cells"], plan), plan, out, request.get("steps"))
        done(request.get("backbone") or request["job"])


def sample_job(job: Job, plan: Plan, out: Path, steps: int | None) -> None:
    """Train and evaluate the cells of a job, whatever is finished of them; then once more, with all of them finished.

    Prompts that the workflow does not keep are put where later requests look for them. Raises ValueError where cells
    from the store give other records.
    """
    torch.set_num_threads(1)
    records, store = out / f"{job.name}.npz", out / ".cells"
    shutil.rmtree(store, ignore_errors=True)
    weights, features = plan.root / f"backbones/{job.backbone}.safetensors", plan.root / "features" / job.backbone
    again = out / "again.npz"
    for path in (records, again):
        workplace = Workplace(features, plan.root / "data", store, path, path.with_suffix(".json"))
        tune_job(job, plan, load(weights, job.backbone), workplace, advance=lambda cells: None, steps=steps)
    if records.read_bytes() != again.read_bytes():
        raise ValueError(f"{job.name}: finished cells from the store give other records")
    if job.keeps_prompts and not plan.prompts(job.name).exists():
        plan.prompts(job.name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(records.with_suffix(".safetensors"), plan.prompts(job.name))


def some_of(job: Job, cells: Iterable[Mapping], plan: Plan) -> Job:
    """A job with some of its cells, which reads only what these need. Raises ValueError for a cell that it has not."""
    by_name = {json.dumps(cell_in_request(cell), sort_keys=True): cell for cell in job.cells}
    wanted = [json.dumps(dict(cell), sort_keys=True) for cell in cells]
    if unknown := [name for name in wanted if name not in by_name]:
        raise ValueError(f"{job.name} has no cell {unknown[0]}")
    return with_cells(plan, job, (by_name[name] for name in wanted))


def sample_pretraining(backbone: str, plan: Plan, out: Path, steps: int) -> None:
    """The first steps of a miniature backbone's pre-training; the weights that these leave."""
    torch.set_num_threads(PRETRAINING_THREADS)
    settings, text = plan.parameters.backbones[backbone], plan.text_source(backbone)
    text_from = plan.root / f"backbones/{text}.safetensors" if text else None
    pretraining = Pretraining(backbone, settings, plan.parameters.corpus, text_from)
    pretrain_backbone(
        pretraining, out / f"{backbone}.safetensors", PRETRAINING_THREADS, lambda _: None, float("inf"), steps
    )
