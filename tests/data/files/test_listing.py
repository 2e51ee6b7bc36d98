"""Names, orders and pools of pictures."""

from pathlib import Path

import pytest

from reprompt.data.files.listing import Item, Listing, checked, in_hash_order, label_array, path_hash, pooled

FOLDER = Path("/data/set")


def items(*names, label=0):
    return [Item(FOLDER / name, None, label) for name in names]


def test_a_picture_is_named_by_its_place_below_the_data_set_and_in_its_archive():
    assert Item(FOLDER / "a" / "b.jpg", None, 0).name(FOLDER) == "a/b.jpg"
    assert Item(FOLDER / "train.zip", "a/b.jpg", 0).name(FOLDER) == "train.zip@a/b.jpg"


def test_the_order_is_that_of_the_hashes_of_names_and_known_beforehand():
    ordered = in_hash_order(items("1.jpg", "2.jpg", "3.jpg", "4.jpg"), FOLDER)
    assert path_hash("1.jpg").startswith("4c468b3b16999fd9")  # sha256sum
    assert [item.path.name for item in ordered] == ["1.jpg", "2.jpg", "4.jpg", "3.jpg"]


def test_labels_of_no_pictures_are_an_empty_array_of_integers():
    assert label_array([], 5).shape == (0,)
    assert label_array([], 5).dtype == int


def test_a_pool_counts_each_class_for_itself():
    some = [*items("a", "b", "c"), *items("d", label=1)]
    assert sorted(item.label for item in pooled(some, FOLDER, 2)) == [0, 0, 1]


def test_a_label_row_of_another_length_is_an_error():
    listing = Listing(("a", "b"), (), (Item(FOLDER / "a", None, (1, 0, 0)),))
    with pytest.raises(ValueError, match="does not have one entry for each of 2 classes"):
        checked(FOLDER, listing)


def test_a_test_set_may_lack_classes_but_a_training_set_may_not():
    listing = Listing(("a", "b"), tuple(items("x")), tuple(items("y")))
    with pytest.raises(ValueError, match=r"1 of 2 classes have no training picture \('b'\)"):
        checked(FOLDER, listing)
    assert checked(FOLDER, Listing(("a", "b"), (), tuple(items("y"))))
