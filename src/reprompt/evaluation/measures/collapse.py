"""How far text and image features are from one simplex: what NPT's Delta_LCD and Delta_MID are means of.

R runs, B images of a batch, N images of the test set, K classes, E joint width
"""

import numpy as np
import torch

from reprompt.cells.cell import Cell, TestSet
from reprompt.clip.backbones import Backbone
from reprompt.evaluation.images import EvaluationBatch
from reprompt.evaluation.task_data import TaskData
from reprompt.foundation.arrays import Arrays
from reprompt.learners.output import LearnerOutput


def evaluation_hook(cells: list[Cell], test: TestSet, data: TaskData, backbone: Backbone) -> "Cosines":
    """The hook of a fleet on a test set."""
    return Cosines(len(cells), len(data.split.classes(test.split)))


class Cosines:
    """`text_cosines` (K (K - 1) / 2,): <g_i, g_j> for i < j, averaged over images where classes differ by image.

    `own_cosines` (K,): <z, g_y> averaged over the images of each class.
    """

    def __init__(self, runs: int, classes: int):
        self.pairs = torch.zeros(runs, classes, classes, dtype=torch.float64)
        self.own = torch.zeros(runs, classes, dtype=torch.float64)
        self.counts = torch.zeros(classes, dtype=torch.float64)

    def after_batch(self, output: LearnerOutput, batch: EvaluationBatch) -> None:
        """Add a batch."""
        targets = batch.targets
        images, counts = len(targets), torch.bincount(targets, minlength=len(self.counts))
        between = output.classes @ output.classes.transpose(-1, -2)
        between = images * between if between.ndim == 3 else between.sum(dim=1)
        own = (output.scaled_cosines / output.scale)[:, torch.arange(images), targets]
        self.pairs += between.cpu()
        self.own.index_add_(1, targets.cpu(), own.cpu().double())
        self.counts += counts.cpu()

    def cosines(self) -> list[Arrays]:
        """Both for every run, in double precision. A class without an image has no cosine of its own."""
        above = np.triu_indices(len(self.counts), 1)
        pairs, own = (self.pairs / self.counts.sum()).numpy(), (self.own / self.counts).numpy()
        return [{"text_cosines": p[above], "own_cosines": o} for p, o in zip(pairs, own, strict=True)]

    def arrays(self) -> list[Arrays]:
        """The same in half precision."""
        return [{name: array.astype(np.float16) for name, array in of_run.items()} for of_run in self.cosines()]
