"""The features themselves, for pictures of them: `class_features` (K, E) and `image_features` (N, E)."""

import torch
from torch import Tensor

from reprompt.cells.cell import Cell, TestSet
from reprompt.clip.backbones import Backbone
from reprompt.evaluation.images import EvaluationBatch
from reprompt.evaluation.task_data import TaskData
from reprompt.foundation.arrays import Arrays
from reprompt.learners.output import LearnerOutput


def evaluation_hook(cells: list[Cell], test: TestSet, data: TaskData, backbone: Backbone) -> "Features":
    """The hook of a fleet on a test set."""
    return Features()


class Features:
    """Keeps every feature in half precision; classes that differ by image (CoCoOp) are averaged."""

    def __init__(self) -> None:
        self.images: list[Tensor] = []
        self.classes: list[Tensor] = []  # summed over a batch's images

    def after_batch(self, output: LearnerOutput, batch: EvaluationBatch) -> None:
        """Add a batch."""
        runs = len(output.classes)
        self.images.append(output.images.expand(runs, -1, -1).half().cpu())
        by_image = output.classes.ndim == 4
        self.classes.append((output.classes.sum(dim=1) if by_image else len(batch.indices) * output.classes).cpu())

    def arrays(self) -> list[Arrays]:
        """Both for every run, `class_features` (K, E) and `image_features` (N, E)."""
        images = torch.cat(self.images, dim=1)
        classes = (torch.stack(self.classes).sum(dim=0) / images.shape[1]).half()
        return [
            {"class_features": c.numpy(), "image_features": i.numpy()} for c, i in zip(classes, images, strict=True)
        ]
