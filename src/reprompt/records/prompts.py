"""Tuned prompts that one job keeps for others: MVLPT's source prompts, and those that its grid evaluates on every task.

A file holds the learned tensors of a job's cells, in half precision, and says for which backbone they are.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from reprompt.cells.cell import Cell
from reprompt.clip.backbones import Backbone
from reprompt.clip.params import Params
from reprompt.foundation.arrays import Arrays
from reprompt.foundation.atomic import written_whole
from reprompt.tasks.groups import members

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
        `hand_over` mean: the mean of the source prompts of all seeds, as MVLPT's released scripts do; seed: the source
        prompt of the cell's own seed, a reading of the paper, which says nothing of it.
        """
        every = list(dict.fromkeys(seed for _, _, _, seed, _ in self.of_cells))
        from_web = any(shots == NO_SHOTS for _, shots, *_ in self.of_cells)
        wanted = replace(cell, shots=NO_SHOTS) if from_web else cell
        prompts = self._of(wanted, cell.start, [cell.seed] if cell.settings_of("start").hand_over == "seed" else every)
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


def write_prompts(path: Path, kept: Iterable[tuple[Cell, Arrays]], backbone: Backbone) -> None:
    """Write the prompts of a job's cells, with what they belong to."""
    cells, tensors = [], {}
    for number, (cell, prompt) in enumerate(kept):
        from_web = set(members("web")).intersection(cell.together)
        kept_as = replace(cell, shots=NO_SHOTS) if from_web else cell
        cells.append([getattr(kept_as, name) for name in OF_A_PROMPT])
        tensors |= {f"{number}/{name}": torch.from_numpy(np.ascontiguousarray(array)) for name, array in prompt.items()}
    about = {**made_on(backbone), "cells": cells}
    with written_whole(path) as unfinished:
        save_file(tensors, unfinished, metadata={"about": json.dumps(about, sort_keys=True)})


def read_prompts(paths: Iterable[Path], backbone: Backbone) -> Prompts:
    """The prompts of an experiment from the files of its jobs, in single precision on the CPU.

    Raises ValueError for prompts of another backbone, FileNotFoundError where a file is missing.
    """
    of_cells = {}
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(f"{path} is missing: kept prompts; the job that tunes them makes it")
        with safe_open(path, "pt") as file:
            about = json.loads(file.metadata()["about"])
            require_same_backbone(path, about, backbone)
            prompts: list[Params] = [{} for _ in about["cells"]]
            for key in file.keys():  # noqa: SIM118 (no dict)
                number, _, name = key.partition("/")
                prompts[int(number)][name] = file.get_tensor(key).float()
        of_cells |= {tuple(cell): prompt for cell, prompt in zip(about["cells"], prompts, strict=True)}
    return Prompts(of_cells)
