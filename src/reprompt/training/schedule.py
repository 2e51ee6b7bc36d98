"""The learning rate of every step of a run, by what it is tuned."""

import math
from dataclasses import dataclass
from typing import Literal

from reprompt.cells.fleets import SCHEDULE
from reprompt.cells.tuning import LastBatch, Tuned, batches_of


@dataclass(frozen=True)
class Schedule:
    """By epoch CoOp's: one epoch at `warmup_rate`, then a cosine that restarts its count after the warm-up.

    The cosine has advanced epochs - 2 of `epochs` steps in the last epoch, so the rate never reaches zero. By step
    there is no warm-up, and the cosine has advanced all but one of its steps in the last one, to `last_rate`; with no
    cosine the rate stays.

    `steps_per_epoch` None means the images of the run divided by the batch, which is in images; `last_batch` says what
    becomes of the remainder. `epsilon` is Adam's.
    """

    rate: float
    warmup_rate: float
    epochs: int
    steps_per_epoch: int | None
    batch: int
    momentum: float
    weight_decay: float
    last_batch: LastBatch = "dropped"
    epsilon: float = 1e-8
    cosine: Literal["by_epoch", "by_step", "none"] = "by_epoch"
    last_rate: float = 0.0

    def rate_in(self, epoch: int) -> float:
        """Learning rate of epoch 1 ... epochs."""
        if epoch == 1:
            return self.warmup_rate
        return 0.5 * self.rate * (1 + math.cos(math.pi * (epoch - 2) / self.epochs))

    def steps_in_epoch(self, images: int) -> int:
        """Steps per epoch of a run with that many images."""
        return self.steps_per_epoch or batches_of(images, self.batch, self.last_batch)

    def rates(self, images: int) -> list[float]:
        """The rate of every step of a run with that many images: epochs times steps per epoch."""
        per_epoch = self.steps_in_epoch(images)
        if self.cosine == "none":
            return [self.rate] * (self.epochs * per_epoch)
        if self.cosine == "by_step":
            steps, falls = self.epochs * per_epoch, self.rate - self.last_rate
            return [self.last_rate + 0.5 * falls * (1 + math.cos(math.pi * step / steps)) for step in range(steps)]
        return [self.rate_in(epoch) for epoch in range(1, self.epochs + 1) for _ in range(per_epoch)]


def schedule_of(tuned: Tuned) -> Schedule:
    """The part of what a run is tuned by that is its schedule."""
    return Schedule(**{name: getattr(tuned, name) for name in SCHEDULE})
