"""The members of the axes that a recipe names: looked up here and nowhere else in training."""

from importlib import import_module
from types import ModuleType

from reprompt.cells.cell import Cell, TestSet
from reprompt.cells.recipes import AXES, RECIPES
from reprompt.clip.backbones import Backbone
from reprompt.evaluation.measures.measure import LearnerOf
from reprompt.evaluation.task_data import Tasks
from reprompt.learners.learner import Learner
from reprompt.training.step import Method


def member(axis: str, recipe: str) -> ModuleType:
    """The module of a recipe on an axis: learner, objective, gradient or initialisation."""
    return import_module(f"reprompt.{AXES[axis]}.{getattr(RECIPES[recipe], axis)}")


def learner_of(cell: Cell, class_names: list[str], backbone: Backbone) -> Learner:
    """The learner of a cell's recipe among these classes."""
    return member("learner", cell.recipe).Learner(backbone, class_names, cell.resolved)


def learners_of(cell: Cell, tasks: Tasks, backbone: Backbone) -> LearnerOf:
    """The learner of a cell's recipe among the classes of any test set."""

    def learner(test: TestSet) -> Learner:
        return learner_of(cell, tasks[test.task].split.names(test.split), backbone)

    return learner


def method_of(recipe: str, settings: list[dict], learner: Learner) -> Method:
    """How runs of a recipe are trained, from the settings of each."""
    objective, rule = member("objective", recipe).objective(settings), member("gradient", recipe).rule(settings)
    return Method(learner, objective, rule)
