"""Multitask source prompts: cross-entropy over the union of all tasks' classes. MVLPT, arXiv:2211.11720, section 3.3.

`class_mask` says what happens to the classes of other tasks. "none" is plain cross-entropy over the union, the
released scripts' default. "zero" multiplies their logits by zero, as the released code does on request: they keep
weight e^0 in the softmax. "exclude" takes them out, which makes it a loss per task.
"""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from reprompt.cells.axes import ObjectiveSettings
from reprompt.learners.output import LearnerOutput
from reprompt.objectives import cross_entropy
from reprompt.objectives.batch import Batch, Objective


class Settings(ObjectiveSettings):
    """The mask, and what a batch is drawn by: `image` weighs tasks by their images, `task` equally, or `in_order`."""

    label = "multitask"
    of_several_tasks = True

    class_mask: Literal["none", "zero", "exclude"]
    sampling: Literal["image", "task", "in_order"]


def masked(logits: Tensor, allowed: Tensor, class_mask: Literal["zero", "exclude"]) -> Tensor:
    """Logits (R, B, K) with the classes of other tasks, where `allowed` is false, masked."""
    if class_mask == "zero":
        return logits * allowed
    # Finite, so that a soft label of zero costs nothing; its share of the softmax is zero all the same.
    return logits.masked_fill(~allowed, torch.finfo(logits.dtype).min)


def objective(settings: Sequence[Settings]) -> Objective:
    """Cross-entropy over the union, under the fleet's class mask."""
    class_mask = settings[0].class_mask

    def loss(output: LearnerOutput, batch: Batch) -> Tensor:
        logits = output.logits if class_mask == "none" else masked(output.logits, batch.allowed, class_mask)
        return cross_entropy.of_logits(logits, batch)

    return loss
