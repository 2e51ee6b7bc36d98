"""Tuned prompts that one job keeps for others: MVLPT's source prompts, and those that its grid evaluates on every task.

A file holds the learned tensors of a job's cells, in half precision, and says of which job and for which backbone they
are.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from reprompt.cells.cell import Cell
from reprompt.clip.backbones import Backbone
from reprompt.clip.params import Params
from reprompt.foundation.arrays import Arrays
from reprompt.foundation.damage import DamagedFileError
from reprompt.foundation.tensor_files import TensorFile, write_tensors
from reprompt.tasks.groups import members, pictures_of

OF_A_PROMPT = ("task", "shots", "tau", "seed", "swept")
NO_SHOTS = 0  # of prompts that were learned on pictures of the web


@dataclass(frozen=True)
class Prompts:
    """The prompts that an experiment kept, by what tells its cells apart."""

    of_cells: dict[tuple, Params]

    def evaluated_by(self, cell: Cell) -> Params:
        """The prompt that a cell of the transferability grid evaluates: the same task, shots and seed."""
        (prompt,) = self._of(cell, cell.task, [cell.seed])
        return prompt

    def start(self, cell: Cell) -> Params:
        """Where a cell starts: from source prompts of as many shots as it has and with the same swept settings.

        Prompts that were learned on pictures of the web have no shots, and are a start at any number.
        The prompt of the cell's source seed, or, where that is 0 (`hand_over` mean), the mean of those of all seeds, as
        MVLPT's released scripts do.
        """
        every = list(dict.fromkeys(seed for _, _, _, seed, _ in self.of_cells))
        from_web = any(shots == NO_SHOTS for _, shots, *_ in self.of_cells)
        wanted = replace(cell, shots=NO_SHOTS if from_web else cell.shots, swept=cell.swept_of_start)
        prompts = self._of(wanted, cell.start, [cell.source_seed] if cell.source_seed else every)
        return {name: torch.stack([prompt[name] for prompt in prompts]).mean(dim=0) for name in prompts[0]}

    def _of(self, cell: Cell, task: str, seeds: list[int]) -> list[Params]:
        """The prompts that were tuned on a task with these seeds, and else as the cell says; ValueError for none."""
        alike = [(task, cell.shots, cell.tau, seed, cell.swept) for seed in seeds]
        prompts = [self.of_cells[values] for values in alike if values in self.of_cells]
        if not prompts:
            wanted = zip(OF_A_PROMPT, (task, cell.shots, cell.tau, cell.seed, cell.swept), strict=True)
            words = ", ".join(f"{name} {value}" for name, value in wanted if value != "")
            raise ValueError(
                f"{cell.experiment}: no prompt was kept for {words}: add it to the experiment that makes it"
            )
        return prompts


def rounded(params: Params) -> Params:
    """Learned tensors as they are after being kept in half precision: what is evaluated is what is kept."""
    return {name: tensor.half().to(tensor.dtype) for name, tensor in params.items()}


def made_on(backbone: Backbone) -> dict[str, str]:
    """What a file of prompts says of the backbone that they were tuned on."""
    return {"backbone": backbone.name, "weights_sha256": backbone.weights_sha256}


def require_same_backbone(path: Path, about: dict, backbone: Backbone) -> None:
    """Raise ValueError for prompts that were tuned on another backbone. `about` is what their file says."""
    if about.get("weights_sha256") != backbone.weights_sha256:
        raise ValueError(
            f"{path}: tuned on the backbone {about.get('backbone', 'unknown')}, whose weights are not those of "
            f"{backbone.name}: tune it again on this backbone"
        )


def write_prompts(path: Path, job: str, kept: Iterable[tuple[Cell, Arrays]], backbone: Backbone) -> None:
    """Write the prompts of a job's cells, with what they belong to."""
    cells, tensors = [], {}
    for number, (cell, prompt) in enumerate(kept):
        from_web = set(members("web")).intersection(map(pictures_of, cell.together))
        kept_as = replace(cell, shots=NO_SHOTS) if from_web else cell
        cells.append([getattr(kept_as, name) for name in OF_A_PROMPT])
        tensors |= {f"{number}/{name}": array for name, array in prompt.items()}
    write_tensors(path, tensors, {**made_on(backbone), "job": job, "cells": cells})


def opened_prompts(path: Path, framework: str = "pt") -> TensorFile:
    """The file of a job's prompts, whose tensors are checked when they are read: `<index of its cell>/<name>`.

    One that was written before there were checksums is read as it is.
    """
    remedy = f"have it made again: snakemake --cores all --forcerun {path}"
    return TensorFile(path, remedy, framework, before="about")


def require_job(file: TensorFile, job: str) -> None:
    """Raise DamagedFileError where a file holds the prompts of another job, if it says of which."""
    if file.about.get("job", job) != job:
        raise DamagedFileError(file.path, f"it holds the prompts of {file.about['job']}", file.remedy)


def read_prompts(paths: Mapping[str, Path], backbone: Backbone) -> Prompts:
    """The prompts of an experiment from the files of its jobs, by job, in single precision on the CPU.

    Raises ValueError for prompts of another backbone, DamagedFileError for damaged ones and for those of another job,
    FileNotFoundError where a file is missing.
    """
    of_cells = {}
    for job, path in paths.items():
        if not path.exists():
            raise FileNotFoundError(f"{path} is missing: kept prompts; the job that tunes them makes it")
        file = opened_prompts(path)
        require_same_backbone(path, file.about, backbone)
        require_job(file, job)
        prompts: list[Params] = [{} for _ in file.about["cells"]]
        for key in file.names:
            number, _, name = key.partition("/")
            prompts[int(number)][name] = file[key].float()
        of_cells |= {tuple(cell): prompt for cell, prompt in zip(file.about["cells"], prompts, strict=True)}
    return Prompts(of_cells)
