"""Reprompt from Python: `load_task`, `tune`, `evaluate`, `load` and `Prompt`, as `import reprompt` has them.

They work in the folder of `params.yaml`, with the same cells and the same store as the commands.
"""

from dataclasses import dataclass
from pathlib import Path

import torch

from reprompt.cells.recipes import recipe_of
from reprompt.data.preparation import AS_OPENAI, Preparation
from reprompt.data.source import TaskSource
from reprompt.data.sources import source_of
from reprompt.exported.prompt import AT_ONCE, Prompt, load
from reprompt.tasks.card import Card, card_of
from reprompt.workflow.own.export import Chosen, exported
from reprompt.workflow.own.outcome import wilson
from reprompt.workflow.own.predict import model_for
from reprompt.workflow.own.study import Place, Study, plan_of, tasks_of

__all__ = ["Evaluation", "Prompt", "Task", "evaluate", "load", "load_task", "tune"]


@dataclass(frozen=True)
class Task:
    """A task: its name, the names of its classes in the order of their labels, its data sets (one, or its folds)."""

    name: str
    class_names: tuple[str, ...]
    data_sets: tuple[str, ...]
    place: Place

    @property
    def card(self) -> Card:
        """The card of its first data set."""
        return card_of(self.data_sets[0])


@dataclass(frozen=True)
class Evaluation:
    """Accuracy in percent on so many test `images`, Wilson's 95 % interval `low` to `high`, and predicted classes."""

    accuracy: float
    images: int
    low: float
    high: float
    predictions: tuple[str, ...]


def load_task(name: str, scale: str | None = None, params: Path | str = "params.yaml", device: str = "cpu") -> Task:
    """A task by its name: one of the cards', or one of your own that `reprompt task add` made.

    `scale` is that of the parameter file, if not said; `device` is what prompts for it are tuned on. Raises ValueError
    with the nearest known name, FileNotFoundError where its pictures are not there.
    """
    place = Place(Path(params), scale, device)
    study = Study(name, ("zero_shot",), (1,))
    source, tasks = _source(study, place), tasks_of(study)
    return Task(name, tuple(source.class_names(tasks[0])), tasks, place)


def tune(task: Task, method: str = "prograd", shots: int = 16, seed: int = 1, backbone: str = "") -> Prompt:
    """Tune a prompt on so many pictures of each class, or find it where it was tuned before.

    `method` is a recipe, `learner[+objective][+rule][@start]`, `backbone` one of the parameter file, the standard one
    if not said. Of a task that is cross-validated it is the prompt of the first fold. Raises ValueError for what cannot
    be run or exported, with the reason.
    """
    study = Study(task.name, (recipe_of(method).expression,), (shots,), (seed,), backbone)
    return exported(study, task.place, Chosen(seed))


@torch.no_grad()
def evaluate(prompt: Prompt, task: Task, weights: Path | None = None) -> Evaluation:
    """Evaluate a prompt on the test pictures of a task, among the task's classes.

    `weights` is the file of its CLIP, where that is not the one that its card names. Of a task that is cross-validated
    they are the pictures of the fold that the prompt is of. Raises ValueError for other weights, and where the classes
    are others and the prompt allows none.
    """
    model, data_set = model_for(prompt, weights), prompt.card.task
    if data_set not in task.data_sets:
        data_set = task.data_sets[0]
    source = _source(Study(task.name, ("zero_shot",), (1,)), task.place, prompt.card.pictures.preparation)
    labels, names = source.labels(data_set, "test"), task.class_names
    classes = None if names == prompt.classes else names
    mean, std = (torch.tensor(values) for values in (prompt.card.pictures.mean, prompt.card.pictures.std))
    best = []
    for start in range(0, len(labels), AT_ONCE):
        pixels = source.images(data_set, "test", range(start, min(start + AT_ONCE, len(labels))))
        prepared = ((torch.from_numpy(pixels).float() / 255 - mean) / std).movedim(-1, 1)
        best += prompt.logits(model, prepared, classes).argmax(dim=-1).tolist()
    right = sum(one == other for one, other in zip(best, labels.tolist(), strict=True))
    accuracy = 100 * right / len(labels)
    return Evaluation(accuracy, len(labels), *wilson(accuracy, len(labels)), tuple(names[label] for label in best))


def _source(study: Study, place: Place, preparation: Preparation = AS_OPENAI) -> TaskSource:
    """The pictures of a study's task, prepared as a CLIP wants them; class names do not depend on that."""
    return source_of(plan_of(study, place).parameters, preparation)
