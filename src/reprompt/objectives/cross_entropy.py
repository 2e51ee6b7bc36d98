"""Cross-entropy of the labels, the loss of CoOp (eq. 3 of arXiv:2109.01134, eq. 2 of ProGrad).

An image of several classes (VOC 2007) counts each by its share, as MVLPT's released code does: labels divided by their
sum, then soft cross-entropy.
"""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor

from reprompt.cells.axes import ObjectiveSettings
from reprompt.learners.output import LearnerOutput
from reprompt.objectives.batch import Batch, Objective


class Settings(ObjectiveSettings):
    """Nothing to set."""

    in_episodes = True


def of_logits(logits: Tensor, batch: Batch) -> Tensor:
    """Logits (R, B, K) and the batch's labels -> losses (R,)."""
    labels = batch.labels
    if labels.ndim == 3:
        labels = (labels / labels.sum(dim=-1, keepdim=True).clamp(min=1)).transpose(1, 2)  # padding has no class
    per_image = F.cross_entropy(logits.transpose(1, 2), labels, reduction="none")
    return (per_image * batch.weights).sum(dim=1)


def loss(output: LearnerOutput, batch: Batch) -> Tensor:
    """Mean over each run's images: (R,)."""
    return of_logits(output.logits, batch)


def objective(settings: Sequence[Settings]) -> Objective:
    """Nothing to set."""
    return loss
