"""Tip-Adapter: its cache and its logits by the paper's formulas, and what it refuses."""

import numpy as np
import pytest
import torch

from reprompt.learners import tip_adapter
from reprompt.learners.learner import Shown
from reprompt.learners.templates import class_features

WEIGHT, SHARPNESS = 2.5, 4.0
SETTINGS = {"cache_weight": WEIGHT, "cache_sharpness": SHARPNESS}


def shown(views: int = 3) -> Shown:
    stream = torch.Generator().manual_seed(5)
    features = torch.randn(views, 6, 32, generator=stream, dtype=torch.float64)
    plain = torch.randn(6, 32, generator=stream, dtype=torch.float64)
    return Shown(plain, features, torch.tensor([0, 0, 1, 2, 3, 3]), 4, shots=2)


def test_keys_are_raw_views_averaged_and_then_of_length_one(kind_of):
    learner = kind_of(module=tip_adapter, settings={**SETTINGS, "cache_views": 2}).learner()
    made = learner.of_images(shown())
    mean = shown().views[:2].numpy().mean(axis=0)
    expected = mean / np.linalg.norm(mean, axis=1, keepdims=True)
    assert np.abs(made["keys"].numpy() - expected).max() < 1e-12
    assert made["values"].tolist() == np.eye(4)[[0, 0, 1, 2, 3, 3]].tolist()


def test_no_views_are_the_images_as_they_are(kind_of):
    made = kind_of(module=tip_adapter, settings={**SETTINGS, "cache_views": 0}).learner().of_images(shown(0))
    plain = shown(0).plain.numpy()
    assert np.abs(made["keys"].numpy() - plain / np.linalg.norm(plain, axis=1, keepdims=True)).max() < 1e-12


def test_more_views_than_are_kept_are_refused(kind_of):
    learner = kind_of(module=tip_adapter, settings={**SETTINGS, "cache_views": 4}).learner()
    with pytest.raises(ValueError, match=r"cache_views 4: 3 views are kept: lower it, or raise views.count"):
        learner.of_images(shown())


def test_logits_are_those_of_texts_and_of_likeness_to_the_cache(kind_of, exact, pixels, names):
    kind = kind_of(module=tip_adapter, settings={**SETTINGS, "cache_views": 2})
    made = kind.learner().of_images(shown())
    output = kind.output({name: tensor[None] for name, tensor in made.items()}, pixels[:1])
    f, keys, values = output.images[0].numpy(), made["keys"].numpy(), made["values"].numpy()
    classes = class_features(exact, names, ("a photo of a {}.",)).numpy()
    likeness = np.exp(-SHARPNESS * (1 - f @ keys.T))
    expected = float(exact.scale) * f @ classes.T + WEIGHT * likeness @ values
    assert np.abs(output.logits[0].numpy() - expected).max() < 1e-10
