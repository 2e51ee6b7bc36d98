"""The members of the axes that a recipe names: looked up here and nowhere else in training."""

from collections.abc import Sequence
from importlib import import_module
from types import ModuleType

from reprompt.cells.cell import Cell, TestSet
from reprompt.cells.members import AXES
from reprompt.cells.recipes import Recipe
from reprompt.clip.backbones import Backbone
from reprompt.clip.params import Params
from reprompt.evaluation.measures.measure import LearnerOf
from reprompt.evaluation.task_data import Tasks
from reprompt.learners.learner import Learner
from reprompt.training.step import TrainingMethod


def member(axis: str, recipe: Recipe) -> ModuleType:
    """The module of a recipe's member on an axis: learner, objective, gradient or start."""
    return import_module(f"reprompt.{AXES[axis]}.{recipe.members[axis]}")


def learner_of_cell(cell: Cell, class_names: list[str], backbone: Backbone, templates: Sequence[str] = ()) -> Learner:
    """The learner of a cell's recipe among classes of these names.

    `templates` are those of the classes' tasks, one for each class or one for all; most learners read none.
    """
    told = {"templates": templates} if cell.learner.of_templates else {}
    return member("learner", cell.method).Learner(backbone, class_names, cell.learner, **told)


def learners_of(cell: Cell, tasks: Tasks, backbone: Backbone) -> LearnerOf:
    """The learner of a cell's recipe among the classes of any test set."""

    def learner(test: TestSet) -> Learner:
        split = tasks[test.task].split
        return learner_of_cell(cell, split.names(test.split), backbone, [split.template])

    return learner


def training_method_of(cells: Sequence[Cell], learner: Learner, starts: Sequence[Params] = ()) -> TrainingMethod:
    """How cells of one recipe are trained, each with its own settings and what came with its start, if anything."""
    objectives, rules = ([cell.settings_of(axis) for cell in cells] for axis in ("objective", "gradient"))
    recipe = cells[0].method
    objective = member("objective", recipe).objective(objectives)
    return TrainingMethod(learner, objective, member("gradient", recipe).rule(rules, starts), recipe.held)
