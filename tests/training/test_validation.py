"""The validation fifth, and the checkpoint that is chosen by it."""

import numpy as np
import pytest
import torch

from reprompt.data.draws import until_each_class_has, validation_fifth
from reprompt.evaluation.images import Images
from reprompt.evaluation.measures.measure import TrainingState
from reprompt.learners.output import LearnerOutput
from reprompt.training.validation import BestCheckpoint, HeldOut, validated


def test_a_fifth_of_every_class_rounded_up_is_held_out():
    labels = np.repeat([0, 1, 2], 6)
    train, held_out = validation_fifth(labels, 6)
    assert np.bincount(labels[held_out]).tolist() == [2, 2, 2]
    assert sorted([*train, *held_out]) == list(range(18))


def test_at_one_shot_validation_is_the_training_set():
    train, held_out = validation_fifth(np.arange(4), 1)
    assert train.tolist() == held_out.tolist() == [0, 1, 2, 3]


def test_images_of_several_classes_are_taken_until_every_class_has_enough():
    shown = np.array([[1, 1, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1], [0, 0, 1]])
    assert until_each_class_has(1, shown).tolist() == [True, False, False, True, False, False]
    assert until_each_class_has(2, shown).tolist() == [True, True, True, True, True, False]


def test_for_images_of_one_class_that_is_the_first_of_each_class():
    labels = np.array([0, 0, 1, 0, 1, 1])
    assert until_each_class_has(2, labels).tolist() == [True, True, True, False, True, False]


class Pointing:
    """A learner whose class features are its parameters: (R, K, E)."""

    sees, images_at_once = "features", 2

    def forward(self, params, images):
        return LearnerOutput(images, params["classes"], torch.tensor(10.0))


IMAGES = Images(torch.eye(3)[None])  # one view of three images, each along its own axis
RIGHT, WRONG = torch.eye(3), torch.eye(3).roll(1, dims=0)


def held_out(images=(0, 1, 2), labels=(0, 1, 2), columns=slice(0, 3), metric="accuracy"):
    return HeldOut("task", metric, np.array(images), np.array(labels), columns)


def test_every_run_is_evaluated_on_its_own_images():
    params = {"classes": torch.stack([RIGHT, WRONG])}
    arrays = validated(Pointing(), params, IMAGES, [[held_out()], [held_out((0, 2), (0, 2))]])
    assert arrays[0][0]["predictions"].tolist() == [0, 1, 2]
    assert arrays[1][0]["predictions"].tolist() == [1, 0]


def test_a_task_is_evaluated_among_its_own_classes():
    params = {"classes": RIGHT[None]}
    (of_run,) = validated(Pointing(), params, IMAGES, [[held_out((1, 2), (0, 1), slice(1, 3))]])
    assert of_run[0]["predictions"].tolist() == [0, 1]


def state(params, epoch, runs):
    ends = torch.tensor([run in runs for run in range(2)])
    return TrainingState(torch.tensor(runs), None, ends, torch.full((2,), epoch), {"classes": params.clone()})


def test_the_earliest_of_the_best_epochs_is_kept_run_by_run():
    nearly = torch.stack([RIGHT[0], RIGHT[1], RIGHT[1]])
    best = BestCheckpoint(Pointing(), IMAGES, [[held_out()], [held_out()]], [4, 4], every=1)
    best.after_step(state(torch.stack([WRONG, nearly]), 0, [0, 1]))
    best.after_step(state(torch.stack([RIGHT, RIGHT * 2]), 1, [0, 1]))
    best.after_step(state(torch.stack([RIGHT * 3, WRONG]), 2, [0, 1]))
    assert torch.equal(best.params["classes"], torch.stack([RIGHT, RIGHT * 2]))
    assert best.best == [100, 100]
    assert best.arrays[0][0]["predictions"].tolist() == [0, 1, 2]


def test_it_looks_every_so_many_epochs_and_after_a_runs_last():
    best = BestCheckpoint(Pointing(), IMAGES, [[held_out()], [held_out()]], [3, 5], every=2)
    best.after_step(state(torch.stack([RIGHT, RIGHT]), 0, [0, 1]))
    assert best.best == [-1, -1]
    best.after_step(state(torch.stack([RIGHT, WRONG]), 1, [0, 1]))
    best.after_step(state(torch.stack([WRONG, RIGHT]), 2, [0, 1]))
    assert best.best == [100, 0], "epoch 3 is the first run's last and not the second's"


def test_several_tasks_count_the_same_whatever_their_images():
    one, other = held_out((0,), (1,), slice(0, 3)), held_out((0, 1, 2), (0, 1, 2))
    best = BestCheckpoint(Pointing(), IMAGES, [[one, other], [one, other]], [1, 1], every=1)
    best.after_step(state(torch.stack([RIGHT, RIGHT]), 0, [0, 1]))
    assert best.best == pytest.approx([50, 50])
