"""GRAM's meta-learning step. Li et al., ICCV 2023, arXiv:2303.06571, sections 3.2 and 3.3.

    paper        here              meaning
    theta        prompts, theta    the learned tensors, shared start of all tasks
    phi          regulators, phi   R_phi, one per modality
    B            schedule.batch    tasks (episodes) of an outer step, side by side along the run axis
    theta'       adapt(...)        theta - alpha R_phi(grad L(theta, support)), no momentum, no decay     eq. 7
    alpha        inner_rate        step of the inner loop                                                 eq. 7
    L_query      meta_loss         query loss at theta'; the meta-loss is its sum over tasks              eq. 8-10
    lambda_1     schedule.rate     outer learning rate of theta                                           eq. 8
    lambda_2     regulator_rate    outer learning rate of phi                                             eq. 9

The gradient flows through the inner step, so theta gets second derivatives; `first_order` holds the support gradient
constant for theta, while phi still learns through R_phi.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from reprompt.clip.params import Params
from reprompt.gradients.gram import MODALITY, Regulator, Regulators, regulate, regulators_in
from reprompt.training.schedule import Schedule

Loss = Callable[[Params], Tensor]  # prompts with a leading run axis -> losses (R,)


@dataclass(frozen=True)
class Outer:
    """How the outer loop steps: its schedule, alpha, the order of the gradient, the clipped norm.

    Where a regulator is learned, also lambda_2 and its kind. `stop_after` ends it after the first so many steps, which
    are as in the whole.
    """

    schedule: Schedule
    inner_rate: float
    first_order: bool
    clip_norm: float
    adam: bool
    regulator_rate: float = 0
    kind: type[Regulator] = Regulator
    stop_after: int | None = None


def adapt(
    prompts: Params, regulators: Regulators | None, support_loss: Loss, rate: float, first_order: bool = False
) -> tuple[Params, Params, Tensor]:
    """Equation 7: the adapted prompts, the support gradient, each (R, ...), and the support losses (R,).

    Without regulators it is eq. 4.
    """
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


def outer_gradient(theta: Params, phi: Params, support: Loss, query: Loss, outer: Outer) -> Tensor:
    """The summed query loss after the inner step, a scalar; theta and phi have no run axis.

    Its gradients (eq. 8 and 9), clipped together, are left in theta and phi.
    """
    leaves = [*theta.values(), *phi.values()]
    with sdpa_kernel(SDPBackend.MATH):  # the fused attention has no second derivative
        starts, regulators = along_runs(theta, outer.schedule.batch), regulators_in(phi, outer.kind) or None
        loss = meta_loss(starts, regulators, support, query, outer.inner_rate, outer.first_order).sum()
        for leaf, gradient in zip(leaves, torch.autograd.grad(loss, leaves), strict=True):
            leaf.grad = gradient
    torch.nn.utils.clip_grad_norm_(leaves, outer.clip_norm)
    return loss.detach()


def outer_optimiser(theta: Params, phi: Params, outer: Outer) -> torch.optim.Optimizer:
    """Steps both by the gradients that are left in them, each at its rate: `highest` of its group at the schedule's."""
    groups = [(theta, outer.schedule.rate), (phi, outer.regulator_rate)]
    groups = [{"params": list(leaves.values()), "lr": rate, "highest": rate} for leaves, rate in groups if leaves]
    if outer.adam:
        return torch.optim.Adam(groups, eps=outer.schedule.epsilon, weight_decay=outer.schedule.weight_decay)
    momentum, decay = outer.schedule.momentum, outer.schedule.weight_decay
    return torch.optim.SGD(groups, momentum=momentum, weight_decay=decay)


def along_runs(theta: Params, runs: int) -> Params:
    """The same prompts for every episode, along the run axis: each (R, ...), with no copy made."""
    return {name: tensor.expand(runs, *tensor.shape) for name, tensor in theta.items()}


def widths(prompts: Params) -> dict[str, int]:
    """Which regulators a learner's prompts need, and of what width."""
    return {MODALITY[name]: tensor.shape[-1] for name, tensor in prompts.items() if name in MODALITY}
