"""Draws are nested, separate and independent; splits follow CoOp's rules and survive the disk."""

import numpy as np
import pytest

from reprompt.data.draws import draw, few_shot, validation
from reprompt.data.splits import Split, base_and_new

LABELS = np.arange(200) % 5
DRAWN = draw(LABELS, 5, "dtd", seed=1, most_shots=16)


def split(**changes):
    names = ["a", "b", "c", "d", "e"]
    settings = {"task": "dtd", "class_names": names, "template": "{} texture.", "train_labels": LABELS.tolist()}
    settings |= {"test_labels": [0, 1, 2, 3, 4, 4], "draws": {"1": DRAWN}, "most_shots": 16}
    return Split(**{**settings, **changes})


def test_fewer_shots_are_a_prefix_of_more():
    few, _ = few_shot(DRAWN, [2], 4)
    many, _ = few_shot(DRAWN, [2], 16)
    assert few.tolist() == many[:4].tolist()


def test_shots_have_their_labels_and_no_repeats():
    images, labels = few_shot(DRAWN, [1, 3], 8)
    assert LABELS[images].tolist() == np.array([1, 3])[labels].tolist()
    assert len(set(images.tolist())) == 16


def test_validation_never_meets_training():
    images, _ = few_shot(DRAWN, range(5), 16)
    held_out, labels = validation(DRAWN, range(5), 16, most_shots=16)
    assert not set(images.tolist()) & set(held_out.tolist())
    assert np.bincount(labels).tolist() == [4] * 5
    assert len(validation(DRAWN, range(5), 1, most_shots=16)[0]) == 5, "min(shots, 4) per class"


def test_two_seeds_and_two_tasks_share_no_order():
    assert draw(LABELS, 5, "dtd", 2, 16) != DRAWN
    assert draw(LABELS, 5, "ucf101", 1, 16) != DRAWN
    assert draw(LABELS, 5, "dtd", 1, 16) == DRAWN


def test_a_class_with_fewer_images_gives_all_of_them():
    drawn = draw(np.array([0, 0, 1]), 2, "dtd", 1, 16)
    images, labels = few_shot(drawn, [0, 1], 4)
    assert sorted(images.tolist()) == [0, 1, 2]
    assert labels.tolist() == [0, 0, 1]


@pytest.mark.parametrize(("classes", "base"), [(47, 24), (37, 19), (100, 50), (101, 51), (10, 5), (2, 1)])
def test_base_is_the_larger_half(classes, base):
    first, rest = base_and_new(classes)
    assert (len(first), len(rest)) == (base, classes - base)
    assert first + rest == list(range(classes))


def test_targets_are_renumbered_within_a_split():
    assert split().test_targets("all").tolist() == [0, 1, 2, 3, 4, 4]
    assert split().test_images("new").tolist() == [3, 4, 5]
    assert split().test_targets("new").tolist() == [0, 1, 1]
    assert split().names("new") == ["d", "e"]


def test_a_split_survives_the_disk_and_its_hash_is_its_content(tmp_path):
    split().write(tmp_path / "dtd.json")
    back = Split.read(tmp_path / "dtd.json")
    assert back == split()
    assert back.sha256 == split().sha256 != split(template="a {}.").sha256


def test_a_missing_split_names_the_remedy(tmp_path):
    with pytest.raises(FileNotFoundError, match="reprompt split"):
        Split.read(tmp_path / "none.json")
