"""The one training loop: a fleet of runs over one frozen backbone, along the run axis.

Every step samples a batch per run, lets the gradient rule ask the learner for features and the objective for losses,
and steps the optimiser per run. A run's batches, schedule and start come from its own seed: its result does not depend
on which other runs share the fleet.

    R runs of the fleet, R' of them active in a step, B images per batch, N images of a run, E joint width, K classes
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from reprompt.cells.tuning import OptimiserName
from reprompt.clip.params import Params
from reprompt.evaluation.images import Images
from reprompt.evaluation.measures.measure import TrainingHook, TrainingState
from reprompt.gradients.step import TrainingStep
from reprompt.objectives.batch import Batch, Reference
from reprompt.training.optimisers import SGD, Adam, AdamW, Optimiser
from reprompt.training.run import NO_IMAGE, Run
from reprompt.training.step import TrainingMethod, training_step


@dataclass(frozen=True)
class FrozenClasses:
    """Class features of the frozen CLIP that steps are compared with.

    Those of a `teacher` (K, E), or (R, K, E) for a teacher per run, classify the frozen image features; those of the
    `reference` are (K, E).
    """

    teacher: Tensor | None = None
    reference: Tensor | None = None

    def of_runs(self, count: int) -> "FrozenClasses":
        """The same with a teacher for each of R runs."""
        if self.teacher is None:
            return self
        return replace(self, teacher=self.teacher.expand(count, *self.teacher.shape[-2:]))

    @property
    def are_there(self) -> bool:
        return self.teacher is not None or self.reference is not None

    def beside(self, batch: Batch, images: Tensor, scale: Tensor) -> Batch:
        """A batch with what it is compared with, given the frozen features (R', B, E) of its images."""
        if self.teacher is not None:
            batch = replace(batch, teacher=scale * images @ self.teacher[batch.runs].transpose(1, 2))
        if self.reference is not None:
            batch = replace(batch, reference=Reference(self.reference, images))
        return batch


NO_CLASSES = FrozenClasses()


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

    def shown(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Step after step the views and the images (R', B) of these runs."""
        for step in range(len(self.indices)):
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
    frozen: FrozenClasses = NO_CLASSES,
    hooks: Sequence[TrainingHook] = (),
    optimiser: OptimiserName = "sgd",
) -> Params:
    """Tune all runs and return their tensors, each (R, ...), on the device of the images' features.

    Runs of different length are one fleet: those that have ended leave it. `hooks` see every step after it was taken.
    Raises FloatingPointError where a loss is not finite.
    """
    device, learner = images.features.device, method.learner
    planned = Batches.of(runs, len(images.features))
    batches, seen = planned.to(device), images.batches(learner.sees, planned.shown())
    params = {name: torch.stack([run.start[name] for run in runs]).to(device) for name in runs[0].start}
    stepping, frozen = optimiser_of(optimiser, runs, method, params), frozen.of_runs(len(runs))
    for number in range(len(batches.indices)):
        active = batches.active(number)
        chosen, views, batch = batches.batch(number, active)
        if frozen.are_there:
            batch = frozen.beside(batch, images.features[views, chosen], learner.backbone.scale)
        step = method.step_on(params, next(seen), batch)
        training_step(step, method.rule, stepping, batches.rates[number, active])
        for hook in hooks:
            hook.after_step(batches.state(number, step, params))
    return params


def optimiser_of(name: OptimiserName, runs: list[Run], method: TrainingMethod, params: Params) -> Optimiser:
    """The optimiser of runs, whose schedules have its settings, for what is learned of their tensors (R, ...)."""
    device = next(iter(params.values())).device
    decay, momentum, epsilon = (
        torch.tensor([getattr(run.schedule, setting) for run in runs], device=device)
        for setting in ("weight_decay", "momentum", "epsilon")
    )
    if name == "own":
        return method.learner.optimiser(params, momentum)
    learned = method.learned(params)
    if name == "sgd":
        return SGD(learned, decay, momentum)
    return {"adam": Adam, "adamw": AdamW}[name](learned, decay, epsilon)
