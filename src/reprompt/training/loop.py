"""The one training loop: a fleet of runs over one frozen backbone, along the run axis.

Every step samples a batch per run, lets the gradient rule ask the learner for features and the objective for losses,
and steps SGD per run. A run's batches, schedule and start come from its own seed: its result does not depend on
which other runs share the fleet.

    R runs, B images per batch, N images of a run, E joint width, K classes
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from reprompt.clip.params import Params
from reprompt.evaluation.images import Images
from reprompt.evaluation.measures.measure import Moment, Watcher
from reprompt.gradients.step import Rule, Step
from reprompt.learners.learner import Learner
from reprompt.objectives.batch import Batch, Objective


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
    """One run of a fleet: its few-shot set as indices (N,) into the task's images, labels, start and streams.

    `labels` are class indices (N,) or, for images of several classes, non-negative (N, K). Where several tasks are
    trained together, `allowed` (N, K) says which classes belong to an image's own task, `task_of` (N,) which that is.

    `sampling` "image" takes whole permutations of the set, "task" a task by chance and then one of its images (so that
    every task has the same weight), "in_order" the images as they are laid, the same in every epoch.
    """

    images: Tensor
    labels: Tensor
    start: Params
    schedule: Schedule
    batches: torch.Generator
    views: torch.Generator
    allowed: Tensor | None = None
    task_of: Tensor | None = None
    sampling: str = "image"

    def batch_plan(self, views: int) -> tuple[Tensor, Tensor]:
        """Places in the few-shot set and views, (steps, b) each."""
        count = len(self.images)
        size = min(self.schedule.batch, count)
        steps = len(self.schedule.rates(count))
        places = {"image": self._permuted, "task": self._task_by_task, "in_order": self._in_order}[self.sampling](
            steps, size
        )
        return places, torch.randint(views, places.shape, generator=self.views)

    def _permuted(self, steps: int, size: int) -> Tensor:
        """Whole permutations, their remainders dropped."""
        whole = len(self.images) // size
        rounds = [
            torch.randperm(len(self.images), generator=self.batches)[: whole * size] for _ in range(-(-steps // whole))
        ]
        return torch.cat(rounds).view(-1, size)[:steps]

    def _task_by_task(self, steps: int, size: int) -> Tensor:
        sizes = torch.bincount(self.task_of)
        tasks = torch.randint(len(sizes), (steps, size), generator=self.batches)
        within = (torch.rand(steps, size, generator=self.batches) * sizes[tasks]).long()
        return (sizes.cumsum(0) - sizes)[tasks] + within

    def _in_order(self, steps: int, size: int) -> Tensor:
        whole = len(self.images) // size
        return torch.arange(whole * size).view(-1, size).repeat(-(-steps // whole), 1)[:steps]


@dataclass(frozen=True)
class Fleet:
    """The runs side by side, shorter ones padded: few-shot sets (R, N, ...) and batches (steps, R, B).

    `places` are places in a run's few-shot set. Weights are 1/b for a run's own b images and 0 for padding and for the
    steps after its last.
    """

    images: Tensor
    labels: Tensor
    allowed: Tensor | None
    places: Tensor
    views: Tensor
    weights: Tensor
    rates: Tensor
    steps: Tensor
    per_epoch: Tensor

    @classmethod
    def of(cls, runs: list[Run], views: int) -> "Fleet":
        """Lay out the sets and batches of all runs."""
        plans = [run.batch_plan(views) for run in runs]
        shape = (max(len(p) for p, _ in plans), len(runs), max(p.shape[1] for p, _ in plans))
        places, chosen = (torch.zeros(shape, dtype=torch.long) for _ in range(2))
        weights, rates = torch.zeros(shape), torch.zeros(shape[:2])
        for r, (run, (which, view)) in enumerate(zip(runs, plans, strict=True)):
            steps, size = which.shape
            places[:steps, r, :size] = which
            chosen[:steps, r, :size] = view
            weights[:steps, r, :size] = 1 / size
            rates[:steps, r] = torch.tensor(run.schedule.rates(len(run.images)))
        return cls(
            pad_sequence([run.images for run in runs], batch_first=True),
            pad_sequence([run.labels for run in runs], batch_first=True),
            None if runs[0].allowed is None else pad_sequence([run.allowed for run in runs], batch_first=True),
            places,
            chosen,
            weights,
            rates,
            torch.tensor([len(p) for p, _ in plans]),
            torch.tensor([run.schedule.steps_in_epoch(len(run.images)) for run in runs]),
        )

    def to(self, device: torch.device) -> "Fleet":
        """The same on another device."""
        return Fleet(**{name: None if tensor is None else tensor.to(device) for name, tensor in vars(self).items()})

    def batch(self, step: int, runs: Tensor) -> tuple[Tensor, Tensor, Batch]:
        """Of some runs (R,) at a step: their images and views (R, B), and what the objective sees of them."""
        which = runs[:, None], self.places[step, runs]
        allowed = None if self.allowed is None else self.allowed[which]
        batch = Batch(self.labels[which], self.weights[step, runs], runs, allowed=allowed)
        return self.images[which], self.views[step, runs], batch

    def moment(self, step: int, active: Tensor, seen: Step, params: Params) -> Moment:
        """What watchers see of a step."""
        ends = ((step + 1) % self.per_epoch == 0) & (self.steps > step)
        return Moment(active, seen, ends, step // self.per_epoch, params)


def train(
    runs: list[Run],
    images: Images,
    learner: Learner,
    objective: Objective,
    rule: Rule,
    teacher: Tensor | None = None,
    watchers: Sequence[Watcher] = (),
    optimiser: Literal["sgd", "adam"] = "sgd",
) -> Params:
    """Tune all runs and return their prompts, each tensor (R, ...).

    `teacher` (K, E), or (R, K, E) for a teacher per run, are the class features that a teacher classifies the frozen
    image features with. Runs of different length are one fleet: those that have ended leave it. `watchers` see every
    step after it was taken.
    """
    device = images.features.device
    fleet = Fleet.of(runs, len(images.features)).to(device)
    momentum, decay = ([getattr(run.schedule, name) for run in runs] for name in ("momentum", "weight_decay"))
    momentum, decay = torch.tensor(momentum, device=device), torch.tensor(decay, device=device)
    params = {name: torch.stack([run.start[name] for run in runs]).to(device) for name in runs[0].start}
    moments = [{name: torch.zeros_like(tensor) for name, tensor in params.items()} for _ in range(2)]
    if teacher is not None:
        teacher = teacher.expand(len(runs), *teacher.shape[-2:])
    for step in range(len(fleet.places)):
        active = (fleet.steps > step).nonzero().flatten()
        leaves = {name: tensor[active].requires_grad_(True) for name, tensor in params.items()}
        which, views, batch = fleet.batch(step, active)
        if teacher is not None:
            logits = learner.backbone.scale * images.features[views, which] @ teacher[active].transpose(1, 2)
            batch = replace(batch, teacher=logits)
        forward = partial(learner.forward, leaves, images.batch(learner.sees, views, which))
        seen = Step(leaves, forward, objective, batch)
        losses, gradients = rule(seen)
        if not torch.isfinite(losses).all():
            bad = active[~torch.isfinite(losses)].tolist()
            raise FloatingPointError(f"the loss of runs {bad} is not finite at step {step}: lower the learning rate")
        rates = fleet.rates[step, active]
        if optimiser == "adam":
            adam_step(params, moments, gradients, active, rates, decay, step + 1)
        else:
            sgd_step(params, moments[0], gradients, active, rates, momentum, decay)
        for watcher in watchers:
            watcher.see(fleet.moment(step, active, seen, params))
    return params


@torch.no_grad()
def sgd_step(
    params: Params,
    velocity: Params,
    gradients: Params,
    active: Tensor,
    rates: Tensor,
    momentum: Tensor,
    decay: Tensor,
) -> None:
    """One step of torch.optim.SGD for the active runs (R',): weight decay joins the gradient before the momentum."""
    for name, tensor in params.items():
        momentum_, decay_, rates_ = (
            values.view(-1, *[1] * (tensor.ndim - 1)) for values in (momentum[active], decay[active], rates)
        )
        gradient = gradients[name] + decay_ * tensor[active]
        velocity[name][active] = momentum_ * velocity[name][active] + gradient
        tensor[active] -= rates_ * velocity[name][active]


@torch.no_grad()
def adam_step(
    params: Params,
    moments: list[Params],
    gradients: Params,
    active: Tensor,
    rates: Tensor,
    decay: Tensor,
    step: int,
    betas: tuple[float, float] = (0.9, 0.999),
    epsilon: float = 1e-8,
) -> None:
    """Step `step` = 1, 2, ... of torch.optim.Adam for the active runs (R',), active from the first step on."""
    for name, tensor in params.items():
        decay_, rates_ = (values.view(-1, *[1] * (tensor.ndim - 1)) for values in (decay[active], rates))
        gradient = gradients[name] + decay_ * tensor[active]
        first, second = (moment[name] for moment in moments)
        first[active] = betas[0] * first[active] + (1 - betas[0]) * gradient
        second[active] = betas[1] * second[active] + (1 - betas[1]) * gradient.square()
        mean, square = first[active] / (1 - betas[0] ** step), second[active] / (1 - betas[1] ** step)
        tensor[active] -= rates_ * mean / (square.sqrt() + epsilon)
