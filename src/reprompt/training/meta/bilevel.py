"""GRAM's meta-learning step. Li et al., ICCV 2023, arXiv:2303.06571, sections 3.2 and 3.3.

    paper        here          meaning
    theta        prompts       the learned tensors, shared start of all tasks
    phi          regulators    R_phi, one per modality
    theta'       adapt(...)    theta - alpha R_phi(grad L(theta, support)), no momentum, no decay       eq. 7
    L_query      meta_loss     query loss at theta'; the meta-loss is its sum over tasks                eq. 8-10

The gradient flows through the inner step, so theta gets second derivatives; `first_order` holds the support gradient
constant for theta, while phi still learns through R_phi.
"""

from collections.abc import Callable
from dataclasses import fields

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from reprompt.clip.params import Params
from reprompt.gradients.gram import MODALITY, Regulator, Regulators, regulate

Loss = Callable[[Params], Tensor]  # prompts with a leading run axis -> losses (R,)


def adapt(
    prompts: Params, regulators: Regulators | None, support_loss: Loss, rate: float, first_order: bool = False
) -> tuple[Params, Params, Tensor]:
    """Equation 7: the adapted prompts, the support gradient and the support losses (R,). Without regulators eq. 4."""
    losses = support_loss(prompts)
    tensors = torch.autograd.grad(losses.sum(), list(prompts.values()), create_graph=not first_order)
    gradient = dict(zip(prompts, tensors, strict=True))
    step = gradient if regulators is None else regulate(regulators, gradient)
    return {name: prompts[name] - rate * step[name] for name in prompts}, gradient, losses


def meta_loss(
    prompts: Params,
    regulators: Regulators | None,
    support_loss: Loss,
    query_loss: Loss,
    rate: float,
    first_order: bool = False,
) -> Tensor:
    """Equation 10, the terms of one task per run (R,); its derivatives are equations 8 and 9."""
    adapted, _, _ = adapt(prompts, regulators, support_loss, rate, first_order)
    return query_loss(adapted)


def meta_gradients(
    prompts: Params,
    regulators: Regulators,
    tasks: list[tuple[Loss, Loss]],
    rate: float,
    first_order: bool = False,
) -> tuple[Tensor, Params, Regulators]:
    """The meta-loss, summed over (support, query) tasks and runs, and its gradients for prompts and regulators."""
    phi = {modality: [getattr(r, field.name) for field in fields(Regulator)] for modality, r in regulators.items()}
    leaves = [tensor.detach().requires_grad_(True) for tensors in phi.values() for tensor in tensors]
    remade = iter(leaves)
    regulators = {modality: Regulator(*(next(remade) for _ in tensors)) for modality, tensors in phi.items()}
    prompts = {name: tensor.detach().requires_grad_(True) for name, tensor in prompts.items()}
    with sdpa_kernel(SDPBackend.MATH):  # the fused attention has no second derivative
        total = sum(meta_loss(prompts, regulators, *task, rate, first_order).sum() for task in tasks)
        gradients = iter(torch.autograd.grad(total, [*prompts.values(), *leaves]))
    of_prompts = {name: next(gradients) for name in prompts}
    of_regulators = {modality: Regulator(*(next(gradients) for _ in tensors)) for modality, tensors in phi.items()}
    return total.detach(), of_prompts, of_regulators


def widths(prompts: Params) -> dict[str, int]:
    """Which regulators a learner's prompts need, and of what width."""
    return {MODALITY[name]: tensor.shape[-1] for name, tensor in prompts.items() if name in MODALITY}
