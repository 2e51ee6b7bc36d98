"""What every reader must give, whatever the layout."""

import os
from collections import Counter

import pytest

from reprompt.data.files.pictures import picture_of
from reprompt.data.files.readers import READERS
from reprompt.tasks.card import cards
from reprompt.tasks.groups import members

OFFICIAL = (
    *("cifar10", "cifar100", "country211", "fer2013", "gtsrb", "hateful_memes", "kitti_distance", "mnist"),
    *("rendered_sst2", "resisc45", "voc2007"),
)
WITH_SPLIT_FILE = (
    *("caltech101", "oxford_pets", "stanford_cars", "flowers102", "food101", "sun397", "dtd", "eurosat", "ucf101"),
)
VARIANTS = [
    *((task, {}) for task in READERS),
    *((task, {"split_file": False}) for task in WITH_SPLIT_FILE),
    *((task, {"official": True}) for task in OFFICIAL),
]


def of_classes(items):
    return Counter(item.label for item in items)


def test_every_task_with_labels_has_a_reader():
    assert set(READERS) == set(cards()) - set(members("web"))


@pytest.mark.parametrize(("task", "variant"), VARIANTS, ids=str)
def test_a_layout_is_read_and_all_of_its_pictures_can_be_opened(made, task, variant):
    listing = READERS[task](made(task, per_class=2, **variant))
    items = (*listing.train, *listing.test)
    assert len(set(items)) == len(items)
    assert all(picture_of(item).mode == "RGB" for item in items[::7])
    assert bool(listing.train) == (task not in members("imagenet4"))
    if task != "voc2007":
        assert set(of_classes(listing.test)) == set(range(len(listing.class_names)))


@pytest.mark.parametrize("task", WITH_SPLIT_FILE)
def test_without_a_split_file_names_labels_and_sizes_stay_but_the_listing_says_so(made, task):
    folder = made(task, per_class=5)
    with_file = READERS[task](folder)
    split = next(folder.glob("split_zhou_*.json"))
    split.unlink()
    without = READERS[task](folder)
    assert without.class_names == with_file.class_names
    assert of_classes(without.train) == of_classes(with_file.train)
    assert of_classes(without.test) == of_classes(with_file.test)
    label_of = {item.path: item.label for item in (*with_file.train, *with_file.test)}
    assert all(label_of.get(item.path, item.label) == item.label for item in (*without.train, *without.test))
    assert with_file.notes == ()
    assert split.name in without.notes[0]


@pytest.mark.parametrize(("task", "variant"), VARIANTS, ids=str)
def test_no_listing_depends_on_the_order_of_a_directory(made, monkeypatch, task, variant):
    folder = made(task, per_class=2, **variant)
    first = READERS[task](folder)
    in_order = os.listdir
    monkeypatch.setattr(os, "listdir", lambda path: sorted(in_order(path), reverse=True))
    assert READERS[task](folder) == first


@pytest.mark.parametrize("task", READERS)
def test_an_empty_folder_is_an_error_that_names_what_is_missing(tmp_path, task):
    with pytest.raises((FileNotFoundError, ValueError), match=str(tmp_path)):
        READERS[task](tmp_path)
