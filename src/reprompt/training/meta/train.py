"""GRAM's meta-training. Li et al., ICCV 2023, arXiv:2303.06571, Algorithm 1.

What one step computes, and the paper's symbols, stand in bilevel.py. With no regulator the inner step is MAML's (the
ablation of Table 6). The rates of prompts and regulators follow one schedule.
"""

import sys
from dataclasses import asdict, dataclass, field
from io import BytesIO
from pathlib import Path

import numpy as np
import torch

from reprompt.clip.params import Params
from reprompt.foundation.checksums import read_checked, write_checked
from reprompt.foundation.damage import DamagedFileError
from reprompt.foundation.streams import numpy_stream
from reprompt.gradients.gram import Regulators, regulator_tensors, regulators_in
from reprompt.training.meta.agreement import agreement, mean_agreement
from reprompt.training.meta.bilevel import Outer, outer_gradient, outer_optimiser
from reprompt.training.meta.corpus import MetaTrainingSet

SAVE_EVERY = 50  # outer steps between checkpoints
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
    checkpoint: Path,
) -> tuple[Params, Trace]:
    """Learn prompts and, where there are some, regulators; both come back as named tensors, with what was logged.

    No tensor has a run axis. Raises FloatingPointError where the query loss is not finite.

    `checkpoint` is where the state lies meanwhile: a run that was killed goes on from there and ends with the same
    bits, as the episodes of each step come from a stream of their own. Where the state is damaged, which the log says,
    it begins again.
    """
    theta = {name: tensor.clone().requires_grad_(True) for name, tensor in prompts.items()}
    phi = {name: tensor.clone().requires_grad_(True) for name, tensor in regulator_tensors(regulators or {}).items()}
    optimiser = outer_optimiser(theta, phi, outer)
    trace, first = _restored(checkpoint, theta, phi, optimiser) or (Trace(), 0)
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
            regulators, rate = regulators_in(phi, outer.kind), outer.inner_rate
            own = agreement(theta, regulators, losses, outer.schedule.batch, rate)
            trace.inner_product.append(own.cosine.mean().item())
            for name, value in mean_agreement(theta, regulators, training_set.held_out, rate).items():
                trace.held_out.setdefault(name, []).append(value)
        optimiser.step()
        if (step + 1) % SAVE_EVERY == 0:
            _save(checkpoint, theta, phi, optimiser, trace, step + 1)
    checkpoint.unlink(missing_ok=True)
    return {name: tensor.detach() for name, tensor in {**theta, **phi}.items()}, trace


def _save(path: Path, theta: Params, phi: Params, optimiser: torch.optim.Optimizer, trace: Trace, done: int) -> None:
    state = {"theta": theta, "phi": phi, "optimiser": optimiser.state_dict(), "trace": asdict(trace), "done": done}
    content = BytesIO()
    torch.save(state, content)
    write_checked(path, content.getvalue())


@torch.no_grad()
def _restored(path: Path, theta: Params, phi: Params, optimiser: torch.optim.Optimizer) -> tuple[Trace, int] | None:
    if not path.exists():
        return None
    try:
        content = read_checked(path, "delete it; meta-training begins again")
    except DamagedFileError as damage:
        print(damage.but("meta-training begins again"), file=sys.stderr)
        return None
    state = torch.load(BytesIO(content), weights_only=True)
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
