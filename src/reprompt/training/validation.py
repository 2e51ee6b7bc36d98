"""Validation images, held out of a few-shot set: the checkpoint, and the groups of tasks, are chosen by them.

MVLPT section 4: "we select the best prompt checkpoint using the validation set that consists 20% splits from the
few-shot sampled training set".

R runs, N held-out images, K classes
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from reprompt.clip.params import Params
from reprompt.evaluation.images import Images
from reprompt.evaluation.measures.measure import Moment
from reprompt.evaluation.metrics import RANKING, VALIDATION, ranked, score
from reprompt.foundation.arrays import Arrays
from reprompt.learners.learner import Learner


@dataclass(frozen=True)
class HeldOut:
    """Held-out images (N,) of one task, their labels within it, (N,) or (N, K), and the columns of its classes."""

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


@torch.no_grad()
def validated(learner: Learner, params: Params, images: Images, held_out: list[list[HeldOut]]) -> list[list[Arrays]]:
    """What every run of params (R, ...) makes of its held-out images, task by task. `images` are not augmented."""
    which = [torch.from_numpy(np.concatenate([one.images for one in of_run])) for of_run in held_out]
    padded = pad_sequence(which, batch_first=True).to(images.features.device)
    at_once = learner.images_at_once or padded.shape[1]
    parts = [
        learner.forward(params, images.batch(learner.sees, torch.zeros_like(places), places)).logits
        for places in padded.split(at_once, dim=1)
    ]
    found = []
    for of_run, logits in zip(held_out, torch.cat(parts, dim=1).float().cpu(), strict=True):
        ends = np.cumsum([len(one.images) for one in of_run])
        found.append(
            [
                one.arrays(logits[end - len(one.images) : end, one.columns])
                for one, end in zip(of_run, ends, strict=True)
            ]
        )
    return found


class BestCheckpoint:
    """Keeps every run's prompt of the epoch with the highest score on its held-out images, the earliest of equals.

    The score is the mean over tasks of each task's own metric. `epochs` (R) are the runs' last epochs.
    """

    def __init__(
        self, learner: Learner, images: Images, held_out: list[list[HeldOut]], epochs: list[int], every: int
    ) -> None:
        self.learner, self.images, self.held_out, self.every = learner, images, held_out, every
        self.epochs = torch.tensor(epochs)
        self.best = [-1.0] * len(epochs)
        self.arrays: list[list[Arrays]] = [[] for _ in epochs]
        self.params: Params = {}

    def see(self, moment: Moment) -> None:
        """Look at the runs whose epoch ends with this step, if it is one of those that are looked at."""
        epoch = moment.epoch.cpu() + 1
        looked_at = moment.ends_epoch.cpu() & ((epoch % self.every == 0) | (epoch == self.epochs))
        runs = looked_at.nonzero().flatten()
        if not len(runs):
            return
        if not self.params:
            self.params = {name: tensor.clone() for name, tensor in moment.params.items()}
        of_runs = {name: tensor[runs] for name, tensor in moment.params.items()}
        held_out = [self.held_out[run] for run in runs.tolist()]
        for run, arrays in zip(runs.tolist(), validated(self.learner, of_runs, self.images, held_out), strict=True):
            scores = [score(one.metric, found) for one, found in zip(self.held_out[run], arrays, strict=True)]
            if np.mean(scores) > self.best[run]:
                self.best[run], self.arrays[run] = float(np.mean(scores)), arrays
                for name, tensor in moment.params.items():
                    self.params[name][run] = tensor[run]
