"""The one training loop: a fleet of runs over one frozen backbone, along the run axis.

Every step samples a batch per run, lets the gradient rule ask the learner for features and the objective for losses,
and steps SGD per run. A run's batches, schedule and start come from its own seed: its result does not depend on
which other runs share the fleet.

    R runs, B images per batch, N images of a run, E joint width, K classes
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from reprompt.gradients.step import Rule, Step
from reprompt.learners.learner import Learner, Params, Sees
from reprompt.measures.measure import Moment, Watcher
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

    `labels` are class indices (N,) or, for images of several classes, non-negative (N, K). `allowed` (N, K) says which
    classes belong to an image's own task, where several tasks are trained together.
    """

    images: Tensor
    labels: Tensor
    start: Params
    schedule: Schedule
    batches: torch.Generator
    views: torch.Generator
    allowed: Tensor | None = None

    def batch_plan(self, views: int) -> tuple[Tensor, Tensor]:
        """Places in the few-shot set and views, (steps, b) each: whole permutations, their remainders dropped."""
        count = len(self.images)
        size = min(self.schedule.batch, count)
        steps = len(self.schedule.rates(count))
        whole = count // size
        rounds = [torch.randperm(count, generator=self.batches)[: whole * size] for _ in range(-(-steps // whole))]
        places = torch.cat(rounds).view(-1, size)[:steps]
        return places, torch.randint(views, places.shape, generator=self.views)


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


@dataclass(frozen=True)
class Images:
    """The training images of a task, in every augmented view: `features` (V, N, E), normalised, of the frozen tower.

    `pixels` (V, N, H, W, 3), uint8, are there for learners that prompt the image tower, whose input `normalise` makes.
    """

    features: Tensor
    pixels: Tensor | None = None
    normalise: Callable[[Tensor], Tensor] | None = None

    def batch(self, sees: Sees, views: Tensor, images: Tensor) -> Tensor:
        """What a learner gets of images (R, B) in their views (R, B)."""
        if sees == "features":
            return self.features[views, images]
        return self.normalise(self.pixels[views, images])


def train(
    runs: list[Run],
    images: Images,
    learner: Learner,
    objective: Objective,
    rule: Rule,
    teacher: Tensor | None = None,
    watchers: Sequence[Watcher] = (),
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
    velocity = {name: torch.zeros_like(tensor) for name, tensor in params.items()}
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
        sgd_step(params, velocity, gradients, active, fleet.rates[step, active], momentum, decay)
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
