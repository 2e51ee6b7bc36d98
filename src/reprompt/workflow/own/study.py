"""A study of one task without Snakemake: the same plan, cells and store, of an experiment that no file has.

    results/<scale>/try/<task>/     splits, features, records and kept prompts of the study
    .cells                          finished cells, as of every other experiment

So what `try` has tuned `export` finds again, and an experiment in `params.yaml` with the same settings finds it too.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from reprompt.cells.job import Job
from reprompt.cells.parameters import OpenClipBackbone, Parameters
from reprompt.cells.recipes import recipe_of
from reprompt.clip.backbones import Backbone
from reprompt.clip.openai import load
from reprompt.foundation.locks import job_lock
from reprompt.planning.parameters import parse_parameters, read_parameters
from reprompt.planning.plan import Plan, make_plan
from reprompt.records.files import CELL_STORE, read_records
from reprompt.tasks.groups import members
from reprompt.training.tune import Workplace, tune_job
from reprompt.workflow.making import make_features, make_split, make_weights
from reprompt.workflow.progress import Progress
from reprompt.workflow.there import missing

TUNED, FIXED = "try", "try_fixed"  # the experiments, of methods that are tuned and of those that are not
TUNING = "few_shot"  # the block of `tuning` that methods are tuned by


@dataclass(frozen=True)
class Study:
    """Methods on one task at some shots; left out, seeds and backbone are the parameter file's."""

    task: str
    methods: tuple[str, ...]
    shots: tuple[int, ...]
    seeds: tuple[int, ...] = ()
    backbone: str = ""


@dataclass(frozen=True)
class Place:
    """Where a study is run: its parameter file and scale, and the device it is tuned on."""

    params: Path = Path("params.yaml")
    scale: str | None = None
    device: str = "cpu"


def plan_of(study: Study, place: Place) -> Plan:
    """The plan of a study. Raises ParameterError for what makes no sense, with the nearest known name."""
    raw = read_parameters(place.params)
    scale = place.scale or raw.get("scale")
    scales = raw.get("scales") or {}
    if scale in scales:
        at_scale = {key: value for key, value in (scales[scale] or {}).items() if key != "experiments"}
        raw |= {"scales": scales | {scale: at_scale}}
    raw |= {"experiments": _experiments(study)}
    parameters = parse_parameters(raw, scale, f"{study.task} by {place.params}")
    plan = make_plan(parameters, missing(parameters))
    for data_set, why in plan.missing.items():
        raise FileNotFoundError(f"{data_set}: {why}")
    return plan


def _experiments(study: Study) -> dict[str, dict[str, Any]]:
    common = {"protocol": "few_shot", "tuning": TUNING, "tasks": [study.task], "measures": ["curve"]}
    common |= {"shots": list(study.shots), "seeds": list(study.seeds)}
    common |= {"backbones": [study.backbone]} if study.backbone else {}
    tuned = [method for method in study.methods if recipe_of(method).by_steps]
    fixed = [method for method in study.methods if not recipe_of(method).by_steps]
    experiments = {TUNED: {**common, "methods": tuned, "keeps_prompts": True}, FIXED: {**common, "methods": fixed}}
    return {name: experiment for name, experiment in experiments.items() if experiment["methods"]}


@dataclass(frozen=True)
class Done:
    """What a study left: its plan and the folder with its files."""

    plan: Plan
    folder: Path

    @property
    def frame(self) -> pd.DataFrame:
        """All records."""
        return read_records([self.records(job) for job in self.plan.jobs])

    def records(self, job: Job) -> Path:
        """The records of a job; beside them its kept prompts and what it cost."""
        return self.folder / "records" / f"{job.name}.npz"

    def costs(self, job: Job) -> dict[str, Any]:
        """What a job took, on which machine."""
        return json.loads(self.records(job).with_suffix(".json").read_text())

    @property
    def splits(self) -> Path:
        """The folder of split files."""
        return self.folder / "data"


def folder_of(plan: Plan, task: str) -> Path:
    """The folder of the studies of a task."""
    return plan.root / "try" / task


def run(study: Study, plan: Plan, place: Place) -> Done:
    """Make what is missing of splits and features, tune what is missing of cells, and leave records."""
    folder = folder_of(plan, study.task)
    with _alone():
        for task in plan.labelled_tasks:
            make_split(plan, task, folder / "data" / f"{task}.json")
        for backbone in dict.fromkeys(job.backbone for job in plan.jobs):
            weights = weights_of(plan, backbone)
            features = folder / "features" / backbone
            for part, tasks in plan.parts.items():
                with Progress(f"features/{backbone}/{part}", total=len(tasks), unit="tasks") as progress:
                    files = weights, features / f"{part}.safetensors"
                    make_features(plan, backbone, part, files, place.device, progress.advance)
            loaded = load(weights, backbone)
            for job in plan.jobs:
                if job.backbone == backbone:
                    _tune(job, plan, loaded, place.device, folder)
    return Done(plan, folder)


def weights_of(plan: Plan, backbone: str) -> Path:
    """The weight file of a backbone; those of open_clip's are downloaded and converted where they are missing.

    Raises FileNotFoundError for a miniature CLIP that is not there.
    """
    path, settings = plan.root / "backbones" / f"{backbone}.safetensors", plan.parameters.backbones[backbone]
    if not path.exists() and isinstance(settings, OpenClipBackbone):
        make_weights(backbone, settings, None, path)
    if not path.exists():
        raise FileNotFoundError(
            f"{path} is missing: the weights of {backbone}; `dvc pull backbones` takes them from the repository's store"
        )
    return path


def seeds_of(parameters: Parameters, study: Study) -> Sequence[int]:
    """The seeds of a study."""
    return study.seeds or parameters.seeds


def tasks_of(study: Study) -> tuple[str, ...]:
    """The data sets that a study is about: the folds of a task that is cross-validated."""
    return members(study.task)


def _tune(job: Job, plan: Plan, backbone: Backbone, device: str, folder: Path) -> None:
    records = folder / "records" / f"{job.name}.npz"
    inputs = folder / "features" / job.backbone, folder / "data"
    with Progress(job.name, total=len(job.cells), unit="cells") as progress:
        workplace = Workplace(*inputs, CELL_STORE, records, records.with_suffix(".json"), device)
        tune_job(job, plan, backbone, workplace, progress.advance)


@contextmanager
def _alone() -> Iterator[None]:
    """On one thread, as jobs of the workflow are, so that a cell has the same bits; then as many as before."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with job_lock():
            yield
    finally:
        torch.set_num_threads(threads)
