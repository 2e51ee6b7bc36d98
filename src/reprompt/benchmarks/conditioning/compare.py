"""A fleet trained twice, as it is and disturbed: how many predictions differ, and by how much a cell's accuracy."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reprompt.benchmarks.conditioning.disturbance import Disturbance
from reprompt.cells.cell import Cell
from reprompt.clip.backbones import Backbone
from reprompt.evaluation.evaluate import Results
from reprompt.evaluation.metrics import accuracy_percent
from reprompt.evaluation.task_data import Tasks
from reprompt.training.fleets import run_fleet
from reprompt.training.given import NOTHING, Given


@dataclass(frozen=True)
class Changed:
    """Of so many runs the predictions on all test sets, those that differ, and the largest change of an accuracy.

    The accuracy is that of one run on one test set, its change in points.
    """

    runs: int
    predictions: int
    changed: int
    largest_change: float

    @property
    def percent(self) -> float:
        """The share of predictions that differ."""
        return 100 * self.changed / self.predictions


def trained_twice(
    cells: Sequence[Cell], tasks: Tasks, backbone: Backbone, disturbance: Disturbance, given: Given = NOTHING
) -> Changed:
    """Train and evaluate a fleet as the studies do, and once more with everything frozen disturbed."""
    as_it_is = results_of(cells, tasks, backbone, given)
    frozen = disturbance.of_tasks(tasks), disturbance.of_backbone(backbone), disturbance.of_given(given)
    return changed(cells, tasks, as_it_is, results_of(cells, *frozen))


def results_of(cells: Sequence[Cell], tasks: Tasks, backbone: Backbone, given: Given) -> list[Results]:
    """The results of a fleet."""
    return [finished.results for finished in run_fleet(list(cells), tasks, backbone, given)]


def changed(cells: Sequence[Cell], tasks: Tasks, one: Sequence[Results], other: Sequence[Results]) -> Changed:
    """What differs between two trainings of the same cells."""
    predictions, differing, largest = 0, 0, 0.0
    for cell, *pair in zip(cells, one, other, strict=True):
        for test in cell.tests:
            first, second = (results[test].predictions for results in pair)
            targets = tasks[test.task].split.test_targets(test.split, cell.judged_images)
            predictions += len(first)
            differing += int(np.count_nonzero(first != second))
            largest = max(largest, abs(accuracy_percent(first, targets) - accuracy_percent(second, targets)))
    return Changed(len(cells), predictions, differing, largest)
