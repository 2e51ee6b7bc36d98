"""Images are made once, read ever after, and made again when what makes them has changed."""

from types import SimpleNamespace

import numpy as np
import pytest

from reprompt.cells.parameters import Views
from reprompt.data import image_store
from reprompt.data.image_store import ImageStore, PhotographStore


class Source:
    """Six images that count how often they are made."""

    def __init__(self):
        self.made = 0

    def labels(self, task, split):
        return np.arange(6)

    def images(self, task, split, indices):
        self.made += 1
        return np.arange(6, dtype=np.uint8)[:, None, None, None].repeat(2, 1).repeat(2, 2).repeat(3, 3)[list(indices)]


class Parameters:
    """What the images of a task depend on."""

    data = SimpleNamespace(source="rendered")

    def __init__(self, seed=1):
        self.seed = seed

    def images_of(self, task):
        return {"render_seed": self.seed}


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_images_are_made_once_and_come_in_the_order_asked_for(tmp_path):
    source = Source()
    for _ in range(2):
        store = ImageStore(source, Parameters(), tmp_path / "images", "code")
        assert store.images("dtd", "train", [4, 0, 4])[:, 0, 0, 0].tolist() == [4, 0, 4]
        assert store.images("dtd", "train", range(6)).shape == (6, 2, 2, 3)
    assert source.made == 1


def test_all_images_of_a_split_are_made_a_part_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(image_store, "AT_ONCE", 4)
    source = Source()
    store = ImageStore(source, Parameters(), tmp_path / "images", "code")
    assert store.images("dtd", "train", range(6))[:, 0, 0, 0].tolist() == list(range(6))
    assert source.made == 2, "four, then two"


def test_views_are_cut_out_of_kept_images(tmp_path):
    source, settings = Source(), Views(count=2, smallest_crop=0.5, flip=0.5)
    store = ImageStore(source, Parameters(), tmp_path / "images", "code")
    shown = store.views("dtd", [5, 2], [0, 1], settings)
    assert shown.shape == (2, 2, 2, 3)
    assert [view.mean() for view in shown] == [5, 2], "pictures of one colour keep it"
    assert source.made == 1


def test_views_of_photographs_are_cut_out_of_the_originals(tmp_path):
    class Photographs(Source):
        def views(self, task, indices, numbers, settings):
            return [task, indices, numbers, settings]

    store = PhotographStore(Photographs(), Parameters(), tmp_path / "images", "code")
    assert store.views("dtd", [5], [1], "settings") == ["dtd", [5], [1], "settings"]
    assert store.images("dtd", "train", [5]).shape == (1, 2, 2, 3)


def test_what_was_left_half_written_is_made_again(tmp_path):
    source = Source()
    ImageStore(source, Parameters(), tmp_path / "images", "code").images("dtd", "train", [0])
    (tmp_path / "images/dtd-train.json").unlink()
    ImageStore(source, Parameters(), tmp_path / "images", "code").images("dtd", "train", [0])
    assert source.made == 2


def test_another_split_and_other_settings_are_other_images(tmp_path):
    source = Source()
    ImageStore(source, Parameters(), tmp_path / "images", "code").images("dtd", "train", [0])
    ImageStore(source, Parameters(), tmp_path / "images", "code").images("dtd", "test", [0])
    ImageStore(source, Parameters(seed=2), tmp_path / "images", "code").images("dtd", "train", [0])
    assert source.made == 3
