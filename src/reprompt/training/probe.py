"""Classifiers that are fitted at once, on the plain features: the linear probe."""

import numpy as np

from reprompt.cells.cell import Cell
from reprompt.cells.result import Result
from reprompt.data.splits import Split
from reprompt.evaluation.evaluate import Results
from reprompt.evaluation.task_data import Tasks
from reprompt.training.axes import member


def solved(cell: Cell, tasks: Tasks) -> Results:
    """Results of a cell's classifier on its test sets.

    On another task it can tell the classes that it knows, as ImageNet's in ImageNet-A, and no others: raises ValueError
    where a test set has one that the training set lacks. Which of its classes those are, their ids say; their names do
    where they have no ids.
    """
    data = tasks[cell.task]
    images, labels = data.split.few_shot(cell.seed, cell.learns, cell.shots, cell.tau)
    kind, held_out, held_out_labels = data.split.validation(cell.seed, cell.learns, cell.shots)
    plain, of_held_out = data.features.plain, data.features.validation if kind == "validation" else data.features.plain
    solve = member("learner", cell.method).solve
    model = solve((plain.numpy()[images], labels), (of_held_out.numpy()[held_out], held_out_labels), cell.learner)
    results = {}
    for test in cell.tests:
        split = tasks[test.task].split
        images = split.test_images(test.split, cell.judged_images)
        scores = model.decision_function(tasks[test.task].features.test.numpy()[images])
        scores = np.stack([-scores, scores], axis=1) if scores.ndim == 1 else scores
        columns = columns_of(data.split, cell.learns, split, test.split)
        results[test] = Result(scores[:, columns].argmax(axis=1))
    return results


def columns_of(trained: Split, part: str, tested: Split, half: str) -> list[int]:
    """Which classes, among those of a part of the training task, those of a part of the test task are."""
    if tested.task == trained.task:
        known = {label: column for column, label in enumerate(trained.classes(part))}
        return [known[label] for label in tested.classes(half)]
    known = {of_class: column for column, of_class in enumerate(trained.ids(part))}
    wanted = tested.ids(half)
    if unknown := sorted(set(wanted) - set(known)):
        raise ValueError(
            f"a classifier trained on {trained.task} does not know {unknown[0]!r} of {tested.task}; take that task out "
            "of judged_on"
        )
    if len(known) < len(trained.classes(part)):
        raise ValueError(f"{trained.task}: two classes have one name, and no ids to know them by in {tested.task}")
    return [known[of_class] for of_class in wanted]
