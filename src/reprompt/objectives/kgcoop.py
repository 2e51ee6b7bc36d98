"""KgCoOp: Visual-Language Prompt Tuning with Knowledge-guided Context Optimization. Yao et al., CVPR 2023,
arXiv:2303.13283.

    paper      here                      meaning
    w_i        output.classes            class feature of the tuned prompt, of length 1
    w_i^clip   batch.reference.classes   that of the untouched CLIP, of one template per data set, of length 1
    L_kg       knowledge                 their distance, mean over all classes of the task                eq. 3
    lambda     guidance                  L = L_ce + lambda L_kg                                           eq. 4

guidance = 0 is the base method; the published one is `coop+kgcoop`. All classes count at every step, whatever the batch
shows. `distance` is the one switch. `cosine` is what the released code computes, 1 - cos(w_i, w_i^clip), with weight 8:
all printed numbers. `squared` is the paper's eq. 3, the squared Euclidean distance, which of features of length 1 is
twice that: the code's weight 8 is lambda = 4 there. With CoCoOp, whose class features differ per image, L_kg is the
mean over images.
"""

from collections.abc import Sequence
from typing import Literal

from torch import Tensor

from reprompt.cells.axes import ObjectiveSettings, Referenced
from reprompt.foundation.block import NonNegative
from reprompt.learners.output import LearnerOutput
from reprompt.objectives import cross_entropy
from reprompt.objectives.batch import Batch, Objective, mean_over_images, per_run


class Settings(Referenced, ObjectiveSettings):
    """`guidance` is lambda, W of the released code."""

    label = "KgCoOp"
    on_text = True
    of_a_run = ("guidance",)

    guidance: NonNegative
    distance: Literal["cosine", "squared"]


def knowledge(output: LearnerOutput, batch: Batch, distance: Literal["cosine", "squared"]) -> Tensor:
    """L_kg per run (R,): zero where every class feature is the untouched CLIP's, and only there."""
    if distance == "cosine":
        per_class = 1 - (output.classes * batch.reference.classes).sum(dim=-1)
    else:
        per_class = (output.classes - batch.reference.classes).square().sum(dim=-1)
    return mean_over_images(per_class.mean(dim=-1), batch)


def objective(settings: Sequence[Settings]) -> Objective:
    """L_ce + lambda L_kg with every run's own lambda; the fleet shares the distance."""
    distance = settings[0].distance

    def loss(output: LearnerOutput, batch: Batch) -> Tensor:
        guidance = per_run(settings, "guidance", batch)
        return cross_entropy.loss(output, batch) + guidance * knowledge(output, batch, distance)

    return loss
