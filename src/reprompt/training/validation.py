"""Validation images, held out of a few-shot set: the checkpoint, and the groups of tasks, are chosen by them.

MVLPT section 4: "we select the best prompt checkpoint using the validation set that consists 20% splits from the
few-shot sampled training set".

R runs, N held-out images, K classes
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from reprompt.clip.params import Params
from reprompt.evaluation.evaluate import Logits, evaluate
from reprompt.evaluation.images import EvaluationBatch, Images
from reprompt.evaluation.measures.measure import TrainingState
from reprompt.evaluation.metrics import RANKING, VALIDATION, ranked, score
from reprompt.foundation.arrays import Arrays
from reprompt.learners.learner import Learner


@dataclass(frozen=True)
class HeldOut:
    """Held-out images (N,) of one task, their labels within it, (N,) or (N, K), and the columns of its classes.

    `images` are indices among the training images of all tasks, `columns` among the classes of all tasks.
    """

    task: str
    metric: str
    images: np.ndarray
    labels: np.ndarray
    columns: slice

    def arrays(self, logits: Tensor) -> Arrays:
        """What a record stores of logits (N, K) of the task's classes."""
        if self.metric in RANKING:
            return ranked(logits.softmax(dim=-1).numpy(), self.labels)
        return {"predictions": logits.argmax(dim=-1).numpy(), "targets": self.labels}


def stored(arrays: Arrays) -> Arrays:
    """Arrays of validation images under the names that they have in a record."""
    return {f"{VALIDATION}{name}": array for name, array in arrays.items()}


def validated(learner: Learner, params: Params, images: Images, held_out: list[list[HeldOut]]) -> list[list[Arrays]]:
    """What every run of params (R, ...) makes of its held-out images, task by task. `images` are not augmented.

    `held_out` is a list of tasks for every run; runs may hold out different numbers of images.
    """
    indices_of_runs = [torch.from_numpy(np.concatenate([task.images for task in tasks])) for tasks in held_out]
    padded = pad_sequence(indices_of_runs, batch_first=True).to(images.features.device)
    batches = (
        EvaluationBatch(images.batch(learner.sees, torch.zeros_like(indices), indices), indices)
        for indices in padded.split(learner.images_at_once or padded.shape[1], dim=1)
    )
    logits = Logits()
    evaluate(learner, params, batches, [logits])
    return [
        [task.arrays(rows[:, task.columns]) for task, rows in zip(tasks, _by_task(logits_of_run, tasks), strict=True)]
        for tasks, logits_of_run in zip(held_out, logits.joined.float().cpu(), strict=True)
    ]


def _by_task(logits: Tensor, tasks: list[HeldOut]) -> Sequence[Tensor]:
    """Logits (N, K) of a run's held-out images, padding last, cut into those of its tasks."""
    sizes = [len(task.images) for task in tasks]
    return logits[: sum(sizes)].split(sizes)


class BestCheckpoint:
    """Keeps every run's prompt of the epoch with the highest score on its held-out images, the earliest of equals.

    The score, in percent, is the mean over tasks of each task's own metric. `epochs` (R) are the runs' last epochs;
    `params`, each (R, ...), are the best tensors so far and `arrays` what these made of the held-out images.
    """

    def __init__(
        self, learner: Learner, images: Images, held_out: list[list[HeldOut]], epochs: list[int], every: int
    ) -> None:
        self.learner, self.images, self.held_out, self.every = learner, images, held_out, every
        self.epochs = torch.tensor(epochs)
        self.best = [-1.0] * len(epochs)
        self.arrays: list[list[Arrays]] = [[] for _ in epochs]
        self.params: Params = {}

    def after_step(self, state: TrainingState) -> None:
        """Look at the runs whose epoch ends with this step, if it is one of those that are looked at."""
        epoch = state.epoch.cpu() + 1
        looked_at = state.ends_epoch.cpu() & ((epoch % self.every == 0) | (epoch == self.epochs))
        runs = looked_at.nonzero().flatten()
        if not len(runs):
            return
        if not self.params:
            self.params = {name: tensor.clone() for name, tensor in state.params.items()}
        params = {name: tensor[runs] for name, tensor in state.params.items()}
        held_out = [self.held_out[run] for run in runs.tolist()]
        for run, arrays in zip(runs.tolist(), validated(self.learner, params, self.images, held_out), strict=True):
            scores = [score(task.metric, of_task) for task, of_task in zip(self.held_out[run], arrays, strict=True)]
            if np.mean(scores) > self.best[run]:
                self.best[run], self.arrays[run] = float(np.mean(scores)), arrays
                for name, tensor in state.params.items():
                    self.params[name][run] = tensor[run]

    def state(self) -> dict:
        """The best so far: scores, tensors, and what these made of the held-out images."""
        arrays = [
            [{name: torch.from_numpy(array) for name, array in of_task.items()} for of_task in of_run]
            for of_run in self.arrays
        ]
        return {"best": self.best, "params": self.params, "arrays": arrays}

    def resume(self, state: dict) -> None:
        """Go on from the best of before."""
        device = self.images.features.device
        self.best, self.params = state["best"], {name: tensor.to(device) for name, tensor in state["params"].items()}
        self.arrays = [
            [{name: tensor.numpy() for name, tensor in of_task.items()} for of_task in of_run]
            for of_run in state["arrays"]
        ]
