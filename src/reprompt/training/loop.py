"""The one training loop: a fleet of runs over one frozen backbone, along the run axis.

Every step samples a batch per run, lets the gradient rule ask the learner for features and the objective for losses,
and steps the optimiser per run. A run's batches, schedule and start come from its own seed: its result does not depend
on which other runs share the fleet.

    R runs, B images per batch, N images of a run, E joint width, K classes
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from reprompt.clip.params import Params
from reprompt.evaluation.images import Images
from reprompt.evaluation.measures.measure import TrainingHook, TrainingState
from reprompt.gradients.step import Step
from reprompt.objectives.batch import Batch
from reprompt.training.optimisers import SGD, Adam, Optimiser
from reprompt.training.run import Run
from reprompt.training.step import Method, training_step


@dataclass(frozen=True)
class Batches:
    """The runs of a fleet side by side, shorter ones padded: few-shot sets (R, N, ...) and batches (steps, R, B).

    `indices` are those in a run's few-shot set. Weights are 1/b for a run's own b images and 0 for padding and for the
    steps after its last.
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
        """Lay out the sets and batches of all runs."""
        plans = [run.batch_plan(views) for run in runs]
        shape = (max(len(p) for p, _ in plans), len(runs), max(p.shape[1] for p, _ in plans))
        indices, chosen = (torch.zeros(shape, dtype=torch.long) for _ in range(2))
        weights, rates = torch.zeros(shape), torch.zeros(shape[:2])
        for r, (run, (which, view)) in enumerate(zip(runs, plans, strict=True)):
            steps, size = which.shape
            indices[:steps, r, :size] = which
            chosen[:steps, r, :size] = view
            weights[:steps, r, :size] = 1 / size
            rates[:steps, r] = torch.tensor(run.schedule.rates(len(run.images)))
        return cls(
            pad_sequence([run.images for run in runs], batch_first=True),
            pad_sequence([run.labels for run in runs], batch_first=True),
            None if runs[0].allowed is None else pad_sequence([run.allowed for run in runs], batch_first=True),
            indices,
            chosen,
            weights,
            rates,
            torch.tensor([len(p) for p, _ in plans]),
            torch.tensor([run.schedule.steps_in_epoch(len(run.images)) for run in runs]),
        )

    def to(self, device: torch.device) -> "Batches":
        """The same on another device."""
        return Batches(**{name: None if tensor is None else tensor.to(device) for name, tensor in vars(self).items()})

    def batch(self, step: int, runs: Tensor) -> tuple[Tensor, Tensor, Batch]:
        """Of some runs (R,) at a step: their images and views (R, B), and what the objective sees of them."""
        which = runs[:, None], self.indices[step, runs]
        allowed = None if self.allowed is None else self.allowed[which]
        batch = Batch(self.labels[which], self.weights[step, runs], runs, allowed=allowed)
        return self.images[which], self.views[step, runs], batch

    def state(self, number: int, step: Step, params: Params) -> TrainingState:
        """What hooks see of a step."""
        ends = ((number + 1) % self.per_epoch == 0) & (self.steps > number)
        return TrainingState(step.batch.runs, step, ends, number // self.per_epoch, params)


def train(
    runs: list[Run],
    images: Images,
    method: Method,
    teacher: Tensor | None = None,
    hooks: Sequence[TrainingHook] = (),
    optimiser: Literal["sgd", "adam"] = "sgd",
) -> Params:
    """Tune all runs and return their prompts, each tensor (R, ...).

    `teacher` (K, E), or (R, K, E) for a teacher per run, are the class features that a teacher classifies the frozen
    image features with. Runs of different length are one fleet: those that have ended leave it. `hooks` see every
    step after it was taken.
    """
    device, learner = images.features.device, method.learner
    batches = Batches.of(runs, len(images.features)).to(device)
    params = {name: torch.stack([run.start[name] for run in runs]).to(device) for name in runs[0].start}
    stepping = optimiser_of(optimiser, runs, params)
    if teacher is not None:
        teacher = teacher.expand(len(runs), *teacher.shape[-2:])
    for number in range(len(batches.indices)):
        active = (batches.steps > number).nonzero().flatten()
        which, views, batch = batches.batch(number, active)
        if teacher is not None:
            logits = learner.backbone.scale * images.features[views, which] @ teacher[active].transpose(1, 2)
            batch = replace(batch, teacher=logits)
        step = method.step_on(params, images.batch(learner.sees, views, which), batch)
        training_step(step, method.rule, stepping, batches.rates[number, active])
        for hook in hooks:
            hook.after_step(batches.state(number, step, params))
    return params


def optimiser_of(name: Literal["sgd", "adam"], runs: list[Run], params: Params) -> Optimiser:
    """The optimiser of runs, whose schedules have its settings, for their learned tensors (R, ...)."""
    device = next(iter(params.values())).device
    decay, momentum = (
        torch.tensor([getattr(run.schedule, setting) for run in runs], device=device)
        for setting in ("weight_decay", "momentum")
    )
    return Adam(params, decay) if name == "adam" else SGD(params, decay, momentum)
