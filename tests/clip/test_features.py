"""The feature store: made once, and only served to what it was made for."""

import numpy as np
import pytest
import torch

from reprompt.clip.features import encode_images, ensure_features, manifest, read_features
from reprompt.made_from import is_made_from
from reprompt.plan.cells import canonical
from reprompt.plan.parameters import Views


class Counting:
    """A source of random pictures that counts how often it is asked."""

    asked = 0

    def labels(self, task, split):
        return np.arange(6) % 3

    def images(self, task, split, indices):
        self.asked += 1
        return np.random.default_rng(len(split)).integers(0, 255, (len(indices), 40, 40, 3), dtype=np.uint8)


@pytest.fixture
def made(tiny, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source, path = Counting(), tmp_path / "part1.safetensors"

    def ensure(smallest=0.8):
        views = Views(count=2, smallest_crop=smallest, flip=0.5)
        ensure_features(path, canonical({"views": smallest}), tiny, source, ("dtd",), views)
        return path, source

    return ensure


def test_features_are_the_towers_own(made, tiny):
    path, source = made()
    images = source.images("dtd", "test", range(6))
    stored = read_features(path, "dtd")
    assert torch.equal(stored.test, encode_images(tiny, images))
    assert stored.views.shape == (2, 6, 24)
    assert not torch.equal(stored.views[0], stored.views[1]), "views differ"


def test_they_are_made_once_and_anew_for_other_settings(made, tiny):
    path, source = made()
    made()
    assert source.asked == 2, "train and test, once each"
    made(smallest=0.5)
    assert source.asked == 4
    assert is_made_from(path, manifest(canonical({"views": 0.5}), tiny.weights_sha256))
    assert not is_made_from(path, manifest(canonical({"views": 0.8}), tiny.weights_sha256))


def test_missing_features_name_the_remedy(tmp_path):
    with pytest.raises(FileNotFoundError, match="reprompt features"):
        read_features(tmp_path / "none.safetensors", "dtd")
