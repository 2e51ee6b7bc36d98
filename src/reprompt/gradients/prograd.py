"""ProGrad: Prompt-aligned Gradient for Prompt Tuning. Zhu et al., ICCV 2023, arXiv:2205.14865.

    paper    here         meaning
    v        params       what is learned; in the paper a context
    G_d      g_task       gradient of the few-shot cross-entropy                               eq. 2
    G_g      g_general    gradient of KL(teacher || prompted CLIP)                             eq. 3
    lambda   strength     how much of the conflicting component is removed                     eq. 5

strength = 0 is CoOp. The teacher is zero-shot CLIP, the prompt ensemble (ProGrad++) or a prompt tuned on the full
training set (Figure 7). `projection` matters only with more than one learned tensor: "per_tensor" is the released
code, which projects each parameter tensor by itself, "flattened" is the paper's single vector. Weight decay and
momentum act after the projection, in the optimiser, as released. One forward pass serves both gradients.
"""

from collections.abc import Sequence
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor

from reprompt.cells.axes import GradientSettings, Taught
from reprompt.clip.params import Params
from reprompt.clip.savings import ALL_SAVINGS, Savings
from reprompt.foundation.block import NonNegative
from reprompt.gradients.step import Rule, TrainingStep
from reprompt.objectives import lwf
from reprompt.objectives.batch import per_run


class Settings(Taught, GradientSettings):
    """lambda, and what is projected as one vector."""

    label = "ProGrad"
    general_gradient = True
    of_a_run = ("lambda",)

    strength: NonNegative = Field(alias="lambda")
    projection: Literal["per_tensor", "flattened"]


def align(g_task: Tensor, g_general: Tensor, strength: Tensor) -> Tensor:
    """Equation 4: drop from g_task (R, ...) the part that points against g_general, run by run; strength is (R,)."""
    within_run = tuple(range(1, g_task.ndim))
    overlap = (g_task * g_general).sum(within_run, keepdim=True)
    norm = g_general.square().sum(within_run, keepdim=True)
    # A zero general gradient has no direction, hence no conflict: a prompt that starts at the teacher's own template.
    conflict = (overlap.clamp(max=0) / norm.clamp(min=1e-20)).where(norm > 0, 0)
    return g_task - strength.view(-1, *[1] * len(within_run)) * conflict * g_general


def align_all(
    g_task: dict[str, Tensor], g_general: dict[str, Tensor], strength: Tensor, projection: str
) -> dict[str, Tensor]:
    """Equation 4 for several tensors (R, ...): each by itself, or all of them as one vector; same shapes out."""
    if projection == "per_tensor":
        return {name: align(g_task[name], g_general[name], strength) for name in g_task}
    if projection != "flattened":
        raise ValueError(f"projection {projection!r}: 'per_tensor' (the released code) or 'flattened' (the paper)")
    flat = [torch.cat([tensor.flatten(1) for tensor in g.values()], dim=1) for g in (g_task, g_general)]
    sizes = [tensor[0].numel() for tensor in g_task.values()]
    aligned = align(*flat, strength).split(sizes, dim=1)
    return {name: part.view_as(g_task[name]) for name, part in zip(g_task, aligned, strict=True)}


def two_gradients(
    step: TrainingStep, temperature: float, savings: Savings = ALL_SAVINGS
) -> tuple[Tensor, dict[str, Tensor], dict[str, Tensor]]:
    """The task losses (R,), and G_d and G_g of every learned tensor, each (R, ...)."""
    output = step.forward()
    g_general = step.gradients(lwf.divergence(output, step.batch, temperature), keep=savings.one_forward)
    losses = step.objective(output if savings.one_forward else step.forward(), step.batch)
    return losses, step.gradients(losses), g_general


def rule(settings: Sequence[Settings], handed_over: Sequence[Params] = (), savings: Savings = ALL_SAVINGS) -> Rule:
    """ProGrad with every run's own lambda; the fleet shares temperature and projection."""
    temperature, projection = settings[0].temperature, settings[0].projection

    def gradients(step: TrainingStep) -> tuple[Tensor, dict[str, Tensor]]:
        losses, g_task, g_general = two_gradients(step, temperature, savings)
        return losses, align_all(g_task, g_general, per_run(settings, "strength", step.batch), projection)

    return gradients
