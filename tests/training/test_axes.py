"""What a learner is told when it is looked up: the templates of its classes' tasks, where it reads them."""

from types import SimpleNamespace

import pytest

from reprompt.cells.axes import LearnerSettings
from reprompt.cells.cell import TestSet as JudgedOn  # by its own name pytest would collect it
from reprompt.data.splits import Split
from reprompt.evaluation.task_data import TaskData
from reprompt.training import axes
from reprompt.training.axes import learner_of_cell, learners_of
from reprompt.training.training_set import TrainingSet


class Reading(LearnerSettings):
    of_templates = True


def task(name: str, names: list[str], template: str) -> TaskData:
    return TaskData(Split(name, names, template, [0], [0], {}, 1), None)


TASKS = {"pets": task("pets", ["cat", "dog"], "a photo of a {}."), "food": task("food", ["pie"], "a plate of {}.")}


@pytest.fixture
def told(monkeypatch):
    """What a learner of these settings was built with."""

    def built(*given, **also):
        return given[1], also

    monkeypatch.setattr(axes, "member", lambda *_: SimpleNamespace(Learner=built))
    return lambda settings: SimpleNamespace(method=None, learner=settings)


def test_a_learner_that_reads_templates_is_told_those_of_the_test_set(told):
    among = learners_of(told(Reading()), TASKS, None)
    assert among(JudgedOn("food", "all")) == (["pie"], {"templates": ["a plate of {}."]})


def test_of_several_tasks_it_is_told_each_classs_own(told):
    training = TrainingSet(tuple(TASKS), tuple(TASKS.values()), "all")
    built = learner_of_cell(told(Reading()), training.class_names, None, training.templates)
    assert built == (["cat", "dog", "pie"], {"templates": ["a photo of a {}."] * 2 + ["a plate of {}."]})


def test_a_learner_that_reads_none_is_told_none(told):
    assert learners_of(told(LearnerSettings()), TASKS, None)(JudgedOn("pets", "all")) == (["cat", "dog"], {})
