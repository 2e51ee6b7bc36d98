"""ProGrad: Prompt-aligned Gradient for Prompt Tuning. Zhu et al., ICCV 2023, arXiv:2205.14865.

    paper    here         meaning
    v        context      learnable context vectors
    G_d      g_task       gradient of the few-shot cross-entropy                               eq. 2
    G_g      g_general    gradient of KL(zero-shot CLIP || prompted CLIP)                      eq. 3
    lambda   strength     how much of the conflicting component is removed                     eq. 5

strength = 0 is CoOp. One forward pass serves both gradients. The released code projects each parameter tensor by
itself; with CoOp's single context tensor this is the whole parameter vector. Weight decay and momentum act after
the projection, in the optimiser, as released.
"""

import torch
from torch import Tensor

from reprompt.gradients.step import Rule, Step
from reprompt.objectives import distillation


def align(g_task: Tensor, g_general: Tensor, strength: Tensor) -> Tensor:
    """Equation 4: drop from g_task (R, ...) the part that points against g_general, run by run; strength is (R,)."""
    within_run = tuple(range(1, g_task.ndim))
    overlap = (g_task * g_general).sum(within_run, keepdim=True)
    norm = g_general.square().sum(within_run, keepdim=True)
    # A zero general gradient has no direction, hence no conflict: a prompt that starts at the teacher's own template.
    conflict = (overlap.clamp(max=0) / norm.clamp(min=1e-20)).where(norm > 0, 0)
    return g_task - strength.view(-1, *[1] * len(within_run)) * conflict * g_general


def gradients(step: Step, strength: Tensor, temperature: float) -> dict[str, Tensor]:
    """The aligned gradient of every learned tensor; `strength` (R,) is one lambda per run."""
    general = distillation.loss(step.outcome, step.teacher, step.weights, temperature)
    g_general = step.gradients(general, keep=True)
    g_task = step.gradients(step.losses)
    return {name: align(g_task[name], g_general[name], strength) for name in g_task}


def rule(settings: list[dict]) -> Rule:
    """ProGrad with every run's own lambda and the fleet's temperature."""
    strength = torch.tensor([s["strength"] for s in settings])
    (temperature,) = {s["temperature"] for s in settings}
    return lambda step: gradients(step, strength[step.runs], temperature)
