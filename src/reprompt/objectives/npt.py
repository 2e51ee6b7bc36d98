"""NPT: neural-collapse-anchored prompt tuning. Didi Zhu et al. 2023, "Understanding Prompt Tuning for V-L Models
Through the Lens of Neural Collapse".

    paper     here                    meaning
    g_k       output.classes         normalised text feature of class k
    z_i       output.images          normalised image feature of image i
    mu        -1 / (K - 1)            inner product of any two vectors of a simplex ETF
    L_LC      language_collapse       sum over i != j of (<g_i, g_j> - E_W mu)^2                        eq. 5
    L_MI      isomorphism             sum over images of (<z_i, g_y> - sqrt(E_W E_H))^2                 eq. 6
    w1, w2    w_language, w_isomorphism                                                                eq. 7

w1 = w2 = 0 is the base method. The paper prints both as sums (`reduction: sum`); over 500 classes that is 249,500
ordered pairs against one cross-entropy, so our default is the mean over pairs and over images (`reduction: mean`).
The paper also prints L_CLIP without its logarithm; here it is the cross-entropy. With CoCoOp, whose text features
differ per image, L_LC is the mean over images.
"""

from collections.abc import Sequence
from typing import Literal

import torch
from pydantic import PositiveFloat
from torch import Tensor

from reprompt.cells.axes import ObjectiveSettings
from reprompt.foundation.block import NonNegative
from reprompt.learners.output import LearnerOutput
from reprompt.objectives import cross_entropy
from reprompt.objectives.batch import Batch, Objective, mean_over_images, per_run


class Settings(ObjectiveSettings):
    """w1, w2, whether their terms are means or sums, and E_W and E_H."""

    label = "NPT"
    on_text = True
    of_one_class = True
    of_a_run = ("w_language", "w_isomorphism")

    w_language: NonNegative
    w_isomorphism: NonNegative
    reduction: Literal["mean", "sum"]
    text_energy: PositiveFloat = 1.0
    image_energy: PositiveFloat = 1.0


def deviations_between_classes(classes: Tensor, energy: float = 1.0) -> Tensor:
    """<g_i, g_j> - E_W mu over ordered pairs i != j: class features (..., K, E) -> (..., K (K - 1))."""
    count = classes.shape[-2]
    apart = ~torch.eye(count, dtype=torch.bool, device=classes.device)
    return (classes @ classes.transpose(-1, -2))[..., apart] + energy / (count - 1)


def deviations_from_own_class(output: LearnerOutput, labels: Tensor, target: float = 1.0) -> Tensor:
    """<z_i, g_y> - sqrt(E_W E_H) of every image with its own class: (R, B)."""
    cosines = output.scaled_cosines / output.scale
    return cosines.gather(-1, labels[..., None]).squeeze(-1) - target


def language_collapse(output: LearnerOutput, batch: Batch, reduction: str, energy: float = 1.0) -> Tensor:
    """L_LC per run (R,): zero where the class features form a simplex ETF, and only there."""
    squares = deviations_between_classes(output.classes, energy).square()
    of_set = squares.sum(dim=-1) if reduction == "sum" else squares.mean(dim=-1)
    return mean_over_images(of_set, batch)


def isomorphism(output: LearnerOutput, batch: Batch, reduction: str, target: float = 1.0) -> Tensor:
    """L_MI per run (R,): zero where every image lies on its class's text feature."""
    squares = deviations_from_own_class(output, batch.labels, target).square()
    return (squares * ((batch.weights > 0) if reduction == "sum" else batch.weights)).sum(dim=1)


def objective(settings: Sequence[Settings]) -> Objective:
    """L_CLIP + w1 L_LC + w2 L_MI with every run's own weights."""
    reduction, text_energy = settings[0].reduction, settings[0].text_energy
    target = (text_energy * settings[0].image_energy) ** 0.5

    def loss(output: LearnerOutput, batch: Batch) -> Tensor:
        w_language, w_isomorphism = (per_run(settings, name, batch) for name in ("w_language", "w_isomorphism"))
        return (
            cross_entropy.loss(output, batch)
            + w_language * language_collapse(output, batch, reduction, text_energy)
            + w_isomorphism * isomorphism(output, batch, reduction, target)
        )

    return loss
