"""What an objective sees of a training step beside the learner's output.

R runs, B images, K classes, E joint width
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from reprompt.foundation.block import Block
from reprompt.learners.output import LearnerOutput


@dataclass(frozen=True)
class Reference:
    """What the untouched CLIP makes of a step: features of length 1 of the classes (K, E) and of the images (R, B, E).

    The images are in the views of the step, and in the tower without prompts.
    """

    classes: Tensor
    images: Tensor


@dataclass(frozen=True)
class Batch:
    """The images of one step of R runs.

    `labels` (R, B) are class indices; or (R, B, K) non-negative, for images of several classes. `weights` (R, B) are
    1/b for a run's own b images and 0 for padding. `runs` (R,) are the runs' indices in the fleet. `teacher` (R, B, K)
    are a teacher's logits; `allowed` (R, B, K) says which classes belong to the image's own task. `reference` is there
    for objectives that are `Referenced`.
    """

    labels: Tensor
    weights: Tensor
    runs: Tensor
    teacher: Tensor | None = None
    allowed: Tensor | None = None
    reference: Reference | None = None


Objective = Callable[[LearnerOutput, Batch], Tensor]


def per_run(settings: Sequence[Block], name: str, batch: Batch) -> Tensor:
    """One setting of the runs in a batch: (R,). `settings` are those of every run of the fleet."""
    values = [getattr(of_run, name) for of_run in settings]
    return torch.tensor(values, device=batch.weights.device, dtype=batch.weights.dtype)[batch.runs]


def mean_over_images(of_classes: Tensor, batch: Batch) -> Tensor:
    """A term on class features per run (R,): as it is, or of features per image (R, B) its mean over the images."""
    return (of_classes * batch.weights).sum(dim=-1) if of_classes.ndim == 2 else of_classes
