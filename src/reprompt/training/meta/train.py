"""GRAM's meta-training. Li et al., ICCV 2023, arXiv:2303.06571, Algorithm 1.

What one step computes, and the paper's symbols, stand in bilevel.py. With no regulator the inner step is MAML's (the
ablation of Table 6). The rates of prompts and regulators follow one schedule.
"""

from dataclasses import asdict, dataclass, field
from functools import partial

import numpy as np
import torch

from reprompt.clip.params import Params
from reprompt.foundation.streams import numpy_stream
from reprompt.gradients.gram import Regulators, regulator_tensors, regulators_in
from reprompt.training.checkpoint import Checkpoint, State
from reprompt.training.meta.agreement import mean_agreement, mean_cosine
from reprompt.training.meta.bilevel import Outer, outer_gradient, outer_optimiser
from reprompt.training.meta.corpus import MetaTrainingSet

LOG_EVERY = 5  # outer steps between entries of the trace


@dataclass
class Trace:
    """What is logged every few outer steps, each (logged,).

    `query_loss` and `inner_product` are of the step's own episodes: the loss after the inner step, and the cosine of
    the regulated support gradient and the query gradient at theta, means over episodes. `held_out` is by name what
    agreement.py has of the held-out ones, which are the same at every step.
    """

    steps: list[int] = field(default_factory=list)
    query_loss: list[float] = field(default_factory=list)
    inner_product: list[float] = field(default_factory=list)
    held_out: dict[str, list[float]] = field(default_factory=dict)


def meta_train(
    prompts: Params,
    regulators: Regulators | None,
    training_set: MetaTrainingSet,
    outer: Outer,
    seed: int,
    checkpoint: Checkpoint,
) -> tuple[Params, Trace]:
    """Learn prompts and, where there are some, regulators; both come back as named tensors, with what was logged.

    No tensor has a run axis. Raises FloatingPointError where the query loss is not finite.

    A run that was killed goes on from its `checkpoint` and ends with the same bits, as the episodes of each step come
    from a stream of their own.
    """
    theta = {name: tensor.clone().requires_grad_(True) for name, tensor in prompts.items()}
    phi = {name: tensor.clone().requires_grad_(True) for name, tensor in regulator_tensors(regulators or {}).items()}
    optimiser = outer_optimiser(theta, phi, outer)
    kept = checkpoint.restored()
    trace, first = (Trace(), 0) if kept is None else _resumed(kept, theta, phi, optimiser)
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
            regulators = regulators_in(phi, outer.kind)
            trace.inner_product.append(mean_cosine(theta, regulators, losses, outer.schedule.batch))
            for name, value in mean_agreement(theta, regulators, training_set.held_out, outer.inner_rate).items():
                trace.held_out.setdefault(name, []).append(value)
        optimiser.step()
        done = step + 1
        checkpoint.after_step(partial(_state, theta, phi, optimiser, trace, done), is_last=done == len(rates))
    return {name: tensor.detach() for name, tensor in {**theta, **phi}.items()}, trace


def _state(theta: Params, phi: Params, optimiser: torch.optim.Optimizer, trace: Trace, done: int) -> State:
    """What the outer loop has come to after so many steps."""
    return {"theta": theta, "phi": phi, "optimiser": optimiser.state_dict(), "trace": asdict(trace), "done": done}


@torch.no_grad()
def _resumed(state: State, theta: Params, phi: Params, optimiser: torch.optim.Optimizer) -> tuple[Trace, int]:
    """Prompts, regulators and optimiser are put as a state has them; its trace, and after how many steps it was."""
    for learned, saved in ((theta, state["theta"]), (phi, state["phi"])):
        for name, tensor in learned.items():
            tensor.copy_(saved[name])
    optimiser.load_state_dict(state["optimiser"])
    return Trace(**state["trace"]), state["done"]


def arrays_of(trace: Trace) -> dict[str, np.ndarray]:
    """The trace as arrays, each (logged,): `held_out_cosine` and so on are those of the held-out episodes."""
    floats = {"query_loss": trace.query_loss, "inner_product": trace.inner_product}
    floats |= {f"held_out_{name}": series for name, series in trace.held_out.items()}
    return {"steps": np.array(trace.steps, np.int32)} | {name: np.array(s, np.float32) for name, s in floats.items()}
