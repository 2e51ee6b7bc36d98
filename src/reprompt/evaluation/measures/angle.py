"""The angle between ProGrad's two gradients during training (ProGrad, Figure 6).

`angle` (epochs,): mean over an epoch's steps of the angle in degrees between G_d and G_g, all learned tensors as one
vector. It is measured on the step's own batch, before the step. A step whose general gradient is none, or
no more than rounding (the rule's `floor`), has no angle.
"""

import numpy as np
import torch

from reprompt.cells.axes import GeneralDirection
from reprompt.cells.cell import Cell, TestSet
from reprompt.evaluation.measures.measure import LearnerOf, TrainingState
from reprompt.evaluation.task_data import Tasks
from reprompt.foundation.arrays import Arrays
from reprompt.gradients.prograd import has_direction, two_gradients


def training_hook(cells: list[Cell], tasks: Tasks, learner_for: LearnerOf) -> "Angles":
    """The hook of a fleet of ProGrad runs."""
    epochs = [cell.tuned.epochs for cell in cells]
    return Angles(epochs, cells[0].settings_of("gradient"), [cell.tests[0] for cell in cells])


class Angles:
    """Sums angles per run and epoch; needs the teacher of a ProGrad recipe (with strength 0 that is CoOp)."""

    def __init__(self, epochs: list[int], rule: GeneralDirection, first_tests: list[TestSet]):
        self.epochs, self.rule, self.first_tests = epochs, rule, first_tests
        self.sums = torch.zeros(len(epochs), max(epochs), dtype=torch.float64)
        self.counts = torch.zeros_like(self.sums)

    def after_step(self, state: TrainingState) -> None:
        """Add the angles of a step."""
        _, g_task, g_general = two_gradients(state.step, self.rule.temperature)
        flat = [torch.cat([tensor.flatten(1) for tensor in g.values()], dim=1).double() for g in (g_task, g_general)]
        norms = flat[0].norm(dim=1) * flat[1].norm(dim=1)
        cosines = (flat[0] * flat[1]).sum(dim=1) / norms.clamp(min=1e-30)
        there = ((norms > 0) & has_direction(*flat, self.rule.floor).flatten()).cpu()
        epochs = state.epoch[state.active].cpu()
        angles = torch.rad2deg(torch.arccos(cosines.clamp(-1, 1))).cpu()
        indices = state.active.cpu()[there], epochs[there]
        self.sums.index_put_(indices, angles[there], accumulate=True)
        self.counts.index_put_(indices, torch.ones(int(there.sum()), dtype=torch.float64), accumulate=True)

    def state(self) -> dict:
        """The sums so far."""
        return {"sums": self.sums, "counts": self.counts}

    def resume(self, state: dict) -> None:
        """Go on from sums."""
        self.sums, self.counts = state["sums"], state["counts"]

    def arrays(self) -> list[dict[TestSet, Arrays]]:
        """The mean of every epoch; NaN where an epoch had no angle."""
        means = (self.sums / self.counts).numpy().astype(np.float16)
        rows = zip(self.first_tests, means, self.epochs, strict=True)
        return [{test: {"angle": mean[:count]}} for test, mean, count in rows]
