"""WebVision: a pool of each class, and pictures that are left out."""

from collections import Counter

import odd
import pytest

from reprompt.data.files import webvision as webvision_module
from reprompt.data.files.kept import place_for
from reprompt.data.files.listing import path_hash
from reprompt.data.files.rgb import Reading
from reprompt.data.files.webvision import WebVision
from reprompt.data.preparation import Preparation


def web(root, pool=100):
    return WebVision(root, Preparation(16), pool, workers=2)


def test_names_are_the_first_synonyms_in_label_order(made):
    source = web(made("webvision"))
    assert source.class_names("webvision") == ["tench", "goldfish", "great white shark"]
    assert source.images("webvision", "test", [0, 5]).shape == (2, 16, 16, 3)


def test_both_engines_are_used_and_the_pool_is_the_first_by_hash(made):
    root = made("webvision", per_class=6)
    everything = web(root)
    assert Counter(everything.labels("webvision", "train").tolist()) == dict.fromkeys(range(3), 12)
    names = [
        name
        for n in range(18)
        for name in (f"google/q{n % 3:04d}/google_{n}.jpg", f"flickr/q{n % 3:04d}/flickr_{n}.jpg")
    ]
    expected = sorted((name for name in names if "q0001" in name), key=path_hash)[:4]
    pool = web(root, pool=4).items("train")
    assert [item.path.relative_to(root).as_posix() for item in pool if item.label == 1] == expected


def test_unreadable_pictures_are_replaced_by_the_next_and_told_of(made, layouts):
    root = made("webvision", per_class=3)
    first = web(root, pool=2).items("train")
    layouts.truncate(first[0].path)
    (place_for(root) / "pool2.json").unlink()
    source = web(root, pool=2)
    assert source.unreadable == (first[0].path.relative_to(root).as_posix(),)
    assert Counter(source.labels("webvision", "train").tolist()) == {0: 2, 1: 2, 2: 2}
    assert first[0] not in source.items("train")


def test_unreadable_test_pictures_are_left_out(made, layouts):
    root = made("webvision")
    layouts.truncate(root / "val_images_256" / "val000004.jpg")
    source = web(root)
    assert source.labels("webvision", "test").tolist() == [0, 1, 2, 0, 2]
    assert source.unreadable == ("val_images_256/val000004.jpg",)


def test_a_second_start_looks_at_no_picture(made, monkeypatch):
    root = made("webvision")
    first = web(root).labels("webvision", "train")
    monkeypatch.setattr(webvision_module, "picture_of", lambda item: pytest.fail("a picture was opened"))
    assert web(root).labels("webvision", "train").tolist() == first.tolist()


def test_a_picture_above_the_limit_is_left_out_and_a_higher_limit_looks_again(made):
    root = made("webvision")
    (root / "google" / "q0001" / "google_1.jpg").write_bytes(odd.refused()["too large"].content)
    small, higher = (WebVision(root, Preparation(16), 100, workers=2, reading=Reading(largest)) for largest in (1, 2))
    assert small.unreadable == ("google/q0001/google_1.jpg",)
    assert higher.unreadable == () and len(higher.items("train")) == len(small.items("train")) + 1


def test_another_list_is_looked_at_anew(made, layouts):
    root = made("webvision")
    before = len(web(root).labels("webvision", "test"))
    layouts.write_picture(root / "val_images_256" / "val000099.jpg")
    with (root / "info" / "val_filelist.txt").open("a") as file:
        file.write("val000099.jpg 2\n")
    assert len(web(root).labels("webvision", "test")) == before + 1


def test_a_list_that_names_a_missing_picture_is_an_error(made):
    root = made("webvision")
    (root / "google" / "q0001" / "google_1.jpg").unlink()
    with pytest.raises(FileNotFoundError, match=r"google_1.jpg is missing"):
        web(root).labels("webvision", "train")


def test_a_wrong_line_of_a_list_is_an_error(made):
    root = made("webvision")
    with (root / "info" / "train_filelist_google.txt").open("a") as file:
        file.write("google/q0001/a.jpg 3\n")
    with pytest.raises(ValueError, match=r"line 13: .* is not a path and a label below 3"):
        web(root).labels("webvision", "train")


def test_a_missing_list_is_an_error(made):
    root = made("webvision")
    (root / "info" / "train_filelist_flickr.txt").unlink()
    with pytest.raises(FileNotFoundError, match=r"train_filelist_flickr.txt is missing"):
        web(root).labels("webvision", "train")
