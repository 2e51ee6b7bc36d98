"""ImageNet and its shifts."""

import shutil

import pytest

from reprompt.data.files import imagenet

NAMES = ["tench", "goldfish", "crane bird", "construction crane", "sunglasses", "sunglasses"]


def test_labels_are_in_the_order_of_ids_whatever_the_order_of_the_list(made, layouts):
    folder = made("imagenet")
    lines = (folder / "classnames.txt").read_text().splitlines()
    layouts.write_lines(folder / "classnames.txt", lines[::-1])
    listing = imagenet.imagenet(folder)
    assert list(listing.class_names) == NAMES
    assert {item.path.parent.name for item in listing.test if item.label == 0} == {"n01440764"}


def test_two_classes_with_one_name_stay_two_classes(made):
    listing = imagenet.imagenet(made("imagenet"))
    assert {item.label for item in listing.train} == set(range(6))


def test_classes_are_known_by_their_ids_in_every_set(made):
    """Of ImageNet-A's and -R's classes the ids say which of ImageNet's they are, where names cannot."""
    whole = imagenet.imagenet(made("imagenet"))
    assert len(set(whole.class_ids)) == 6 > len(set(whole.class_names))
    for read in (imagenet.imagenet_v2, imagenet.imagenet_sketch):
        assert read(made(read.__name__)).class_ids == whole.class_ids
    for read in (imagenet.imagenet_a, imagenet.imagenet_r):
        listing = read(made(read.__name__))
        at = [whole.class_ids.index(wordnet_id) for wordnet_id in listing.class_ids]
        assert [whole.class_names[k] for k in at] == list(listing.class_names)


def test_folders_of_imagenet_v2_are_labels(made):
    listing = imagenet.imagenet_v2(made("imagenet_v2"))
    assert all(item.label == int(item.path.parent.name) for item in listing.test)
    assert list(listing.class_names) == NAMES


def test_a_and_r_number_their_own_classes_anew_and_know_no_readme(made):
    hard, renditions = imagenet.imagenet_a(made("imagenet_a")), imagenet.imagenet_r(made("imagenet_r"))
    assert hard.class_names == ("goldfish", "construction crane")
    assert renditions.class_names == ("tench", "crane bird")
    assert {item.label for item in hard.test} == {item.label for item in renditions.test} == {0, 1}


@pytest.mark.parametrize("part", ["train", "val"])
def test_a_missing_class_folder_is_an_error_that_names_the_class(made, part):
    folder = made("imagenet")
    shutil.rmtree(folder / "images" / part / "n01443537")
    with pytest.raises(
        ValueError, match=rf"{part}: 1 of 6 class folders are missing, the first is n01443537 \(goldfish\)"
    ):
        imagenet.imagenet(folder)


def test_an_empty_class_folder_is_an_error(made):
    folder = made("imagenet_sketch")
    for picture in (folder / "images" / "n01443537").iterdir():
        picture.unlink()
    with pytest.raises(ValueError, match="n01443537 has no pictures"):
        imagenet.imagenet_sketch(folder)


def test_a_class_folder_without_a_name_is_an_error(made, layouts):
    folder = made("imagenet_a")
    layouts.write_picture(folder / "imagenet-a" / "n99999999" / "0.jpg")
    with pytest.raises(ValueError, match=r"n99999999: a class folder that classnames.txt does not name"):
        imagenet.imagenet_a(folder)


def test_validation_pictures_that_are_not_sorted_into_folders_are_told_of(made, layouts):
    folder = made("imagenet")
    shutil.rmtree(folder / "images" / "val")
    layouts.write_picture(folder / "images" / "val" / "ILSVRC2012_val_00000001.JPEG")
    with pytest.raises(ValueError, match="holds pictures but no class folders; sort them"):
        imagenet.imagenet(folder)


@pytest.mark.parametrize(("line", "why"), [("n01440764 fish", "twice"), ("n01484850", "without a name")])
def test_a_wrong_line_of_class_names_is_an_error(made, line, why):
    folder = made("imagenet")
    with (folder / "classnames.txt").open("a") as file:
        file.write(line + "\n")
    with pytest.raises(ValueError, match=why):
        imagenet.imagenet(folder)
