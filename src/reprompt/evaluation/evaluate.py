"""Evaluating learned tensors: one forward pass per batch of images, whose output every hook sees.

Test sets, validation images, curves of training and prompts kept from elsewhere are all evaluated here.

    R runs, B images of a batch, N images of a set, K classes
"""

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import Tensor

from reprompt.cells.cell import Cell, TestSet
from reprompt.cells.result import Result
from reprompt.clip.params import Params
from reprompt.evaluation.images import EvaluationBatch
from reprompt.evaluation.measures.measure import EvaluationHook, LearnerOf, measures_with
from reprompt.evaluation.metrics import RANKING, ranked
from reprompt.evaluation.task_data import Tasks
from reprompt.learners.learner import Learner
from reprompt.learners.output import LearnerOutput

Results = dict[TestSet, Result]


@torch.no_grad()
def evaluate(
    learner: Learner, params: Params, batches: Iterable[EvaluationBatch], hooks: Sequence[EvaluationHook]
) -> None:
    """Show every hook what the learner makes of every batch with its learned tensors, each (R, ...)."""
    for batch in batches:
        output = learner.forward(params, batch.images)
        for hook in hooks:
            hook.after_batch(output, batch)


class Logits:
    """Keeps the logits (R, N, K)."""

    def __init__(self) -> None:
        self.batches: list[Tensor] = []

    def after_batch(self, output: LearnerOutput, batch: EvaluationBatch) -> None:
        """Add the logits (R, B, K) of a batch."""
        self.batches.append(output.logits)

    @property
    def joined(self) -> Tensor:
        """(R, N, K), on the device of the batches."""
        return torch.cat(self.batches, dim=1)


class Predictions:
    """Keeps the class of highest score and, where `ranks`, the probabilities that a ranking metric asks for."""

    def __init__(self, ranks: bool = False) -> None:
        self.ranks = ranks
        self.best: list[Tensor] = []
        self.probabilities: list[Tensor] = []

    def after_batch(self, output: LearnerOutput, batch: EvaluationBatch) -> None:
        """Add a batch, whose logits are (R, B, K)."""
        logits = output.logits
        self.best.append(logits.argmax(dim=-1))
        if self.ranks:
            self.probabilities.append(logits.float().softmax(dim=-1).cpu())

    @property
    def joined(self) -> Tensor:
        """Class indices (R, N), on the CPU."""
        return torch.cat(self.best, dim=1).cpu()

    def results(self, targets: np.ndarray) -> list[Result]:
        """The result of every run by the targets, (N,) or (N, K)."""
        results = [Result(predictions, {}) for predictions in self.joined.numpy()]
        if self.ranks:
            for result, probabilities in zip(results, torch.cat(self.probabilities, dim=1), strict=True):
                result.measured.update(ranked(probabilities.numpy(), targets))
        return results


def results_of(cells: Sequence[Cell], tasks: Tasks, learner_for: LearnerOf, params: Params) -> list[Results]:
    """The results of a fleet's learned tensors, each (R, ...), on its test sets, with what its measures see of them.

    `learner_for` gives the learner among the classes of a test set. Learned tensors of one run, or of none where
    nothing is learned, are those of one cell.
    """
    by_test = {}
    for test in cells[0].tests:
        learner, data, at_most = learner_for(test), tasks[test.task], cells[0].judged_images
        predictions = Predictions(ranks=cells[0].metric(test.task) in RANKING)
        measures = measures_with("evaluation_hook", cells[0])
        hooks = [measure.evaluation_hook(cells, test, data, learner.backbone) for measure in measures]
        evaluate(learner, params, data.test_batches(learner, test.split, at_most), [predictions, *hooks])
        by_test[test] = predictions.results(data.split.test_targets(test.split, at_most))
        for hook in hooks:
            for result, arrays in zip(by_test[test], hook.arrays(), strict=True):
                result.measured.update(arrays)
    return [dict(zip(by_test, results, strict=True)) for results in zip(*by_test.values(), strict=True)]
