"""The kept features are the learner's."""

import numpy as np
import torch
import torch.nn.functional as F

from reprompt.evaluation.images import EvaluationBatch
from reprompt.evaluation.measures.features import Features
from reprompt.learners import cocoop, coop

NAMES = ["cat", "dog", "old car"]


def output_of(learner, runs=2, images=6):
    stream = torch.Generator().manual_seed(0)
    starts = [learner.start("random", stream) for _ in range(runs)]
    params = {name: torch.stack([start[name] for start in starts]) for name in starts[0]}
    seen = F.normalize(torch.randn(1, images, 24, generator=stream), dim=-1)
    return params, seen, learner.forward(params, seen)


def show(hook, learner, params, seen, indices):
    """A batch of the images."""
    images = seen[:, indices]
    hook.after_batch(learner.forward(params, images), EvaluationBatch(images, indices, indices % 3))


@torch.no_grad()
def test_features_are_those_of_the_learner(tiny):
    learner = coop.Learner(tiny, NAMES, coop.Settings(context_length=2))
    params, seen, whole = output_of(learner)
    hook = Features()
    for indices in torch.arange(6).split(4):
        show(hook, learner, params, seen, indices)
    for run, measured in enumerate(hook.arrays()):
        assert measured["class_features"].shape == (3, 24) and measured["image_features"].shape == (6, 24)
        assert np.abs(measured["class_features"] - whole.classes[run].numpy()).max() < 1e-3
        assert np.abs(measured["image_features"] - whole.images[0].numpy()).max() < 1e-3


@torch.no_grad()
def test_classes_that_differ_by_image_are_averaged(tiny):
    learner = cocoop.Learner(tiny, NAMES, coop.Settings(context_length=2))
    params, seen, whole = output_of(learner)
    hook = Features()
    for indices in torch.arange(6).split(3):
        show(hook, learner, params, seen, indices)
    for run, measured in enumerate(hook.arrays()):
        mean = whole.classes[run].mean(dim=0).numpy()
        assert np.abs(measured["class_features"] - mean).max() < 1e-3


def test_an_image_counts_once_whatever_its_batch(tiny):
    """Seven images in batches of four: the last batch is smaller and must not weigh more."""
    learner = cocoop.Learner(tiny, NAMES, coop.Settings(context_length=2))
    with torch.no_grad():
        params, seen, whole = output_of(learner, images=7)
        hook = Features()
        for indices in torch.arange(7).split(4):
            show(hook, learner, params, seen, indices)
    for run, measured in enumerate(hook.arrays()):
        mean = whole.classes[run].mean(dim=0).numpy()
        assert np.abs(measured["class_features"] - mean).max() < 1e-3
