"""Classifiers that are fitted at once, on the plain features: the linear probe."""

import numpy as np

from reprompt.cells.cell import Cell
from reprompt.cells.result import Result
from reprompt.data.draws import few_shot, validation
from reprompt.evaluation.evaluate import Results
from reprompt.evaluation.task_data import Tasks
from reprompt.training.axes import member


def solved(cell: Cell, tasks: Tasks) -> Results:
    """Results of a cell's classifier on its test sets.

    On another task it can tell the classes that it knows by name, as ImageNet's in ImageNet-A, and no others: raises
    ValueError where a test set has one that the training set lacks.
    """
    data = tasks[cell.task]
    draws, classes = data.split.draws[str(cell.seed)], data.split.classes(cell.learns)
    plain = data.features.plain.numpy()
    images, labels = few_shot(draws, classes, cell.shots, cell.tau)
    held_out, held_out_labels = validation(draws, classes, cell.shots, data.split.most_shots)
    solve = member("learner", cell.method).solve
    model = solve((plain[images], labels), (plain[held_out], held_out_labels), cell.learner)
    known, results = data.split.names(cell.learns), {}
    for test in cell.tests:
        split = tasks[test.task].split
        if unknown := set(split.names(test.split)) - set(known):
            raise ValueError(
                f"{cell.recipe} trained on {cell.task} does not know {sorted(unknown)[0]!r} of {test.task}; "
                "take that task out of judged_on"
            )
        images = split.test_images(test.split, cell.judged_images)
        scores = model.decision_function(tasks[test.task].features.test.numpy()[images])
        scores = np.stack([-scores, scores], axis=1) if scores.ndim == 1 else scores
        columns = [known.index(name) for name in split.names(test.split)]
        results[test] = Result(scores[:, columns].argmax(axis=1))
    return results
