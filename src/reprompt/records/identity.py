"""What a cell's numbers depend on beside the code: its identity, value by value, and the key of the cell store.

An identity holds nothing of other draws, tasks or seeds: of a task's split the images that this cell is trained on and
evaluated by, of a set of pictures its content, of other jobs the one prompt that it starts from or evaluates. So one
more seed or task in `params.yaml` leaves the finished cells as they are, at every scale of the folder. Of names it has
those of tasks and of the members of the axes, and that of an experiment only where all its tasks are trained together,
whose random streams go by it.

What is short stands as it is (settings, templates); lists and tensors as digests. Records hold identities in full. The
code is not among them: the key of the cell store is an identity with a hash of the code (`key`).
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from reprompt.cells.cell import Cell, TestSet
from reprompt.cells.job import Job
from reprompt.clip.manifest import PicturesOfTasks, read_pictures
from reprompt.data.draws import class_sizes
from reprompt.data.few_shot import few_shot_of
from reprompt.data.splits import Split
from reprompt.foundation.digests import canonical, digest_of_text
from reprompt.tasks.groups import pictures_of

Identity = dict[str, Any]

OF_A_CELL = ("protocol", "task", "shots", "tau", "seed")  # the random streams of a run follow from these


def key(identity: Identity, code: str) -> str:
    """The key of a cell in the store, given a hash of the code that its numbers depend on."""
    return hashlib.sha256(f"{canonical(identity)}\n{code}".encode()).hexdigest()


def name_of(identity: Identity) -> str:
    """A short name for an identity."""
    return digest_of_text(canonical(identity))


def identity(
    cell: Cell,
    splits: Mapping[str, Split],
    pictures: PicturesOfTasks,
    weights_sha256: str,
    trained_on: Sequence[str],
    prompt: Mapping[str, Any],
) -> Identity:
    """The identity of a cell.

    `splits` and `pictures` are those of the tasks that it is trained on (`trained_on`, partners included) and
    evaluated by, `prompt` holds the tensors that it starts from or evaluates, where another job gives them.
    """
    recipe = cell.method
    values: Identity = {
        "method": recipe.members,
        "settings": cell.resolved,
        **{name: getattr(cell, name) for name in OF_A_CELL},
        **({"repeat": cell.repeat} if cell.repeat else {}),
        "weights": weights_sha256,
        "measures": list(cell.measures),
        "rounded": cell.keeps_prompt,  # what is kept in half precision is evaluated in it
        "test": [_test_set(cell, test, splits, pictures) for test in cell.tests],
    }
    if cell.prompts_of:  # held-out images of the target, as the grid has them
        (test,) = cell.tests
        values["train"] = [_few_shot_set(replace(cell, task=test.task), 0, test.task, splits, pictures)]
    elif cell.is_meta:
        (task,) = cell.together
        values["train"] = [_whole_set(cell, task, splits[task], pictures[task])]
        values["held_out"] = _held_out_episodes(splits[task], pictures[task])
    elif recipe.trained == "at_once":
        values["train"] = [_fitted_set(cell, splits[cell.task], pictures[cell.task])]
    elif recipe.learned:
        values["train"] = [_few_shot_set(cell, rank, task, splits, pictures) for rank, task in enumerate(trained_on)]
    if prompt:
        values["prompt"] = digest_of_tensors(prompt)
    if cell.taught and cell.taught.teacher == "oracle":
        values["oracle"] = _whole_set(cell, cell.task, splits[cell.task], pictures[cell.task])
    if "similarity" in cell.measures:
        both = dict.fromkeys((cell.task, *(test.task for test in cell.tests)))
        values["similarity"] = [_whole_set(cell, task, splits[task], pictures[task], plain=True) for task in both]
    return values


def _test_set(cell: Cell, test: TestSet, splits: Mapping[str, Split], pictures: PicturesOfTasks) -> dict[str, Any]:
    split, at_most = splits[test.task], cell.judged_images
    return {
        **_of_task(split, test.split),
        "images": digest(split.test_images(test.split, at_most), split.test_targets(test.split, at_most)),
        "pictures": pictures[test.task]["test"],
        "metric": cell.metric(test.task) or "accuracy",
        **({"beside": list(beside)} if (beside := cell.beside(test.task)) else {}),
        **({"templates": split.templates} if cell.learner.of_several_texts else {}),
    }


def _few_shot_set(
    cell: Cell, rank: int, task: str, splits: Mapping[str, Split], pictures: PicturesOfTasks
) -> dict[str, Any]:
    """One of the tasks of a tuned cell; `rank` 0 is the one that is held out from, where that is one task alone."""
    few, split = few_shot_of(splits[task], cell, rank), splits[task]
    values = {
        **_of_task(split, cell.learns),
        "images": digest(few.images, few.labels),
        **_fewer_than_shots(cell, split),
    }
    if not cell.prompts_of:
        kind = "views" if cell.is_augmented else "train"
        values["pictures"] = pictures[task][kind]
    if few.held_out is not None:
        values |= {"held_out": digest(*few.held_out), "held_out_pictures": pictures[task]["train"]}
        values["metric"] = cell.metric(task) or "accuracy"
    return values


def _fitted_set(cell: Cell, split: Split, pictures: Mapping[str, str]) -> dict[str, Any]:
    """The task of a classifier that is fitted at once, with the validation images that choose its strength."""
    kind, *held_out = split.validation(cell.seed, cell.learns, cell.shots)
    others = {} if kind == "train" else {"held_out_pictures": pictures[kind]}
    return {
        **_of_task(split, cell.learns),
        "images": digest(*split.few_shot(cell.seed, cell.learns, cell.shots, cell.tau)),
        **_fewer_than_shots(cell, split),
        "held_out": digest(*held_out),
        "pictures": pictures["train"],
        **others,
    }


def _fewer_than_shots(cell: Cell, split: Split) -> dict[str, int]:
    """How many images the smallest class has, of those that have fewer than are asked for; nothing where all have.

    Images of several classes are taken until each class has enough, and topics are as large as they are found.
    """
    if split.is_multi_label or split.domains is not None:
        return {}
    classes, drawn = split.classes(cell.learns), split.draws[str(cell.seed)]
    asked = class_sizes(len(classes), cell.shots, cell.tau)
    short = [len(drawn[k]) for k, size in zip(classes, asked, strict=True) if len(drawn[k]) < size]
    return {"fewest": min(short)} if short else {}


def _whole_set(cell: Cell, task: str, split: Split, pictures: Mapping[str, str], plain: bool = False) -> dict[str, Any]:
    """A whole training set: of the oracle, of GRAM's corpus, of the similarity of tasks (where it is `plain`)."""
    augmented = not plain and cell.is_augmented
    domains = () if split.domains is None else (split.domains,)
    return {
        **_of_task(split, cell.learns),
        "images": digest(split.train_labels, *domains),
        "pictures": pictures["views" if augmented else "train"],
    }


def _held_out_episodes(split: Split, pictures: Mapping[str, str]) -> dict[str, Any]:
    """What episodes are drawn from of which meta-training logs what it does to them."""
    domains = () if split.test_domains is None else (split.test_domains,)
    return {"images": digest(split.test_labels, *domains), "pictures": pictures["test"]}


def _of_task(split: Split, part: str) -> dict[str, Any]:
    names = split.names(part)
    return {"task": split.task, "part": part, "names": digest_of_text(canonical(names)), "template": split.template}


def digest(*arrays: Any) -> str:
    """A short digest of arrays of whole numbers, their shapes included; the same on every machine."""
    sha256 = hashlib.sha256()
    for array in arrays:
        whole = np.ascontiguousarray(array, dtype="<i8")
        sha256.update(f"{whole.shape}".encode() + whole.tobytes())
    return sha256.hexdigest()[:20]


def digest_of_tensors(tensors: Mapping[str, Any]) -> str:
    """A short digest of named tensors of PyTorch, their shapes and types included."""
    sha256 = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        array = np.ascontiguousarray(tensor.detach().cpu().numpy())
        sha256.update(f"{name} {array.shape} {array.dtype.str}\n".encode() + array.tobytes())
    return sha256.hexdigest()[:20]


def read_splits(job: Job, folder: Path) -> dict[str, Split]:
    """The split of every task that a job reads."""
    return {task: Split.read(folder / f"{job.split_of(task)}.json") for task in job.tasks_read}


def read_pictures_of(job: Job, folder: Path) -> PicturesOfTasks:
    """The digests of the pictures of every task that a job reads, from the manifests of its features in `folder`."""
    pictures: PicturesOfTasks = {}
    for part, _ in job.features:
        pictures |= read_pictures(folder / f"{part}.json")
    return {task: pictures[pictures_of(data_set)] for task, data_set in job.data_sets.items()}
