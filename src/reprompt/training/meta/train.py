"""GRAM's meta-training. Li et al., ICCV 2023, arXiv:2303.06571, Algorithm 1.

    paper         here                meaning
    theta         prompts             what all episodes start from, and what meta-training leaves
    phi           regulators          R_phi, one per modality
    B             schedule.batch      episodes of an outer step, side by side along the run axis
    alpha         inner_rate          step of the inner loop                                            eq. 7
    lambda_1      schedule.rate       outer learning rate of theta                                      eq. 8
    lambda_2      regulator_rate      outer learning rate of phi                                        eq. 9

With no regulator the inner step is MAML's (the ablation of Table 6). Both rates follow one schedule.
"""

from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from reprompt.clip.params import Params
from reprompt.foundation.atomic import written_whole
from reprompt.foundation.streams import numpy_stream
from reprompt.gradients.regulated import Regulator, Regulators, named, regulate, regulators_in
from reprompt.training.meta.bilevel import Loss, meta_loss
from reprompt.training.meta.corpus import Corpus
from reprompt.training.schedule import Schedule

SAVE_EVERY = 50  # outer steps between checkpoints
LOG_EVERY = 5  # outer steps between entries of the trace


@dataclass(frozen=True)
class Outer:
    """How the outer loop steps: its schedule, alpha, the order of the gradient, the clipped norm.

    Where a regulator is learned, also lambda_2 and its kind.
    """

    schedule: Schedule
    inner_rate: float
    first_order: bool
    clip_norm: float
    adam: bool
    regulator_rate: float = 0
    kind: type[Regulator] = Regulator


@dataclass
class Trace:
    """What is logged every few outer steps, each (logged,): the query loss and the inner product of Figure 3b.

    That is the cosine of the regulated support gradient and the query gradient at theta, the mean over episodes.
    """

    steps: list[int] = field(default_factory=list)
    query_loss: list[float] = field(default_factory=list)
    inner_product: list[float] = field(default_factory=list)


def meta_train(
    prompts: Params,
    regulators: Regulators | None,
    corpus: Corpus,
    outer: Outer,
    seed: int,
    checkpoint: Path,
    steps: int | None = None,
) -> tuple[Params, Trace]:
    """Learn prompts and, where there are some, regulators; both come back as named tensors, with what was logged.

    `steps` stops it after so many outer steps, which are as in the whole.

    `checkpoint` is where the state lies meanwhile: a run that was killed goes on from there and ends with the same
    bits, as the episodes of each step come from a stream of their own.
    """
    theta = {name: tensor.clone().requires_grad_(True) for name, tensor in prompts.items()}
    phi = {name: tensor.clone().requires_grad_(True) for name, tensor in named(regulators or {}).items()}
    optimiser = _optimiser(theta, phi, outer)
    trace, first = _restored(checkpoint, theta, phi, optimiser) if checkpoint.exists() else (Trace(), 0)
    rates = outer.schedule.rates(0)[:steps]
    for step in range(first, len(rates)):
        for group in optimiser.param_groups:
            group["lr"] = group["highest"] * rates[step] / outer.schedule.rate
        episodes = corpus.sampler.episodes(outer.schedule.batch, numpy_stream(seed, "episodes", step))
        losses = corpus.losses(episodes)
        loss = outer_gradient(theta, phi, *losses, outer)
        if not torch.isfinite(loss):
            raise FloatingPointError(f"the query loss is not finite at outer step {step}: lower rate or inner_rate")
        if step % LOG_EVERY == 0:
            trace.steps.append(step)
            trace.query_loss.append(loss.item() / outer.schedule.batch)
            trace.inner_product.append(
                inner_product(theta, regulators_in(phi, outer.kind), *losses, outer.schedule.batch)
            )
        optimiser.step()
        if (step + 1) % SAVE_EVERY == 0:
            _save(checkpoint, theta, phi, optimiser, trace, step + 1)
    checkpoint.unlink(missing_ok=True)
    return {name: tensor.detach() for name, tensor in {**theta, **phi}.items()}, trace


def outer_gradient(theta: Params, phi: Params, support: Loss, query: Loss, outer: Outer) -> Tensor:
    """The summed query loss after the inner step; its gradients (eq. 8 and 9), clipped, are left in theta and phi."""
    leaves = [*theta.values(), *phi.values()]
    with sdpa_kernel(SDPBackend.MATH):  # the fused attention has no second derivative
        starts, regulators = along_runs(theta, outer.schedule.batch), regulators_in(phi, outer.kind) or None
        loss = meta_loss(starts, regulators, support, query, outer.inner_rate, outer.first_order).sum()
        for leaf, gradient in zip(leaves, torch.autograd.grad(loss, leaves), strict=True):
            leaf.grad = gradient
    torch.nn.utils.clip_grad_norm_(leaves, outer.clip_norm)
    return loss.detach()


def inner_product(theta: Params, regulators: Regulators, support: Loss, query: Loss, episodes: int) -> float:
    """The cosine of the regulated support gradient and the query gradient at theta, the mean over episodes."""
    gradients = []
    for loss in (support, query):
        runs = along_runs(theta, episodes)
        gradients.append(dict(zip(runs, torch.autograd.grad(loss(runs).sum(), list(runs.values())), strict=True)))
    of_support, of_query = gradients
    if regulators:
        of_support = {name: tensor.detach() for name, tensor in regulate(regulators, of_support).items()}
    flat = [torch.cat([tensor.flatten(1) for tensor in one.values()], dim=1) for one in (of_support, of_query)]
    return F.cosine_similarity(*flat, dim=1).mean().item()


def along_runs(theta: Params, runs: int) -> Params:
    """The same prompts for every episode, along the run axis."""
    return {name: tensor.expand(runs, *tensor.shape) for name, tensor in theta.items()}


def _optimiser(theta: Params, phi: Params, outer: Outer) -> torch.optim.Optimizer:
    groups = [(theta, outer.schedule.rate), (phi, outer.regulator_rate)]
    groups = [{"params": list(of.values()), "highest": rate} for of, rate in groups if of]
    if outer.adam:
        return torch.optim.Adam(groups, lr=outer.schedule.rate, weight_decay=outer.schedule.weight_decay)
    momentum, decay = outer.schedule.momentum, outer.schedule.weight_decay
    return torch.optim.SGD(groups, lr=outer.schedule.rate, momentum=momentum, weight_decay=decay)


def _save(path: Path, theta: Params, phi: Params, optimiser: torch.optim.Optimizer, trace: Trace, done: int) -> None:
    state = {"theta": theta, "phi": phi, "optimiser": optimiser.state_dict(), "trace": asdict(trace), "done": done}
    with written_whole(path) as unfinished:
        torch.save(state, unfinished)


@torch.no_grad()
def _restored(path: Path, theta: Params, phi: Params, optimiser: torch.optim.Optimizer) -> tuple[Trace, int]:
    state = torch.load(path, weights_only=True)
    for mine, kept in ((theta, state["theta"]), (phi, state["phi"])):
        for name, tensor in mine.items():
            tensor.copy_(kept[name])
    optimiser.load_state_dict(state["optimiser"])
    return Trace(**state["trace"]), state["done"]


def arrays_of(trace: Trace) -> dict[str, np.ndarray]:
    """The trace as arrays."""
    kinds = {"steps": np.int32, "query_loss": np.float32, "inner_product": np.float32}
    return {name: np.array(series, kinds[name]) for name, series in asdict(trace).items()}
