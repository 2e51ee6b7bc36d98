"""The one training loop: a fleet of runs over one frozen backbone, along the run axis.

Every step samples a batch per run, asks the learner for features and the objective for losses, lets the gradient rule
act, and steps SGD per run. A run's batches, schedule and start come from its own seed: its result does not depend on
which other runs share the fleet.

    R runs, B images per batch, N images of a run, E joint width, K classes
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from reprompt.gradients.step import Rule, Step
from reprompt.learners.outcome import Outcome

Params = dict[str, Tensor]


@dataclass(frozen=True)
class Schedule:
    """CoOp's: one epoch at `warmup_rate`, then a cosine that restarts its count after the warm-up, changed per epoch.

    The cosine has advanced epochs - 2 of `epochs` steps in the last epoch, so the rate never reaches zero.
    `steps_per_epoch` None means the images of the run divided by the batch, the last partial batch dropped.
    """

    rate: float
    warmup_rate: float
    epochs: int
    steps_per_epoch: int | None
    batch: int
    momentum: float
    weight_decay: float

    def rate_in(self, epoch: int) -> float:
        """Learning rate of epoch 1 ... epochs."""
        if epoch == 1:
            return self.warmup_rate
        return 0.5 * self.rate * (1 + math.cos(math.pi * (epoch - 2) / self.epochs))

    def steps_in_epoch(self, images: int) -> int:
        """Steps per epoch of a run with that many images."""
        return self.steps_per_epoch or max(1, images // self.batch)

    def rates(self, images: int) -> list[float]:
        """The rate of every step of a run with that many images."""
        per_epoch = self.steps_in_epoch(images)
        return [self.rate_in(epoch) for epoch in range(1, self.epochs + 1) for _ in range(per_epoch)]


@dataclass(frozen=True)
class Run:
    """One run of a fleet: its few-shot set as indices (N,) into the cached features, labels (N,), start and streams."""

    images: Tensor
    labels: Tensor
    start: Params
    schedule: Schedule
    batches: torch.Generator
    views: torch.Generator

    def batch_plan(self, views: int) -> tuple[Tensor, Tensor]:
        """Which images (steps, b) and which view of each (steps, b): whole permutations, remainders dropped."""
        count = len(self.images)
        size = min(self.schedule.batch, count)
        steps = len(self.schedule.rates(count))
        whole = count // size
        rounds = [torch.randperm(count, generator=self.batches)[: whole * size] for _ in range(-(-steps // whole))]
        images = torch.cat(rounds).view(-1, size)[:steps]
        return images, torch.randint(views, images.shape, generator=self.views)


@dataclass(frozen=True)
class Fleet:
    """The runs' batches side by side: (steps, R, B) indices, views, labels and weights; a run that is short is padded.

    Weights are 1/b for a run's own b images and 0 for padding and for the steps after its last.
    """

    images: Tensor
    views: Tensor
    labels: Tensor
    weights: Tensor
    rates: Tensor
    steps: Tensor

    @classmethod
    def of(cls, runs: list[Run], views: int) -> "Fleet":
        """Lay out the batches of all runs."""
        plans = [run.batch_plan(views) for run in runs]
        shape = (max(len(p) for p, _ in plans), len(runs), max(p.shape[1] for p, _ in plans))
        images, chosen, labels = (torch.zeros(shape, dtype=torch.long) for _ in range(3))
        weights, rates = torch.zeros(shape), torch.zeros(shape[:2])
        for r, (run, (which, view)) in enumerate(zip(runs, plans, strict=True)):
            steps, size = which.shape
            images[:steps, r, :size] = run.images[which]
            labels[:steps, r, :size] = run.labels[which]
            chosen[:steps, r, :size] = view
            weights[:steps, r, :size] = 1 / size
            rates[:steps, r] = torch.tensor(run.schedule.rates(len(run.images)))
        return cls(images, chosen, labels, weights, rates, torch.tensor([len(p) for p, _ in plans]))


def train(
    runs: list[Run],
    features: Tensor,
    forward: Callable[[Params, Tensor], Outcome],
    objective: Callable[[Outcome, Tensor, Tensor], Tensor],
    rule: Rule,
    teacher: Tensor | None = None,
) -> Params:
    """Tune all runs and return their prompts, each tensor (R, ...).

    `features` (V, N, E) are the normalised features of every augmented view; `forward` is the learner's; `teacher`
    (K, E) are the class features a teacher classifies with. Runs of different length are one fleet: those that have
    ended leave it.
    """
    fleet = Fleet.of(runs, len(features))
    momentum, decay = ([getattr(run.schedule, name) for run in runs] for name in ("momentum", "weight_decay"))
    momentum, decay = torch.tensor(momentum), torch.tensor(decay)
    params = {name: torch.stack([run.start[name] for run in runs]) for name in runs[0].start}
    velocity = {name: torch.zeros_like(tensor) for name, tensor in params.items()}
    for step in range(len(fleet.images)):
        active = (fleet.steps > step).nonzero().flatten()
        leaves = {name: tensor[active].requires_grad_(True) for name, tensor in params.items()}
        images = features[fleet.views[step, active], fleet.images[step, active]]
        outcome = forward(leaves, images)
        weights = fleet.weights[step, active]
        losses = objective(outcome, fleet.labels[step, active], weights)
        if not torch.isfinite(losses).all():
            bad = active[~torch.isfinite(losses)].tolist()
            raise FloatingPointError(f"the loss of runs {bad} is not finite at step {step}: lower the learning rate")
        taught = None if teacher is None else outcome.scale * images @ teacher.T
        gradients = rule(Step(active, leaves, outcome, losses, weights, taught))
        for name, tensor in params.items():
            sgd_step(tensor, velocity[name], gradients[name], active, fleet.rates[step, active], momentum, decay)
    return params


@torch.no_grad()
def sgd_step(
    tensor: Tensor,
    velocity: Tensor,
    gradient: Tensor,
    active: Tensor,
    rates: Tensor,
    momentum: Tensor,
    decay: Tensor,
) -> None:
    """One step of torch.optim.SGD for the active runs: weight decay joins the gradient before the momentum."""

    def per_run(values: Tensor) -> Tensor:
        return values.view(-1, *[1] * (tensor.ndim - 1))

    gradient = gradient + per_run(decay[active]) * tensor[active]
    velocity[active] = per_run(momentum[active]) * velocity[active] + gradient
    tensor[active] -= per_run(rates) * velocity[active]
