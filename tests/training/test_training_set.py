"""What a fleet is trained on: one task, or several end to end."""

import dataclasses

import numpy as np
import pytest
import torch

from reprompt.cells.cell import Cell
from reprompt.clip.features import TaskFeatures
from reprompt.data.draws import draw
from reprompt.data.splits import Split
from reprompt.evaluation.task_data import TaskData
from reprompt.foundation.digests import canonical
from reprompt.training.training_set import TrainingSet

SEVERAL = np.random.default_rng(0).random((30, 3)) < 0.5  # images of several classes
SEVERAL[SEVERAL.sum(axis=1) == 0, 0] = True


def task(name: str, classes: int, labels: np.ndarray) -> TaskData:
    """A task whose image i has feature (i, i)."""
    names = [f"{name} {k}" for k in range(classes)]
    split = Split(name, names, "{}", labels.tolist(), labels.tolist(), {"1": draw(labels, classes, name, 1, 6)}, 6)
    features = torch.arange(1.0, len(labels) + 1)[:, None].expand(-1, 2) * torch.tensor([1.0, 0.1])
    return TaskData(split, TaskFeatures(features, torch.stack([features, -features]), features))


TASKS = {
    "one": task("one", 2, np.arange(20) % 2),
    "two": task("two", 3, np.arange(30) % 3),
    "several": task("several", 3, SEVERAL.astype(int)),
}


def training(*names: str) -> TrainingSet:
    return TrainingSet(names, tuple(TASKS[name] for name in names), "all")


def cell(checkpoint="best", shots=5, together=(), **changes) -> Cell:
    tuned = {"context_length": 2, "initialisation": "random", "rate": 0.1, "epochs": 1, "checkpoint": checkpoint}
    made = Cell("x", "elevater", "mcoop", "tiny", "one", shots, 1.0, 1, "", canonical(tuned), together=together)
    return dataclasses.replace(made, **changes)


def test_one_task_is_its_few_shot_set():
    few_shot = training("two").few_shot_set(cell("last"))
    images, labels = TASKS["two"].split.few_shot(1, "all", 5)
    assert few_shot.images.tolist() == images.tolist() and few_shot.labels.tolist() == labels.tolist()
    assert few_shot.allowed.all() and few_shot.held_out == []


def test_classes_and_images_of_several_tasks_are_laid_end_to_end(tiny):
    both = training("one", "two")
    few_shot = both.few_shot_set(cell("last"))
    assert both.class_names == ["one 0", "one 1", "two 0", "two 1", "two 2"]
    images = both.images(tiny, "none")
    assert images.features.shape == (1, 50, 2)
    for image, label, of in zip(
        few_shot.images.tolist(), few_shot.labels.tolist(), few_shot.task_of.tolist(), strict=True
    ):
        data, within = (TASKS["one"], image) if of == 0 else (TASKS["two"], image - 20)
        assert data.split.train_labels[within] == label - (0 if of == 0 else 2)


def test_an_images_own_task_is_what_is_allowed():
    few_shot = training("one", "two").few_shot_set(cell("last"))
    first = few_shot.task_of == 0
    assert few_shot.allowed[first].int().unique(dim=0).tolist() == [[1, 1, 0, 0, 0]]
    assert few_shot.allowed[~first].int().unique(dim=0).tolist() == [[0, 0, 1, 1, 1]]


def test_with_images_of_several_classes_all_labels_are_zeros_and_ones():
    few_shot = training("one", "several").few_shot_set(cell("last"))
    assert few_shot.labels.shape == (len(few_shot.images), 5)
    for image, shown, of in zip(few_shot.images.tolist(), few_shot.labels, few_shot.task_of.tolist(), strict=True):
        if of == 0:
            assert shown.tolist() == [float(k == TASKS["one"].split.train_labels[image]) for k in range(2)] + [0, 0, 0]
        else:
            assert shown.tolist() == [0, 0, *SEVERAL[image - 20].astype(float)]


def test_every_class_of_an_image_of_several_counts_as_one_of_its_shots():
    images, labels = TASKS["several"].split.few_shot(1, "all", 4)
    assert (labels.sum(axis=0) >= 4).all() and len(images) <= 12
    fewer, _ = TASKS["several"].split.few_shot(1, "all", 2)
    assert len(fewer) < len(images)


def test_the_target_alone_is_held_out_in_a_group_and_every_task_for_a_source_prompt():
    group = training("one", "two").few_shot_set(cell(group="best_2"))
    assert [task.task for task in group.held_out] == ["one"]
    source = training("one", "two").few_shot_set(cell(together=("one", "two")))
    assert [task.task for task in source.held_out] == ["one", "two"]
    second = source.held_out[1]
    assert second.columns == slice(2, 5)
    assert [TASKS["two"].split.train_labels[image - 20] for image in second.images] == second.labels.tolist()


def test_what_is_held_out_is_not_trained_on():
    few_shot = training("one", "two").few_shot_set(cell(together=("one", "two")))
    held_out = np.concatenate([of_task.images for of_task in few_shot.held_out])
    assert not set(held_out.tolist()) & set(few_shot.images.tolist())
    assert len(held_out) == 5 and len(few_shot.images) == 20  # one of five images of each of five classes


def test_nothing_left_to_train_on_is_an_error_that_says_what_to_do():
    lonely = TrainingSet(("alone",), (task("alone", 2, np.arange(2)),), "all")
    with pytest.raises(ValueError, match=r"alone: no image is left .* at 5 shots .* raise shots"):
        lonely.few_shot_set(cell(shots=5))
