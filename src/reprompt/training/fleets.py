"""A fleet from its cells to its results: trained side by side, evaluated, and kept where its prompts are asked for.

R runs of the fleet
"""

from collections.abc import Sequence
from importlib import import_module

import torch

from reprompt.cells.cell import Cell, TestSet
from reprompt.cells.fleets import require_uniform
from reprompt.clip.backbones import Backbone
from reprompt.clip.params import Params
from reprompt.evaluation.evaluate import results_of
from reprompt.evaluation.measures.measure import LearnerOf, TrainingHook, measures_with
from reprompt.evaluation.task_data import Tasks
from reprompt.foundation.arrays import Arrays
from reprompt.records.prompts import rounded
from reprompt.training.average import GaussianAverage
from reprompt.training.axes import learner_of_cell, learners_of, training_method_of
from reprompt.training.fixed import fixed
from reprompt.training.given import NOTHING, Finished, Given
from reprompt.training.grid import evaluated_elsewhere
from reprompt.training.loop import FrozenClasses, train
from reprompt.training.probe import solved
from reprompt.training.reference import reference
from reprompt.training.run import run_of
from reprompt.training.teacher import teacher
from reprompt.training.training_set import TrainingSet
from reprompt.training.validation import BestCheckpoint, stored


def run_fleet(cells: list[Cell], tasks: Tasks, backbone: Backbone, given: Given = NOTHING) -> list[Finished]:
    """Train and evaluate cells that share recipe, backbone, task, protocol and structure.

    `tasks` has the tasks they are trained on and all that they are evaluated on. Raises ValueError where they differ in
    what a fleet has one of.
    """
    require_uniform(cells)
    recipe = cells[0].method
    if cells[0].prompts_of:
        return evaluated_elsewhere(cells, tasks, backbone, given)
    if cells[0].is_meta:
        return meta_tuned(cells, tasks, backbone, given)
    if recipe.by_steps:
        return tuned(cells, tasks, backbone, given)
    if recipe.trained == "by_keeping":
        return kept_images(cells, tasks, backbone)
    if recipe.learned:
        return [Finished(solved(cell, tasks)) for cell in cells]
    return [Finished(fixed(cell, tasks, backbone)) for cell in cells]


def tuned(cells: list[Cell], tasks: Tasks, backbone: Backbone, given: Given = NOTHING) -> list[Finished]:
    """Prompts of a fleet, trained on the classes that their protocol teaches and evaluated on all of its test sets."""
    learner = learners_of(cells[0], tasks, backbone)
    names = given.trained_on(cells[0])
    training = TrainingSet(names, tuple(tasks[name] for name in names), cells[0].learns)
    hooks = [measure.training_hook(cells, tasks, learner) for measure in measures_with("training_hook", cells[0])]
    params, held_out = trained(cells, training, backbone, given, hooks)
    finished = evaluated(cells, tasks, learner, params)
    for hook in hooks:
        for cell, arrays in zip(finished, hook.arrays(), strict=True):
            for test, measured in arrays.items():
                cell.results[test].measured.update(measured)
    for cell, by_task in zip(finished, held_out, strict=True):
        for task, arrays in by_task.items():
            cell.results[TestSet(task, "all")].measured.update(stored(arrays))
    return finished


def kept_images(cells: list[Cell], tasks: Tasks, backbone: Backbone) -> list[Finished]:
    """Learners that only keep what their few-shot images show: no step is taken."""
    training = TrainingSet((cells[0].task,), (tasks[cells[0].task],), cells[0].learns)
    learner = learner_of_cell(cells[0], training.class_names, backbone)
    of_runs = [learner.of_images(training.shown(cell, training.few_shot_set(cell))) for cell in cells]
    params = {name: torch.stack([run[name] for run in of_runs]).to(backbone.device) for name in of_runs[0]}
    return evaluated(cells, tasks, learners_of(cells[0], tasks, backbone), params)


def meta_tuned(cells: list[Cell], tasks: Tasks, backbone: Backbone, given: Given = NOTHING) -> list[Finished]:
    """Starts and regulators meta-learned on one task (GRAM); evaluated with no step of adaptation."""
    learners, meta = learners_of(cells[0], tasks, backbone), import_module("reprompt.training.meta.learned")
    ended = (meta.learned(cell, tasks, backbone, given.unfinished[cell], given.steps) for cell in cells)
    starts, traces = zip(*ended, strict=True)
    params = {name: torch.stack([start[name] for start in starts]) for name in starts[0]}
    finished = evaluated(cells, tasks, learners, params)
    for cell, trace in zip(finished, traces, strict=True):
        for result in cell.results.values():
            result.measured.update(trace)
    return finished


def evaluated(cells: list[Cell], tasks: Tasks, learner_for: LearnerOf, params: Params) -> list[Finished]:
    """The results of learned tensors (R, ...), and the prompts that are kept: in half precision, as evaluated."""
    kept: list[Arrays] = [{} for _ in cells]
    if cells[0].keeps_prompt:
        params, held = rounded(params), cells[0].method.held
        learned = {name: tensor for name, tensor in params.items() if name not in held}
        kept = [
            {name: tensor[run].half().cpu().numpy() for name, tensor in learned.items()} for run in range(len(cells))
        ]
    results = results_of(cells, tasks, learner_for, params)
    return [Finished(*result_and_prompt) for result_and_prompt in zip(results, kept, strict=True)]


def trained(
    cells: list[Cell],
    training: TrainingSet,
    backbone: Backbone,
    given: Given = NOTHING,
    hooks: Sequence[TrainingHook] = (),
) -> tuple[Params, list[dict[str, Arrays]]]:
    """The learned tensors of a fleet after training, each (R, ...), and what they make of images held out, by task.

    With checkpoint `best` the tensors are those of every run's best epoch, with `average` the mean over its epochs.
    Raises FloatingPointError where a loss is not finite.
    """
    tuned_by = cells[0].tuned
    learner = learner_of_cell(cells[0], training.class_names, backbone, training.templates)
    few_shot_sets = [training.few_shot_set(cell) for cell in cells]
    sets = list(zip(cells, few_shot_sets, strict=True))
    epochs, best, average = [cell.tuned.epochs for cell in cells], None, None
    if tuned_by.checkpoint == "best":
        plain, held_out = training.images(backbone, "none"), [few_shot.held_out for few_shot in few_shot_sets]
        best = BestCheckpoint(learner, plain, held_out, epochs, tuned_by.validate_every)
    if tuned_by.checkpoint == "average":
        average = GaussianAverage(epochs, tuned_by.average_mean, tuned_by.average_std)
    keeping = [hook for hook in (best, average) if hook is not None]
    shown = [training.shown(*of_run) if cells[0].method.of_its_images else None for of_run in sets]
    params = train(
        [run_of(cell, few, learner, given, seen) for (cell, few), seen in zip(sets, shown, strict=True)],
        training.images(backbone, tuned_by.augmentation),
        training_method_of(cells, learner, [given.start(cell) for cell in cells]),
        FrozenClasses(
            teacher(cells[0], training.tasks[0], backbone) if cells[0].taught else None,
            reference(cells[0], training, backbone) if cells[0].referenced else None,
        ),
        [*hooks, *keeping],
        tuned_by.optimiser,
    )
    if best is None:
        return params if average is None else average.params, [{} for _ in cells]
    return best.params, [
        {task.task: arrays for task, arrays in zip(few_shot.held_out, of_run, strict=True)}
        for few_shot, of_run in zip(few_shot_sets, best.arrays, strict=True)
    ]
