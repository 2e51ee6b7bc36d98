"""Distillation from zero-shot CLIP: L_ce + alpha KL(teacher || student), the LwF of ProGrad's Table 5.

    paper    here           meaning
    L_kl     divergence     KL between the teacher's and the student's predictions; also ProGrad's eq. 3
    alpha    distillation   weight of L_kl; 0 is CoOp

The released code minimises the soft cross-entropy, T^2 times the KL up to the teacher's entropy, which is constant:
their gradients are the same (Prompt-align's `ProGradLoss`).
"""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor

from reprompt.cells.axes import ObjectiveSettings, Taught
from reprompt.foundation.block import NonNegative
from reprompt.learners.output import LearnerOutput
from reprompt.objectives import cross_entropy
from reprompt.objectives.batch import Batch, Objective, per_run


class Settings(Taught, ObjectiveSettings):
    """`distillation` is alpha."""

    label = "LwF"
    of_a_run = ("distillation",)

    distillation: NonNegative


def divergence(output: LearnerOutput, batch: Batch, temperature: float = 1.0) -> Tensor:
    """T^2 KL(teacher || student) of logits (R, B, K) over temperature T, mean over images: (R,)."""
    log_student = F.log_softmax(output.logits / temperature, dim=-1)
    log_teacher = F.log_softmax(batch.teacher / temperature, dim=-1)
    per_image = (log_teacher.exp() * (log_teacher - log_student)).sum(dim=-1)
    return temperature**2 * (per_image * batch.weights).sum(dim=1)


def teacher_entropy(batch: Batch, temperature: float = 1.0) -> Tensor:
    """T^2 times the teacher's entropy, by which the released code's loss exceeds the KL: (R,)."""
    log_teacher = F.log_softmax(batch.teacher / temperature, dim=-1)
    return temperature**2 * ((-log_teacher.exp() * log_teacher).sum(dim=-1) * batch.weights).sum(dim=1)


def objective(settings: Sequence[Settings]) -> Objective:
    """L_ce + alpha L_kl with every run's own alpha and the fleet's temperature."""
    temperature = settings[0].temperature

    def loss(output: LearnerOutput, batch: Batch) -> Tensor:
        alpha = per_run(settings, "distillation", batch)
        return cross_entropy.loss(output, batch) + alpha * divergence(output, batch, temperature)

    return loss
