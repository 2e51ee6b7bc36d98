"""PromptSRC: Self-regulating Prompts, Foundational Model Adaptation without Forgetting. Khattak et al., ICCV 2023,
arXiv:2307.06948, section 3.2.

    paper         here                      meaning
    f~_p, g~_p    output.images, classes    features of the prompted towers, of length 1
    f~            batch.reference.images    those of the same augmented images without prompts
    g~            batch.reference.classes   class features without prompts, mean of 60 templates (textual diversity)
    L_SCL-image   image_consistency         |f~_p - f~|, weight lambda_1 = 10
    L_SCL-text    text_consistency          |g~_p - g~|, weight lambda_2 = 25
    L_SCL-logits  logits_consistency        divergence of the two softmax distributions over classes, temperature 1

The loss is cross-entropy plus all three; weights of zero leave the third. Self-ensembling, the mean of prompts over
epochs, is a way to choose the checkpoint (training/average.py). The published method is `ivlp+promptsrc`.

Two switches, where the paper's equations and the released code, which made all printed numbers, differ. `reduction`:
`mean` takes means over all entries of a difference and divides the divergence by the number of classes (code); `sum`
adds up the entries of a feature and the classes (paper), and means are over classes and images alone. `divergence`:
`from_frozen` is KL(frozen || prompted) (code); `from_prompted` the other way round, in which the paper names the two.
"""

from collections.abc import Sequence
from typing import Literal

import torch.nn.functional as F
from torch import Tensor

from reprompt.cells.axes import ObjectiveSettings, Referenced
from reprompt.foundation.block import NonNegative
from reprompt.learners.output import LearnerOutput
from reprompt.objectives import cross_entropy
from reprompt.objectives.batch import Batch, Objective, mean_over_images, per_run

Reduction = Literal["mean", "sum"]
Divergence = Literal["from_frozen", "from_prompted"]


class Settings(Referenced, ObjectiveSettings):
    """lambda_2 and lambda_1, and how the terms are read."""

    label = "PromptSRC"
    on_text = True
    on_images = True
    of_a_run = ("text_weight", "image_weight")

    text_weight: NonNegative
    image_weight: NonNegative
    reduction: Reduction
    divergence: Divergence


def _over(entries: Tensor, reduction: Reduction) -> Tensor:
    """The last axis summed, or its mean."""
    return entries.sum(dim=-1) if reduction == "sum" else entries.mean(dim=-1)


def text_consistency(output: LearnerOutput, batch: Batch, reduction: Reduction) -> Tensor:
    """L_SCL-text per run (R,), mean over classes; of class features per image (CoCoOp) also over images."""
    per_class = _over((output.classes - batch.reference.classes).abs(), reduction)
    return mean_over_images(per_class.mean(dim=-1), batch)


def image_consistency(output: LearnerOutput, batch: Batch, reduction: Reduction) -> Tensor:
    """L_SCL-image per run (R,), mean over each run's images."""
    per_image = _over((output.images - batch.reference.images).abs(), reduction)
    return (per_image * batch.weights).sum(dim=1)


def logits_consistency(output: LearnerOutput, batch: Batch, reduction: Reduction, divergence: Divergence) -> Tensor:
    """L_SCL-logits per run (R,), mean over each run's images."""
    frozen = output.scale * batch.reference.images @ batch.reference.classes.T
    log_of, log_to = F.log_softmax(frozen, dim=-1), F.log_softmax(output.logits, dim=-1)
    if divergence == "from_prompted":
        log_of, log_to = log_to, log_of
    per_image = _over(log_of.exp() * (log_of - log_to), reduction)
    return (per_image * batch.weights).sum(dim=1)


def objective(settings: Sequence[Settings]) -> Objective:
    """L_CE + lambda_2 L_SCL-text + lambda_1 L_SCL-image + L_SCL-logits with every run's own weights."""
    reduction, divergence = settings[0].reduction, settings[0].divergence

    def loss(output: LearnerOutput, batch: Batch) -> Tensor:
        text_weight, image_weight = (per_run(settings, name, batch) for name in ("text_weight", "image_weight"))
        return (
            cross_entropy.loss(output, batch)
            + text_weight * text_consistency(output, batch, reduction)
            + image_weight * image_consistency(output, batch, reduction)
            + logits_consistency(output, batch, reduction, divergence)
        )

    return loss
