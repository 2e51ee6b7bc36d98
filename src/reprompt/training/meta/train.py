"""GRAM's meta-training. Li et al., ICCV 2023, arXiv:2303.06571, Algorithm 1.

What one step computes, and the paper's symbols, stand in bilevel.py. With no regulator the inner step is MAML's (the
ablation of Table 6). The rates of prompts and regulators follow one schedule.
"""

from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from reprompt.clip.params import Params
from reprompt.foundation.atomic import written_whole
from reprompt.foundation.streams import numpy_stream
from reprompt.gradients.gram import Regulators, regulate, regulator_tensors, regulators_in
from reprompt.training.meta.bilevel import Loss, Outer, along_runs, outer_gradient, outer_optimiser
from reprompt.training.meta.corpus import MetaTrainingSet

SAVE_EVERY = 50  # outer steps between checkpoints
LOG_EVERY = 5  # outer steps between entries of the trace


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
    training_set: MetaTrainingSet,
    outer: Outer,
    seed: int,
    checkpoint: Path,
) -> tuple[Params, Trace]:
    """Learn prompts and, where there are some, regulators; both come back as named tensors, with what was logged.

    No tensor has a run axis. Raises FloatingPointError where the query loss is not finite.

    `checkpoint` is where the state lies meanwhile: a run that was killed goes on from there and ends with the same
    bits, as the episodes of each step come from a stream of their own.
    """
    theta = {name: tensor.clone().requires_grad_(True) for name, tensor in prompts.items()}
    phi = {name: tensor.clone().requires_grad_(True) for name, tensor in regulator_tensors(regulators or {}).items()}
    optimiser = outer_optimiser(theta, phi, outer)
    trace, first = _restored(checkpoint, theta, phi, optimiser) if checkpoint.exists() else (Trace(), 0)
    rates = outer.schedule.rates(0)[: outer.stop_after]
    for step in range(first, len(rates)):
        for group in optimiser.param_groups:
            group["lr"] = group["highest"] * rates[step] / outer.schedule.rate
        batch = training_set.sampler.episodes(outer.schedule.batch, numpy_stream(seed, "episodes", step))
        losses = training_set.losses(batch)
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


def inner_product(theta: Params, regulators: Regulators, support: Loss, query: Loss, episodes: int) -> float:
    """The cosine of the regulated support gradient and the query gradient at theta, the mean over episodes."""
    gradients = []
    for loss in (support, query):
        runs = along_runs(theta, episodes)
        gradients.append(dict(zip(runs, torch.autograd.grad(loss(runs).sum(), list(runs.values())), strict=True)))
    if regulators:
        gradients[0] = {name: tensor.detach() for name, tensor in regulate(regulators, gradients[0]).items()}
    flat = [torch.cat([tensor.flatten(1) for tensor in gradient.values()], dim=1) for gradient in gradients]
    return F.cosine_similarity(*flat, dim=1).mean().item()


def _save(path: Path, theta: Params, phi: Params, optimiser: torch.optim.Optimizer, trace: Trace, done: int) -> None:
    state = {"theta": theta, "phi": phi, "optimiser": optimiser.state_dict(), "trace": asdict(trace), "done": done}
    with written_whole(path) as unfinished:
        torch.save(state, unfinished)


@torch.no_grad()
def _restored(path: Path, theta: Params, phi: Params, optimiser: torch.optim.Optimizer) -> tuple[Trace, int]:
    state = torch.load(path, weights_only=True)
    for learned, saved in ((theta, state["theta"]), (phi, state["phi"])):
        for name, tensor in learned.items():
            tensor.copy_(saved[name])
    optimiser.load_state_dict(state["optimiser"])
    return Trace(**state["trace"]), state["done"]


def arrays_of(trace: Trace) -> dict[str, np.ndarray]:
    """The trace as arrays, each (logged,)."""
    kinds = {"steps": np.int32, "query_loss": np.float32, "inner_product": np.float32}
    return {name: np.array(series, kinds[name]) for name, series in asdict(trace).items()}
