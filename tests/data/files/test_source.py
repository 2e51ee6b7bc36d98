"""The real data sets as a source of tasks."""

import json
import shutil
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from reprompt.cells.parameters import FileData, Views
from reprompt.data import sources
from reprompt.data.files import source as source_module
from reprompt.data.files.listing import path_hash
from reprompt.data.files.source import Files
from reprompt.data.files.transforms import centred, prepared, squashed
from reprompt.data.preparation import Preparation
from reprompt.data.source import split_of
from reprompt.data.sources import stored_source_of
from reprompt.data.views import random_view
from reprompt.foundation.streams import numpy_stream
from reprompt.tasks.card import card_of

SMALL = Preparation(32)
VIEWS = Views(count=3, smallest_crop=0.08, flip=0.5)


@pytest.fixture
def root(tmp_path, layouts, monkeypatch):
    """A data root that a task is put into: root("dtd")."""

    def put(task, **variant):
        layouts.make(task, tmp_path / card_of(task).folder, **variant)
        return tmp_path

    return put


def files(root, expected=None, preparation=SMALL, **settings):
    usual = {"pool": 100, "workers": 2}
    return Files(FileData(source="files", root=str(root), **usual | settings), preparation, expected)


def test_a_task_is_found_below_the_root_and_named_as_its_card_says(root):
    source = files(root("dtd"))
    assert source.class_names("dtd") == ["banded", "blotchy", "polka-dotted", "zigzagged"]
    assert source.labels("dtd", "test").tolist() == [0, 0, 1, 1, 2, 2, 3, 3]


def test_the_pool_is_the_first_of_each_class_in_the_order_of_hashes(root):
    folder = root("imagenet", per_class=7) / "imagenet"
    source = files(folder.parent, pool=3)
    assert Counter(source.labels("imagenet", "train").tolist()) == dict.fromkeys(range(6), 3)
    names = [item.name(folder) for item in source.listing("imagenet").train]
    assert names == sorted(names, key=path_hash)
    of_first = [path.relative_to(folder).as_posix() for path in (folder / "images" / "train" / "n01440764").iterdir()]
    assert {name for name in names if "n01440764" in name} == set(sorted(of_first, key=path_hash)[:3])


def test_pictures_of_several_classes_are_all_kept_in_the_order_of_hashes(root):
    source = files(root("voc2007", per_class=3), pool=1)
    assert source.labels("voc2007", "train").shape == (60, 20)
    names = [item.name(source.folder("voc2007")) for item in source.listing("voc2007").train]
    assert names == sorted(names, key=path_hash)


def test_a_larger_pool_begins_with_the_smaller_one_in_each_class(root):
    folder = root("dtd", per_class=6)
    small, large = (files(folder, pool=pool).listing("dtd").train for pool in (2, 5))
    for label in range(4):
        assert [i for i in large if i.label == label][:2] == [i for i in small if i.label == label]


def test_pictures_outside_the_pool_are_never_opened(root, layouts):
    folder = root("imagenet", per_class=6)
    source = files(folder, pool=2)
    used = {item.path for item in source.listing("imagenet").train}
    for path in (folder / "imagenet" / "images" / "train").rglob("*.JPEG"):
        if path not in used:
            layouts.truncate(path)
    assert source.images("imagenet", "train", range(12)).shape == (12, 32, 32, 3)


@pytest.mark.parametrize(("name", "prepared"), [("dtd", centred), ("dtd-elevater", squashed)])
def test_images_are_the_pictures_asked_for_in_that_order_resized_as_the_version_says(root, name, prepared):
    source = files(root(name, **({"official": True} if name != "dtd" else {})))
    images = source.images(name, "test", [5, 0, 5])
    expected = [prepared(Image.open(source.listing(name).test[n].path).convert("RGB"), 32) for n in (5, 0, 5)]
    assert images.dtype == np.uint8
    assert np.array_equal(images, np.stack(expected))


@pytest.mark.parametrize(("name", "resize"), [("dtd", "padded"), ("dtd-elevater", "squashed"), ("imagenet", "padded")])
def test_a_card_that_says_how_to_resize_goes_before_the_weights_and_the_interpolation_is_theirs(root, name, resize):
    wanted = Preparation(24, "padded", "bilinear")
    source = files(root(name, **({"official": True} if name == "dtd-elevater" else {})), preparation=wanted)
    picture = Image.open(source.listing(name).test[0].path).convert("RGB")
    expected = prepared(picture, Preparation(24, resize, "bilinear"))
    assert np.array_equal(source.images(name, "test", [0])[0], expected)


def test_views_have_the_side_and_the_interpolation_that_the_weights_want(root):
    wanted = Preparation(24, "squashed", "bilinear")
    source = files(root("dtd"), preparation=wanted)
    item = source.listing("dtd").train[3]
    stream = numpy_stream(0, "augmented view", "dtd", 2, item.path.relative_to(source.root / "dtd").as_posix())
    expected = random_view(Image.open(item.path).convert("RGB"), wanted, 0.08, 0.5, stream)
    assert np.array_equal(source.views("dtd", [3], [2], VIEWS)[0], expected)


@pytest.mark.parametrize(
    "other", [Preparation(24), Preparation(32, "squashed"), Preparation(32, "centred", "bilinear")]
)
def test_pictures_are_kept_once_for_each_way_to_prepare_them(root, tmp_path, monkeypatch, other):
    monkeypatch.chdir(tmp_path)
    data = FileData(source="files", root=str(root("dtd")), pool=100, workers=2)
    parameters = SimpleNamespace(data=data, gram=None, images_of=lambda task: {})
    whole = SimpleNamespace(classes=4, validation=8, train=None, test=None)
    monkeypatch.setattr(sources, "card_of", lambda task, own=None: whole)

    def kept(preparation):
        source = stored_source_of(parameters, tmp_path / "images", {"files": "code"}, preparation)
        return source.images("dtd", "test", range(8))

    for preparation in (SMALL, other, SMALL):
        expected = files(tmp_path, preparation=preparation).images("dtd", "test", range(8))
        assert np.array_equal(kept(preparation), expected)
    assert {path.parent.name for path in (tmp_path / "images").rglob("*.npy")} == {SMALL.name, other.name}


def test_views_depend_on_task_view_and_picture_alone(root):
    source = files(root("dtd"))
    both = source.views("dtd", [3, 0, 3], [0, 0, 2], VIEWS)
    alone = files(source.root, workers=1, pool=3)  # another pool, other threads, another order
    index = alone.listing("dtd").train.index(source.listing("dtd").train[3])
    assert np.array_equal(alone.views("dtd", [index], [2], VIEWS)[0], both[2])
    assert not np.array_equal(both[0], both[2])


def test_a_view_is_drawn_from_a_stream_named_by_the_pictures_path(root):
    source = files(root("dtd"))
    item = source.listing("dtd").train[3]
    stream = numpy_stream(0, "augmented view", "dtd", 2, item.path.relative_to(source.root / "dtd").as_posix())
    expected = random_view(Image.open(item.path).convert("RGB"), Preparation(32), 0.08, 0.5, stream)
    assert np.array_equal(source.views("dtd", [3], [2], VIEWS)[0], expected)


def test_moving_the_root_changes_neither_views_nor_draws(root, tmp_path):
    first = files(root("dtd"))
    views, draws = first.views("dtd", range(8), [1] * 8, VIEWS), split_of(first, card_of("dtd"), [1, 2], 2).draws
    elsewhere = tmp_path / "elsewhere"
    shutil.move(tmp_path / "dtd", elsewhere / "dtd")
    second = files(elsewhere)
    assert np.array_equal(second.views("dtd", range(8), [1] * 8, VIEWS), views)
    assert split_of(second, card_of("dtd"), [1, 2], 2).draws == draws


def test_a_shift_has_no_training_pictures_and_still_makes_a_split(root):
    source = files(root("imagenet_a"))
    assert source.labels("imagenet_a", "train").shape == (0,)
    assert source.images("imagenet_a", "train", []).shape == (0, 32, 32, 3)
    split = split_of(source, card_of("imagenet_a"), [1], 4)
    assert split.test_labels == [0, 0, 1, 1]


def test_a_validation_set_is_drawn_from_for_every_seed(root):
    source = files(root("dtd"))
    assert source.splits("dtd") == ("train", "test", "validation")
    split = split_of(source, card_of("dtd"), [1, 2], 2)
    labels = source.labels("dtd", "validation")
    assert split.validation_labels == labels.tolist()
    kind, images, of_images = split.validation(1, "all", 1)
    assert kind == "validation" and labels[images].tolist() == of_images.tolist() == [0, 1, 2, 3]
    assert source.images("dtd", "validation", images).shape == (4, 32, 32, 3)
    assert type(split)(**json.loads(split.text)) == split


def test_without_a_validation_set_the_images_after_the_most_shots_are_for_validation(root):
    source = files(root("imagenet"))
    assert source.splits("imagenet") == ("train", "test")
    split = split_of(source, card_of("imagenet"), [1], 1)
    kind, images, _ = split.validation(1, "base", 1)
    assert kind == "train" and images.tolist() == [drawn[1] for drawn in split.draws["1"][:3]]
    assert split.ids("base") == list(source.listing("imagenet").class_ids[:3])


def test_the_split_of_a_version_is_named_by_its_task_and_has_elevaters_templates(root):
    source = files(root("eurosat-elevater", official=True))
    split = split_of(source, card_of("eurosat-elevater"), [1], 2)
    assert (split.task, split.template) == ("eurosat", "a centered satellite photo of {}.")
    assert split.class_names[2] == "brushland or shrubland" and len(split.templates) == 3
    assert [len(drawn) for drawn in split.draws["1"]] == [4] * 10


def test_several_threads_give_the_same_images_as_one(root):
    folder = root("cifar100")
    one, many = (files(folder, workers=n).images("cifar100", "test", range(200)) for n in (1, 5))
    assert np.array_equal(one, many)


def test_a_truncated_picture_ends_the_work_with_its_name(root, layouts):
    source = files(root("dtd"))
    broken = source.listing("dtd").test[4].path
    layouts.truncate(broken)
    with pytest.raises(ValueError, match=f"{broken}: not a readable picture"):
        source.images("dtd", "test", range(8))


def test_a_missing_data_set_is_an_error_that_names_its_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match="oxford_pets goes there"):
        files(tmp_path).labels("oxford_pets", "train")


def test_another_number_of_classes_than_expected_is_an_error(root):
    with pytest.raises(ValueError, match="dtd is not whole: 4 classes, expected 47"):
        files(root("dtd"), expected={"dtd": card_of("dtd")}).labels("dtd", "train")


def test_an_unknown_task_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(source_module, "READERS", {})
    with pytest.raises(ValueError, match="no reader for task 'dtd'"):
        files(tmp_path).labels("dtd", "train")


def test_what_a_listing_notes_can_be_asked(root):
    assert "split is our own" in files(root("dtd", split_file=False)).notes("dtd")[0]
