"""The plan: the pure function from parameters to jobs, cells, tables and figures.

Snakemake, DVC, the tables, the claims and the cost estimates read the plan; nothing else enumerates.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from reprompt.plan.cells import Cell, TestSet, canonical, cells_of
from reprompt.plan.outputs import OUTPUTS
from reprompt.plan.parameters import Experiment, Parameters, RenderedBackbone


@dataclass(frozen=True)
class Job:
    """What one process trains and judges: one recipe of one experiment on the tasks of one part.

    `features` holds, for each part whose features it reads, what these depend on.
    """

    experiment: str
    recipe: str
    backbone: str
    part: str
    cells: tuple[Cell, ...]
    features: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        """Its path-like name, `few_shot/coop/ViT-B-16/part1`."""
        return f"{self.experiment}/{self.recipe}/{self.backbone}/{self.part}"

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks it trains on, in order."""
        return tuple(dict.fromkeys(cell.task for cell in self.cells))

    @property
    def tests(self) -> tuple[TestSet, ...]:
        """All test sets of its cells, in order."""
        return tuple(dict.fromkeys(test for cell in self.cells for test in cell.tests))

    @property
    def tasks_read(self) -> tuple[str, ...]:
        """Every task whose images it reads: those it trains on and those it is judged on."""
        return tuple(dict.fromkeys((*self.tasks, *(test.task for test in self.tests))))

    @property
    def spec(self) -> str:
        """What the job's records depend on among the parameters, as one canonical JSON string."""
        return canonical({"job": self.name, "cells": [cell.spec for cell in self.cells], "features": self.features})


@dataclass(frozen=True)
class Output:
    """A table or figure of a paper, and the jobs whose records it reads."""

    name: str
    kind: Literal["table", "figure"]
    study: str
    title: str
    jobs: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """Everything that the active scale comes to."""

    parameters: Parameters

    @property
    def scale(self) -> str:
        """The active scale."""
        return self.parameters.scale

    @property
    def root(self) -> Path:
        """The folder of this scale's results."""
        return Path("results") / self.scale

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks, in order."""
        return self.parameters.tasks

    @property
    def backbones(self) -> tuple[str, ...]:
        """All backbones of this scale, the standard one first."""
        standard = self.parameters.standard_backbone
        return (standard, *(name for name in self.parameters.backbones if name != standard))

    @property
    def all_tasks(self) -> tuple[str, ...]:
        """The tasks and the shifts of ImageNet that prompts are only judged on."""
        return (*self.tasks, *self.parameters.shifts)

    @cached_property
    def parts(self) -> dict[str, tuple[str, ...]]:
        """The tasks cut into parts of `tasks_per_job`; the shifts are a part of their own."""
        size = self.parameters.tasks_per_job
        starts = range(0, len(self.tasks), size)
        parts = {f"part{n}": self.tasks[start : start + size] for n, start in enumerate(starts, 1)}
        return parts | ({"shifts": self.parameters.shifts} if self.parameters.shifts else {})

    def part_of(self, task: str) -> str:
        """The part that a task belongs to."""
        return next(part for part, tasks in self.parts.items() if task in tasks)

    @cached_property
    def jobs(self) -> tuple[Job, ...]:
        """All jobs, experiment by experiment."""
        return tuple(
            self._job(experiment, recipe, backbone, part, trained_on)
            for experiment, of in self.parameters.experiments.items()
            for backbone in of.backbones or (self.parameters.standard_backbone,)
            for recipe in of.methods
            for part, tasks in self.parts.items()
            if (trained_on := [task for task in tasks if task in (of.tasks or self.tasks)])
        )

    def _job(self, experiment: str, recipe: str, backbone: str, part: str, tasks: list[str]) -> Job:
        cells = tuple(cell for task in tasks for cell in cells_of(self.parameters, experiment, recipe, backbone, task))
        read = {*tasks, *(test.task for cell in cells for test in cell.tests)}
        parts = [name for name, of_part in self.parts.items() if read.intersection(of_part)]
        features = tuple((name, self.features_spec(backbone, name)) for name in parts)
        return Job(experiment, recipe, backbone, part, cells, features)

    def job(self, name: str) -> Job:
        """The job of that name."""
        for job in self.jobs:
            if job.name == name:
                return job
        raise KeyError(f"no job {name!r} at scale {self.scale}; `reprompt plan` lists them")

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """All cells of all jobs."""
        return tuple(cell for job in self.jobs for cell in job.cells)

    @cached_property
    def outputs(self) -> dict[str, Output]:
        """The tables and figures of the papers, by name."""
        return {
            one.name: Output(one.name, one.kind, one.study, one.title, self.jobs_of(*one.experiments))
            for one in OUTPUTS
        }

    def jobs_of(self, *experiments: str) -> tuple[str, ...]:
        """The names of the jobs of some experiments; a scale may leave experiments out."""
        return tuple(job.name for job in self.jobs if job.experiment in experiments)

    @property
    def most_shots(self) -> int:
        """The largest number of shots of any experiment; validation images come after them."""
        return max(shots for experiment in self._run for shots in experiment.shots)

    @property
    def all_seeds(self) -> tuple[int, ...]:
        """The seeds of all experiments."""
        return tuple(sorted({seed for experiment in self._run for seed in experiment.seeds or self.parameters.seeds}))

    @property
    def _run(self) -> list[Experiment]:
        return [experiment for experiment in self.parameters.experiments.values() if experiment.methods]

    @property
    def split_spec(self) -> str:
        """What splits and draws depend on."""
        return canonical(
            {
                "data": self.parameters.data.model_dump(),
                "tasks": self.all_tasks,
                "seeds": self.all_seeds,
                "most_shots": self.most_shots,
            }
        )

    def pretraining_spec(self, backbone: str) -> str:
        """What the weights of a miniature backbone depend on."""
        corpus = self.parameters.corpus
        return canonical(
            {
                "backbone": self.parameters.backbones[backbone].model_dump(),
                "corpus": corpus.model_dump() if corpus else None,
            }
        )

    def features_spec(self, backbone: str, part: str) -> str:
        """What the features of a part's images depend on."""
        return canonical(
            {
                "data": self.parameters.data.model_dump(),
                "views": self.parameters.views.model_dump(),
                "tasks": self.parts[part],
                "backbone": self.pretraining_spec(backbone),
            }
        )

    def text_source(self, backbone: str) -> str | None:
        """The backbone whose frozen text tower a miniature backbone is trained against, if any."""
        settings = self.parameters.backbones[backbone]
        return settings.text_from if isinstance(settings, RenderedBackbone) else None

    def records(self, job: str) -> Path:
        """Where a job's records go."""
        return self.root / "records" / f"{job}.npz"


def make_plan(parameters: Parameters) -> Plan:
    """The plan of these parameters."""
    return Plan(parameters)
