"""The one training loop: a fleet of runs over one frozen backbone, along the run axis.

Every step samples a batch per run, lets the gradient rule ask the learner for features and the objective for losses,
and steps the optimiser per run. A run's batches, schedule and start come from its own seed: its result does not depend
on which other runs share the fleet.

    R runs of the fleet, R' of them active in a step, B images per batch, N images of a run, E joint width, K classes
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from reprompt.clip.params import Params
from reprompt.evaluation.images import Images
from reprompt.evaluation.measures.measure import TrainingHook, TrainingState
from reprompt.gradients.step import TrainingStep
from reprompt.objectives.batch import Batch
from reprompt.training.checkpoint import Checkpoint, nowhere
from reprompt.training.optimisers import SGD, Adam, Optimiser
from reprompt.training.run import NO_IMAGE, Run
from reprompt.training.step import TrainingMethod, training_step


@dataclass(frozen=True)
class Batches:
    """The runs of a fleet side by side, shorter ones padded: few-shot sets, and the batches of S steps.

    `images` (R, N) index the training images, `indices` (S, R, B) a run's few-shot set. `labels` are (R, N) or
    (R, N, K), `allowed` (R, N, K). `weights` (S, R, B) are 1/b for the b images of a run's batch and 0 for padding and
    for the steps after its last; `rates` (S, R) are learning rates. `steps` (R,) are those of a run, `per_epoch` (R,)
    of its epoch.
    """

    images: Tensor
    labels: Tensor
    allowed: Tensor | None
    indices: Tensor
    views: Tensor
    weights: Tensor
    rates: Tensor
    steps: Tensor
    per_epoch: Tensor

    @classmethod
    def of(cls, runs: list[Run], views: int) -> "Batches":
        """Lay out the sets and batches of all runs, whose images have so many views."""
        plans = [run.batch_plan(views) for run in runs]
        shape = (max(len(p) for p, _ in plans), len(runs), max(p.shape[1] for p, _ in plans))
        indices, views_of_all = (torch.zeros(shape, dtype=torch.long) for _ in range(2))
        weights, rates = torch.zeros(shape), torch.zeros(shape[:2])
        for r, (run, (indices_of_run, views_of_run)) in enumerate(zip(runs, plans, strict=True)):
            steps, size = indices_of_run.shape
            there = indices_of_run != NO_IMAGE
            indices[:steps, r, :size] = indices_of_run.where(there, 0)
            views_of_all[:steps, r, :size] = views_of_run
            weights[:steps, r, :size] = there / there.sum(dim=1, keepdim=True)
            rates[:steps, r] = torch.tensor(run.schedule.rates(len(run.images)))
        with_allowed = runs[0].allowed is not None
        return cls(
            images=pad_sequence([run.images for run in runs], batch_first=True),
            labels=pad_sequence([run.labels for run in runs], batch_first=True),
            allowed=pad_sequence([run.allowed for run in runs], batch_first=True) if with_allowed else None,
            indices=indices,
            views=views_of_all,
            weights=weights,
            rates=rates,
            steps=torch.tensor([len(p) for p, _ in plans]),
            per_epoch=torch.tensor([run.schedule.steps_in_epoch(len(run.images)) for run in runs]),
        )

    def to(self, device: torch.device) -> "Batches":
        """The same on another device."""
        return Batches(**{name: None if tensor is None else tensor.to(device) for name, tensor in vars(self).items()})

    def active(self, step: int) -> Tensor:
        """The runs (R',) that are not done at a step."""
        return (self.steps > step).nonzero().flatten()

    def shown(self, first: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
        """Step after step, from `first` on, the views and the images (R', B) of these runs."""
        for step in range(first, len(self.indices)):
            runs = self.active(step)
            yield self.views[step, runs], self.images[runs[:, None], self.indices[step, runs]]

    def batch(self, step: int, runs: Tensor) -> tuple[Tensor, Tensor, Batch]:
        """Of some runs (R',) at a step: their images and views (R', B), and what the objective sees of them."""
        chosen = runs[:, None], self.indices[step, runs]
        allowed = None if self.allowed is None else self.allowed[chosen]
        batch = Batch(self.labels[chosen], self.weights[step, runs], runs, allowed=allowed)
        return self.images[chosen], self.views[step, runs], batch

    def state(self, number: int, step: TrainingStep, params: Params) -> TrainingState:
        """What hooks see of the step of that number, from 0; `params` are the whole fleet's, each (R, ...)."""
        ends = ((number + 1) % self.per_epoch == 0) & (self.steps > number)
        return TrainingState(step.batch.runs, step, ends, number // self.per_epoch, params)


def train(
    runs: list[Run],
    images: Images,
    method: TrainingMethod,
    teacher: Tensor | None = None,
    hooks: Sequence[TrainingHook] = (),
    optimiser: Literal["sgd", "adam"] = "sgd",
    checkpoint: Checkpoint | None = None,
) -> Params:
    """Tune all runs and return their learned tensors, each (R, ...), on the device of the images' features.

    `teacher` (K, E), or (R, K, E) for a teacher per run, are the class features that a teacher classifies the frozen
    image features with. Runs of different length are one fleet: those that have ended leave it. `hooks` see every
    step after it was taken. It goes on from a `checkpoint` that was kept. Raises FloatingPointError where a loss is not
    finite.
    """
    checkpoint = checkpoint or nowhere()
    device, learner = images.features.device, method.learner
    planned = Batches.of(runs, len(images.features))
    batches = planned.to(device)
    params = {name: torch.stack([run.start[name] for run in runs]).to(device) for name in runs[0].start}
    stepping = optimiser_of(optimiser, runs, params)
    parts = [stepping, *hooks]
    if (kept := checkpoint.restored()) is not None:
        for part, state in zip(parts, kept["parts"], strict=True):
            part.resume(state)
    seen = images.batches(learner.sees, planned.shown(stepping.steps))
    if teacher is not None:
        teacher = teacher.expand(len(runs), *teacher.shape[-2:])
    steps = len(batches.indices)
    for number in range(stepping.steps, steps):
        active = batches.active(number)
        chosen, views, batch = batches.batch(number, active)
        if teacher is not None:
            logits = learner.backbone.scale * images.features[views, chosen] @ teacher[active].transpose(1, 2)
            batch = replace(batch, teacher=logits)
        step = method.step_on(params, next(seen), batch)
        training_step(step, method.rule, stepping, batches.rates[number, active])
        for hook in hooks:
            hook.after_step(batches.state(number, step, params))
        checkpoint.after_step(lambda: {"parts": [part.state() for part in parts]}, is_last=number + 1 == steps)
    return params


def optimiser_of(name: Literal["sgd", "adam"], runs: list[Run], params: Params) -> Optimiser:
    """The optimiser of runs, whose schedules have its settings, for their learned tensors (R, ...)."""
    device = next(iter(params.values())).device
    decay, momentum = (
        torch.tensor([getattr(run.schedule, setting) for run in runs], device=device)
        for setting in ("weight_decay", "momentum")
    )
    return Adam(params, decay) if name == "adam" else SGD(params, decay, momentum)
