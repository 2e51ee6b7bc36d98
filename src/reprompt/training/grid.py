"""Kept prompts evaluated as they are on another task: MVLPT's transferability grid, section 4.2 of arXiv:2211.11720."""

from dataclasses import replace

import torch

from reprompt.cells.cell import Cell
from reprompt.clip.backbones import Backbone
from reprompt.evaluation.evaluate import results_of
from reprompt.evaluation.measures.measure import measures_with
from reprompt.evaluation.task_data import Tasks
from reprompt.training.axes import learners_of
from reprompt.training.given import Finished, Given
from reprompt.training.training_set import TrainingSet
from reprompt.training.validation import stored, validated


def evaluated_elsewhere(cells: list[Cell], tasks: Tasks, backbone: Backbone, given: Given) -> list[Finished]:
    """Kept prompts evaluated as they are on another task, and on its held-out images of the same seed.

    Those are training images of that task, not augmented; it need not be one that a prompt was tuned on.
    """
    learner = learners_of(cells[0], tasks, backbone)
    (test,) = cells[0].tests
    target = TrainingSet((test.task,), (tasks[test.task],), cells[0].learns)
    prompts = [given.prompt(cell) for cell in cells]
    params = {name: torch.stack([prompt[name] for prompt in prompts]).to(backbone.device) for name in prompts[0]}
    held_out = [target.few_shot_set(replace(cell, task=test.task)).held_out for cell in cells]
    results = results_of(cells, tasks, learner, params)
    validation = validated(learner(test), params, target.images(backbone, "none"), held_out)
    pairs = {
        source: [measure.pair(tasks[source], tasks[test.task], backbone) for measure in measures_with("pair", cells[0])]
        for source in dict.fromkeys(cell.task for cell in cells)
    }
    for cell, by_test, (arrays,) in zip(cells, results, validation, strict=True):
        by_test[test].measured.update(stored(arrays))
        for pair in pairs[cell.task]:
            by_test[test].measured.update(pair)
    return [Finished(by_test) for by_test in results]
