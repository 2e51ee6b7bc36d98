"""A fleet trained twice, as it is and disturbed: how many predictions differ, and by how much a cell's accuracy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from reprompt.benchmarks.conditioning.disturbance import Disturbance
from reprompt.cells.cell import Cell, TestSet
from reprompt.clip.backbones import Backbone
from reprompt.data.splits import Split
from reprompt.evaluation.evaluate import Results
from reprompt.evaluation.metrics import accuracy_percent
from reprompt.evaluation.task_data import Tasks
from reprompt.training.fleets import run_fleet
from reprompt.training.given import NOTHING, Given


@dataclass(frozen=True)
class Changed:
    """Of so many runs the predictions on all test sets, those that differ, and the largest change of an accuracy.

    The accuracy is that of one run on one test set, its change in points; `largest_printed` is that of a mean over the
    runs, which is what tables print of a task.
    """

    runs: int
    predictions: int
    changed: int
    largest_change: float
    largest_printed: float

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
    splits = {name: data.split for name, data in tasks.items()}
    return changed(cells, splits, as_it_is, results_of(cells, *frozen))


def results_of(cells: Sequence[Cell], tasks: Tasks, backbone: Backbone, given: Given) -> list[Results]:
    """The results of a fleet; what meta-training leaves meanwhile is thrown away."""
    with TemporaryDirectory() as folder:
        unfinished = {cell: Path(folder) / str(number) for number, cell in enumerate(cells)}
        ended = run_fleet(list(cells), tasks, backbone, replace(given, unfinished=unfinished))
    return [finished.results for finished in ended]


def changed(
    cells: Sequence[Cell], splits: Mapping[str, Split], one: Sequence[Results], other: Sequence[Results]
) -> Changed:
    """What differs between two trainings of the same cells, judged by the labels of the splits by task."""
    predictions, differing = 0, 0
    changes: dict[TestSet, list[float]] = {}
    for cell, *pair in zip(cells, one, other, strict=True):
        for test in cell.tests:
            first, second = (results[test].predictions for results in pair)
            targets = splits[test.task].test_targets(test.split, cell.judged_images)
            predictions += len(first)
            differing += int(np.count_nonzero(first != second))
            change = accuracy_percent(second, targets) - accuracy_percent(first, targets)
            changes.setdefault(test, []).append(change)
    largest = max(abs(change) for of_test in changes.values() for change in of_test)
    largest_printed = max(abs(float(np.mean(of_test))) for of_test in changes.values())
    return Changed(len(cells), predictions, differing, largest, largest_printed)
