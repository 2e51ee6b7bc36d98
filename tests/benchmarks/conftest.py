"""A small task, and cells of CoOp on it, for benchmarks that train fleets."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from project import PROJECT
from reprompt.clip.features import TaskFeatures
from reprompt.data.draws import draw
from reprompt.data.splits import Split
from reprompt.evaluation.task_data import TaskData
from reprompt.foundation.digests import canonical
from reprompt.learners.templates import class_features
from reprompt.planning.parameters import load_parameters
from reprompt.planning.plan import make_plan

NAMES = ["cat", "dog of some kind", "tree", "old car"]


@pytest.fixture(scope="module")
def tasks(tiny):
    """A task whose features lie around the next class's text, so that there is something to learn."""
    labels = np.arange(400) % len(NAMES)
    centres = class_features(tiny, NAMES, ("a photo of a {}.",)).roll(1, dims=0)
    noise = torch.randn(400, 24, generator=torch.Generator().manual_seed(0))
    features = centres[torch.from_numpy(labels)] + 0.3 * noise
    draws = {str(seed): draw(labels[:40], len(NAMES), "imagenet", seed, 4) for seed in (1, 2)}
    split = Split("imagenet", NAMES, "a photo of a {}.", labels[:40].tolist(), labels[40:].tolist(), draws, 4)
    return {"imagenet": TaskData(split, TaskFeatures(features[:40], features[None, :40], features[40:]))}


@pytest.fixture(scope="module")
def cells():
    """Two draws of CoOp, whose schedule is the same at any number of shots."""
    plan = make_plan(load_parameters(PROJECT / "params.yaml", "smoke"))
    first = next(cell for cell in plan.cells if (cell.experiment, cell.recipe) == ("few_shot", "coop"))
    short = {"context_length": 3, "epochs": 20, "rate": 0.1, "batch": 4}
    cell = replace(first, task="imagenet", shots=4, measures=(), settings=canonical(first.resolved | short))
    return [replace(cell, seed=seed) for seed in (1, 2)]
