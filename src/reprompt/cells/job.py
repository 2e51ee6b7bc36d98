"""Jobs: what one process works through."""

from dataclasses import dataclass

from reprompt.cells.cell import Cell, TestSet
from reprompt.cells.recipes import in_path
from reprompt.foundation.digests import canonical

CORPUS = "corpus"


def corpus_of(source_seed: int) -> str:
    """What the corpus as clustered for a source seed is called, in files: `corpus`, `corpus.2`, ..."""
    return CORPUS if source_seed == 1 else f"{CORPUS}.{source_seed}"


def job_name(experiment: str, recipe: str, backbone: str, part: str) -> str:
    """The path-like name of a job, `few_shot/coop-prograd/ViT-B-16/part1`."""
    return f"{experiment}/{in_path(recipe)}/{backbone}/{part}"


@dataclass(frozen=True)
class Job:
    """What one process trains and evaluates: one recipe of one experiment on the tasks of one part, or a piece of that.

    `features` holds, for each part whose features it reads, what these depend on. `prompts` are the jobs whose prompts
    it starts from or evaluates, `partners` the tasks that may be trained together with its own.
    """

    experiment: str
    recipe: str
    backbone: str
    part: str
    cells: tuple[Cell, ...]
    features: tuple[tuple[str, str], ...]
    prompts: tuple[str, ...] = ()
    partners: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Its path-like name, `few_shot/coop-prograd/ViT-B-16/part1`."""
        return job_name(self.experiment, self.recipe, self.backbone, self.part)

    @property
    def reads_pixels(self) -> bool:
        """Whether images themselves are read, not their features alone."""
        inside = self.cells[0].method.by_steps and self.cells[0].learner.reads_pixels
        return inside or any("grad_cam" in cell.measures for cell in self.cells)

    @property
    def keeps_prompts(self) -> bool:
        return any(cell.keeps_prompt for cell in self.cells)

    @property
    def tests(self) -> tuple[TestSet, ...]:
        """All test sets of its cells, in order."""
        return tuple(dict.fromkeys(test for cell in self.cells for test in cell.tests))

    @property
    def tasks_read(self) -> tuple[str, ...]:
        """Every task whose images it reads or, as a partner in a group, may read."""
        trained = (task for cell in self.cells for task in cell.trained_on)
        return tuple(dict.fromkeys((*trained, *self.partners, *(test.task for test in self.tests))))

    @property
    def data_sets(self) -> dict[str, str]:
        """The data set that every task which it reads is here."""
        return {task: self.cells[0].data_set(task) for task in self.tasks_read}

    @property
    def source_seed(self) -> int:
        """The source seed whose clustering of the corpus it reads: that of cells that are trained on the corpus."""
        return next((cell.seed for cell in self.cells if CORPUS in cell.together), 1)

    def split_of(self, task: str) -> str:
        """The name of a task's split file: its data set's, and of the corpus one for every source seed."""
        return corpus_of(self.source_seed) if task == CORPUS else self.cells[0].data_set(task)

    @property
    def spec(self) -> str:
        """What the job's records depend on among the parameters, as one canonical JSON string."""
        read = {"features": self.features, "prompts": self.prompts, "partners": self.partners}
        return canonical({"job": self.name, "cells": [cell.spec for cell in self.cells], **read})
