"""Draws are nested, separate and independent; splits follow CoOp's rules and survive the disk."""

import numpy as np
import pytest

from reprompt.data.draws import class_sizes, draw, few_shot, validation
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


@pytest.mark.parametrize(
    ("tau", "totals"),
    [(0.05, (28, 239, 2325, 4648)), (0.01, (24, 175, 1692, 3377)), (1.0, (80, 800, 8000, 16000))],
)
def test_imbalanced_sets_have_as_many_images_as_worked_out_beforehand(tau, totals):
    """Sums of max(1, floor(16 tau^(k / (K - 1)))) over K classes, worked out apart from this code."""
    assert tuple(sum(class_sizes(classes, 16, tau)) for classes in (5, 50, 500, 1000)) == totals


@pytest.mark.parametrize("classes", [1, 2, 5, 51])
@pytest.mark.parametrize("tau", [1.0, 0.5, 0.05, 0.01])
def test_classes_shrink_from_head_to_tail_and_none_is_empty(classes, tau):
    sizes = class_sizes(classes, 16, tau)
    assert sizes[0] == 16 and sizes == sorted(sizes, reverse=True)
    assert sizes[-1] == (max(1, int(16 * tau)) if classes > 1 else 16)
    assert tau < 1 or set(sizes) == {16}


def test_sizes_are_not_lost_to_rounding():
    """16 * 0.25^(1/2) is 8, and 4 * 0.125^(2/3) is 1, whatever a float makes of them."""
    assert class_sizes(3, 16, 0.25) == [16, 8, 4]
    assert class_sizes(4, 8, 0.125) == [8, 4, 2, 1]


@pytest.mark.parametrize("tau", [0.05, 0.01])
def test_an_imbalanced_set_is_a_part_of_the_balanced_one_and_sets_are_nested(tau):
    balanced, _ = few_shot(DRAWN, range(5), 16)
    images, labels = few_shot(DRAWN, range(5), 16, tau)
    assert set(images.tolist()) < set(balanced.tolist())
    assert np.bincount(labels).tolist() == class_sizes(5, 16, tau)
    assert LABELS[images].tolist() == labels.tolist()
    less, _ = few_shot(DRAWN, range(5), 16, tau / 2)
    assert set(less.tolist()) <= set(images.tolist())


def test_tau_one_is_the_balanced_set():
    for one, other in zip(few_shot(DRAWN, range(5), 8), few_shot(DRAWN, range(5), 8, 1.0), strict=True):
        assert one.tolist() == other.tolist()
    assert np.bincount(few_shot(DRAWN, range(5), 8, 1.0)[1]).tolist() == [8] * 5


def test_the_head_is_the_first_of_the_classes_that_are_trained_on():
    images, labels = few_shot(DRAWN, [2, 3, 4], 16, 0.25)
    assert np.bincount(labels).tolist() == [16, 8, 4]
    assert np.bincount(LABELS[images]).tolist() == [0, 0, 16, 8, 4]


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
