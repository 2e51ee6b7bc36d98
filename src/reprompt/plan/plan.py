"""The plan: the pure function from parameters to jobs, cells, tables and figures.

Snakemake, DVC, the tables, the claims and the cost estimates read the plan; nothing else enumerates.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from reprompt.plan.cells import Cell, canonical, cells_of
from reprompt.plan.parameters import Parameters, RenderedBackbone


@dataclass(frozen=True)
class Job:
    """What one process trains and judges: one recipe under one protocol on the tasks of one part."""

    protocol: str
    recipe: str
    backbone: str
    part: str
    cells: tuple[Cell, ...]
    features_spec: str

    @property
    def name(self) -> str:
        """Its path-like name, `few_shot/coop/ViT-B-16/part1`."""
        return f"{self.protocol}/{self.recipe}/{self.backbone}/{self.part}"

    @property
    def tasks(self) -> tuple[str, ...]:
        """Its tasks, in order."""
        return tuple(dict.fromkeys(cell.task for cell in self.cells))

    @property
    def spec(self) -> str:
        """What the job's records depend on among the parameters, as one canonical JSON string."""
        settings = [[cell.task, cell.shots, cell.seed, cell.resolved] for cell in self.cells]
        return canonical({"job": self.name, "cells": settings, "features": self.features_spec})


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

    @cached_property
    def parts(self) -> dict[str, tuple[str, ...]]:
        """The tasks cut into parts of `tasks_per_job`."""
        size = self.parameters.tasks_per_job
        starts = range(0, len(self.tasks), size)
        return {f"part{n}": self.tasks[start : start + size] for n, start in enumerate(starts, 1)}

    @cached_property
    def jobs(self) -> tuple[Job, ...]:
        """The jobs, cheap protocols last."""
        return tuple(
            Job(
                protocol,
                recipe,
                backbone := self.parameters.standard_backbone,
                part,
                tuple(cell for task in tasks for cell in cells_of(self.parameters, protocol, recipe, backbone, task)),
                self.features_spec(backbone, part),
            )
            for protocol in type(self.parameters.protocols).model_fields
            for recipe in getattr(self.parameters.protocols, protocol).methods
            for part, tasks in self.parts.items()
        )

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
        rows = (
            ("prograd_table1", "table", "prograd", "Few-shot classification, average over 11 tasks", "few_shot"),
            ("prograd_table3", "table", "prograd", "Base-to-new generalisation, average over 11 tasks", "base_to_new"),
            ("prograd_figure4", "figure", "prograd", "Few-shot classification on 11 tasks", "few_shot"),
        )
        return {
            name: Output(name, kind, study, title, tuple(job.name for job in self.jobs if job.protocol == protocol))
            for name, kind, study, title, protocol in rows
        }

    @property
    def most_shots(self) -> int:
        """The largest number of shots of any protocol; validation images come after them."""
        protocols = self.parameters.protocols
        return max(shots for name in type(protocols).model_fields for shots in getattr(protocols, name).shots)

    @property
    def split_spec(self) -> str:
        """What splits and draws depend on."""
        return canonical(
            {
                "data": self.parameters.data.model_dump(),
                "tasks": self.tasks,
                "seeds": self.parameters.seeds,
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
