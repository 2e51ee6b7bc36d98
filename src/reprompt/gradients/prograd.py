"""ProGrad: Prompt-aligned Gradient for Prompt Tuning. Zhu et al., ICCV 2023, arXiv:2205.14865.

    paper    here         meaning
    v        params       what is learned; in the paper a context
    G_d      g_task       gradient of the few-shot cross-entropy                               eq. 2
    G_g      g_general    gradient of KL(teacher || prompted CLIP)                             eq. 3
    lambda   strength     how much of the conflicting component is removed                     eq. 4

strength = 0 is CoOp. The teacher is zero-shot CLIP, the prompt ensemble (ProGrad++) or a prompt tuned on the full
training set (Figure 7). `projection` matters only with more than one learned tensor: "per_tensor" is the released
code, which projects each parameter tensor by itself, "flattened" is the paper's single vector. Weight decay and
momentum act after the projection, in the optimiser, as released. One forward pass serves both gradients.

A prompt that starts at its teacher's own template ("a photo of a" and "a photo of a {}.") has no G_g: at first it is
rounding, 3e-7 to 2e-6 of G_d in norm, and 1e-3 or more once the prompt has moved. The paper and the released code
project along whatever it is, so that another processor's last bits decide; below `floor` there is no direction here.
"""

from collections.abc import Sequence
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor

from reprompt.cells.axes import GeneralDirection
from reprompt.clip.params import Params
from reprompt.clip.savings import ALL_SAVINGS, Savings
from reprompt.foundation.block import NonNegative
from reprompt.gradients.step import Rule, TrainingStep
from reprompt.objectives import lwf
from reprompt.objectives.batch import per_run


class Settings(GeneralDirection):
    """lambda, and what is projected as one vector."""

    label = "ProGrad"
    of_a_run = ("lambda",)

    strength: NonNegative = Field(alias="lambda")
    projection: Literal["per_tensor", "flattened"]


def has_direction(g_task: Tensor, g_general: Tensor, floor: float) -> Tensor:
    """Whether the norm of g_general (R, ...) is more than `floor` of g_task's, run by run: (R, 1, ...), bool."""
    within_run = tuple(range(1, g_task.ndim))
    norm, task_norm = (torch.linalg.vector_norm(g, dim=within_run, keepdim=True) for g in (g_general, g_task))
    return norm > floor * task_norm


def component(g_task: Tensor, g_general: Tensor, floor: float) -> Tensor:
    """How often g_general (R, ...) is in g_task, run by run: (R, 1, ...), negative in conflict, 0 with no direction."""
    within_run = tuple(range(1, g_task.ndim))
    overlap = (g_task * g_general).sum(within_run, keepdim=True)
    norm = g_general.square().sum(within_run, keepdim=True)
    return (overlap / norm.clamp(min=1e-20)).where(has_direction(g_task, g_general, floor), 0)


def align(g_task: Tensor, g_general: Tensor, strength: Tensor, floor: float) -> Tensor:
    """Equation 4: drop from g_task (R, ...) the part that points against g_general, run by run; strength is (R,)."""
    conflict = component(g_task, g_general, floor).clamp(max=0)
    return g_task - strength.view(-1, *[1] * (g_task.ndim - 1)) * conflict * g_general


def align_all(
    g_task: dict[str, Tensor], g_general: dict[str, Tensor], strength: Tensor, projection: str, floor: float
) -> dict[str, Tensor]:
    """Equation 4 for several tensors (R, ...): each by itself, or all of them as one vector; same shapes out."""
    if projection == "per_tensor":
        return {name: align(g_task[name], g_general[name], strength, floor) for name in g_task}
    if projection != "flattened":
        raise ValueError(f"projection {projection!r}: 'per_tensor' (the released code) or 'flattened' (the paper)")
    flat = [torch.cat([tensor.flatten(1) for tensor in g.values()], dim=1) for g in (g_task, g_general)]
    sizes = [tensor[0].numel() for tensor in g_task.values()]
    aligned = align(*flat, strength, floor).split(sizes, dim=1)
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
    """ProGrad with every run's own lambda; the fleet shares temperature, projection and floor."""
    temperature, projection, floor = settings[0].temperature, settings[0].projection, settings[0].floor

    def gradients(step: TrainingStep) -> tuple[Tensor, dict[str, Tensor]]:
        losses, g_task, g_general = two_gradients(step, temperature, savings)
        return losses, align_all(g_task, g_general, per_run(settings, "strength", step.batch), projection, floor)

    return gradients
