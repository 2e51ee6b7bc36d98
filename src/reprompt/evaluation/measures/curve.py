"""Accuracy during training: `curve` (epochs,), the number of right test images after each epoch.

Nothing is chosen by it: what a table shows is the result after the last epoch.
"""

from collections.abc import Callable

import torch

from reprompt.cells.cell import Cell, TestSet
from reprompt.clip.params import Params
from reprompt.evaluation.evaluate import Predictions, evaluate
from reprompt.evaluation.measures.measure import LearnerOf, TrainingState
from reprompt.evaluation.task_data import Tasks
from reprompt.foundation.arrays import Arrays

Predict = Callable[[Params, TestSet], torch.Tensor]


def training_hook(cells: list[Cell], tasks: Tasks, learner_for: LearnerOf) -> "Curves":
    """The hook of a fleet, on all of its test sets."""
    learners, at_most = {test: learner_for(test) for test in cells[0].tests}, cells[0].judged_images

    def predict(params: Params, test: TestSet) -> torch.Tensor:
        predictions = Predictions()
        batches = tasks[test.task].test_batches(learners[test], test.split, at_most)
        evaluate(learners[test], params, batches, [predictions])
        return predictions.joined

    targets = {
        test: torch.from_numpy(tasks[test.task].split.test_targets(test.split, at_most)) for test in cells[0].tests
    }
    return Curves([cell.tuned.epochs for cell in cells], targets, predict)


class Curves:
    """Evaluates runs that have finished an epoch. `predict` gives predictions (R', N) of some runs on a test set."""

    def __init__(self, epochs: list[int], targets: dict[TestSet, torch.Tensor], predict: Predict):
        self.epochs, self.targets, self.predict = epochs, targets, predict
        self.right = {test: torch.zeros(len(epochs), max(epochs), dtype=torch.long) for test in targets}

    def after_step(self, state: TrainingState) -> None:
        """Evaluate the runs whose epoch ends with this step."""
        runs = state.ends_epoch.nonzero().flatten()
        if not len(runs):
            return
        params = {name: tensor[runs] for name, tensor in state.params.items()}
        for test, targets in self.targets.items():
            right = (self.predict(params, test) == targets).sum(dim=1)
            self.right[test][runs.cpu(), state.epoch[runs].cpu()] = right.cpu()

    def state(self) -> dict:
        """The counts so far, test set by test set."""
        return {"right": list(self.right.values())}

    def resume(self, state: dict) -> None:
        """Go on from counts."""
        self.right = dict(zip(self.right, state["right"], strict=True))

    def arrays(self) -> list[dict[TestSet, Arrays]]:
        """The counts (epochs,) of every run by test set."""
        return [
            {test: {"curve": right[run, :count].numpy()} for test, right in self.right.items()}
            for run, count in enumerate(self.epochs)
        ]
