"""The feature store: made once, and only served to what it was made for."""

import numpy as np
import pytest
import torch

from reprompt.cells.parameters import Views
from reprompt.clip import features
from reprompt.clip.features import PartImages, encode_images, ensure_features, read_features
from reprompt.data.source import TaskSource


class Counting(TaskSource):
    """A source of random pictures that counts how often it is asked."""

    asked = 0

    def labels(self, task, split):
        return np.arange(6) % 3

    def images(self, task, split, indices):
        self.asked += 1
        pictures = np.random.default_rng(len(split)).integers(0, 255, (6, 40, 40, 3), dtype=np.uint8)
        return pictures[np.asarray(indices)]

    def views(self, task, indices, numbers, settings):
        return self.images(task, "train", indices) // (2 + np.asarray(numbers)[:, None, None, None])


@pytest.fixture
def made(tiny, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source, path, digests = Counting(), tmp_path / "part1.safetensors", []

    def ensure(smallest=0.8):
        views = Views(count=2, smallest_crop=smallest, flip=0.5)
        made = ensure_features(path, f"views {smallest}", tiny, PartImages(source, ("dtd",), views, {}))
        digests.append(made.pictures)
        return path, source

    ensure.digests = digests
    return ensure


def test_features_are_the_towers_own(made, tiny):
    path, source = made()
    images = source.images("dtd", "test", range(6))
    stored = read_features(path, "dtd")
    assert torch.equal(stored.test, encode_images(tiny, images))
    assert stored.views.shape == (2, 6, 24)
    assert not torch.equal(stored.views[0], stored.views[1]), "views differ"


def test_they_are_made_once_and_anew_for_other_settings(made):
    _, source = made()
    made()
    assert source.asked == 4, "train, test and two views, once each"
    made(smallest=0.5)
    assert source.asked == 8
    first, again, other = (digests["dtd"] for digests in made.digests)
    assert first == again == other, "the pictures are the same ones"
    assert len(set(first.values())) == 3


def test_one_other_pixel_is_another_set_of_pictures(made, monkeypatch):
    path, source = made()
    path.unlink()
    plain = source.images

    def altered(task, split, indices):
        pictures = plain(task, split, indices)
        if split == "test":
            pictures[5, 39, 39, 2] ^= 1
        return pictures

    monkeypatch.setattr(source, "images", altered)
    made()
    before, after = (digests["dtd"] for digests in made.digests)
    assert [kind for kind in before if before[kind] != after[kind]] == ["test"]


def test_a_killed_process_does_not_encode_its_images_again(made, tiny, monkeypatch):
    monkeypatch.setattr(features, "AT_ONCE", 4)
    path, source = made()
    expected, source.asked = read_features(path, "dtd"), 0
    path.unlink()
    monkeypatch.setattr(features, "encode_images", killed_after(3))
    with pytest.raises(KeyboardInterrupt):
        made()
    assert source.asked == 4
    monkeypatch.setattr(features, "encode_images", encode_images)
    made()
    assert source.asked == 9, "the one that was being encoded, and the four that were left"
    assert made.digests[0] == made.digests[1], "whatever was encoded before the kill"
    again = read_features(path, "dtd")
    kinds = ("plain", "views", "test")
    assert all(torch.equal(getattr(again, kind), getattr(expected, kind)) for kind in kinds)
    assert [file.name for file in path.parent.iterdir() if file.name.endswith("~")] == []


def test_digests_of_pictures_do_not_depend_on_how_many_are_in_memory(made, monkeypatch):
    path, _ = made()
    path.unlink()
    monkeypatch.setattr(features, "AT_ONCE", 4)
    made()
    assert made.digests[0] == made.digests[1]


def killed_after(calls):
    left = iter(range(calls))

    def encode(*arguments):
        if next(left, None) is None:
            raise KeyboardInterrupt
        return encode_images(*arguments)

    return encode


def test_missing_features_name_the_remedy(tmp_path):
    with pytest.raises(FileNotFoundError, match="reprompt features"):
        read_features(tmp_path / "none.safetensors", "dtd")
