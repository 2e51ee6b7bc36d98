"""What meta-training does to held-out episodes. Li et al., ICCV 2023, arXiv:2303.06571, section 4.6 and Figure 3b.

The paper's figure has the inner product of the regulated gradient on support sets and the gradient on query sets, both
at theta, which by the first-order view of equation 12 is what the outer loop raises. Drawn anew at every step, the
episodes' own spread hides its course: these are drawn once, from pictures that no prompt is trained on. Beside the
regulated gradient stands the raw one, and beside its cosine the unnormalised product, which grows with the gradients.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from reprompt.clip.params import Params
from reprompt.gradients.gram import Regulators, regulate
from reprompt.training.meta.bilevel import Loss, along_runs


@dataclass(frozen=True)
class HeldOut:
    """Fixed episodes as support and query losses, so many `at_once` along the run axis; none to log nothing."""

    losses: Sequence[tuple[Loss, Loss]]
    at_once: int


@dataclass(frozen=True)
class Agreement:
    """Of B episodes, each (B,).

    Cosines of the support gradient, raw and regulated, with the query gradient; the inner product of the regulated one
    with it, not normalised; the query loss at theta and after the inner step of equation 7.
    """

    raw_cosine: Tensor
    cosine: Tensor
    product: Tensor
    loss_before: Tensor
    loss_after: Tensor


def agreement(
    theta: Params, regulators: Regulators, losses: tuple[Loss, Loss], episodes: int, rate: float
) -> Agreement:
    """The agreement of a batch of episodes at theta, whose tensors have no run axis; without regulators raw is all."""
    runs = along_runs(theta, episodes)
    support, query = losses
    raw, _ = _gradient(support, runs)
    of_query, before = _gradient(query, runs)
    with torch.no_grad():
        step = regulate(regulators, raw) if regulators else raw
        after = query({name: runs[name] - rate * step[name] for name in runs})
        flat_raw, flat_step, flat_query = (_flat(gradient) for gradient in (raw, step, of_query))
        cosines = (F.cosine_similarity(flat, flat_query, dim=1) for flat in (flat_raw, flat_step))
        return Agreement(*cosines, (flat_step * flat_query).sum(dim=1), before, after)


def mean_cosine(theta: Params, regulators: Regulators, losses: tuple[Loss, Loss], episodes: int) -> float:
    """The `cosine` of a batch of episodes alone, its mean: without what the rest takes."""
    support, query = (_gradient(loss, along_runs(theta, episodes))[0] for loss in losses)
    with torch.no_grad():
        step = regulate(regulators, support) if regulators else support
        return F.cosine_similarity(_flat(step), _flat(query), dim=1).mean().item()


def mean_agreement(theta: Params, regulators: Regulators, held_out: HeldOut, rate: float) -> dict[str, float]:
    """The means over all held-out episodes, by name; nothing where there are none."""
    of_batches = [vars(agreement(theta, regulators, losses, held_out.at_once, rate)) for losses in held_out.losses]
    return {name: torch.cat([batch[name] for batch in of_batches]).mean().item() for name in (of_batches or [{}])[0]}


def _gradient(loss: Loss, runs: Params) -> tuple[Params, Tensor]:
    """The gradient of every run's own loss, each (B, ...), and the losses (B,)."""
    losses = loss(runs)
    gradients = torch.autograd.grad(losses.sum(), list(runs.values()))
    return dict(zip(runs, gradients, strict=True)), losses.detach()


def _flat(gradient: Params) -> Tensor:
    """All numbers of a gradient, (B, D)."""
    return torch.cat([tensor.flatten(1) for tensor in gradient.values()], dim=1)
