"""What an objective sees of a training step beside the learner's output.

R runs, B images, K classes
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from reprompt.foundation.block import Block
from reprompt.learners.output import LearnerOutput


@dataclass(frozen=True)
class Batch:
    """The images of one step of R runs.

    `labels` (R, B) are class indices; or (R, B, K) non-negative, for images of several classes. `weights` (R, B) are
    1/b for a run's own b images and 0 for padding. `runs` (R,) are the runs' indices in the fleet. `teacher` (R, B, K)
    are a teacher's logits; `allowed` (R, B, K) says which classes belong to the image's own task.
    """

    labels: Tensor
    weights: Tensor
    runs: Tensor
    teacher: Tensor | None = None
    allowed: Tensor | None = None


Objective = Callable[[LearnerOutput, Batch], Tensor]


def shared(settings: Sequence[Block], name: str) -> Any:
    """A setting that all runs of a fleet have in common. Raises ValueError where they have not."""
    values = dict.fromkeys(getattr(one, name) for one in settings)
    if len(values) != 1:
        raise ValueError(f"{name}: one value for all runs of a fleet, found {', '.join(map(str, values)) or 'none'}")
    return next(iter(values))


def per_run(settings: Sequence[Block], name: str, batch: Batch) -> Tensor:
    """One setting of the runs in a batch: (R,)."""
    values = torch.tensor(
        [getattr(one, name) for one in settings], device=batch.weights.device, dtype=batch.weights.dtype
    )
    return values[batch.runs]
