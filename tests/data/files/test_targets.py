"""MVLPT's targets: ELEVATER's layout and those of the makers, and that both say the same of a picture."""

import gzip
import json
import pickle
from functools import partial
from zipfile import ZipFile

import numpy as np
import pytest
from torchvision import datasets

from reprompt.data.files.arrays import HARMLESS, read_cifar, rows_of
from reprompt.data.files.elevater import members_of
from reprompt.data.files.pictures import picture_of
from reprompt.data.files.targets import TARGETS, target_names

CLASSES = {
    **{"cifar10": 10, "cifar100": 100, "country211": 211, "fer2013": 7, "gtsrb": 43, "hateful_memes": 2},
    **{"kitti_distance": 4, "mnist": 10, "patch_camelyon": 2, "rendered_sst2": 2, "resisc45": 45, "voc2007": 20},
}


@pytest.fixture(autouse=True)
def nothing_is_remembered():
    """Files of one name are written again and again here."""
    for remembered in (members_of, rows_of, read_cifar):
        remembered.cache_clear()


@pytest.mark.parametrize("task", CLASSES)
def test_class_names_are_as_many_as_the_benchmark_says_and_all_different(task):
    assert len(set(target_names(task))) == len(target_names(task)) == CLASSES[task]


def test_orders_that_are_not_the_alphabets():
    assert target_names("cifar100")[:4] == ("chimpanzee", "trout", "skunk", "spider")
    assert target_names("country211")[:3] == ("Andorra", "United Arab Emirates", "Afghanistan")
    assert target_names("fer2013")[4] == "neutral"
    assert target_names("kitti_distance")[3] == "a photo i took with no car."


def test_pictures_and_labels_of_an_index_are_those_of_its_lines(made, layouts):
    folder = made("gtsrb", per_class=1)
    listing = TARGETS["gtsrb"](folder)
    first = (folder / "train.txt").read_text().splitlines()[7]
    assert first == f"{listing.train[7].path.name}@{listing.train[7].member} {listing.train[7].label}"
    assert np.array_equal(np.asarray(picture_of(listing.train[7])), layouts.pixels(listing.train[7].member))


def test_the_lowest_category_of_coco_is_label_zero_and_pictures_come_in_the_order_of_ids(made):
    listing = TARGETS["kitti_distance"](made("kitti_distance", per_class=2))
    assert [item.label for item in listing.train] == [0, 1, 2, 3, 0, 1, 2, 3]
    assert listing.train[1].member == "some pictures/train_1.png"


def test_a_picture_of_several_classes_has_a_row_of_zeros_and_ones(made):
    listing = TARGETS["voc2007"](made("voc2007", per_class=3))
    rows = np.array([item.label for item in listing.train])
    assert rows.shape == (60, 20)
    assert set(rows.sum(axis=1)) == {1, 2}


def test_fer_labels_are_reordered_from_the_table(made):
    listing = TARGETS["fer2013"](made("fer2013", official=True))
    of_table = {0: "angry", 1: "disgusted", 2: "fearful", 3: "happy", 4: "sad", 5: "surprised", 6: "neutral"}
    assert all(listing.class_names[item.label] == of_table[int(item.member) % 7] for item in listing.train)
    assert len(listing.test) == 14  # the private test set alone


def test_cifar100_is_put_into_elevaters_order_by_name(made, layouts):
    listing = TARGETS["cifar100"](made("cifar100", official=True))
    apple = next(item for item in listing.train if listing.class_names[item.label] == "apple")
    assert apple.member == "0"  # the first of the alphabet
    assert np.array_equal(np.asarray(picture_of(apple)), layouts.pixels("train/apple", (32, 32)))


def test_kittis_label_is_the_distance_of_the_next_vehicle(made):
    listing = TARGETS["kitti_distance"](made("kitti_distance", official=True))
    assert all(item.label == int(item.path.stem) % 4 for item in (*listing.train, *listing.test))


def test_a_picture_of_kitti_without_any_object_has_no_vehicle(made):
    folder = made("kitti_distance", official=True)
    (folder / "training" / "label_2" / "000000.txt").write_text("")
    listing = TARGETS["kitti_distance"](folder)
    assert [item.label for item in (*listing.train, *listing.test) if item.path.stem == "000000"] == [3]


def test_kittis_videos_are_held_out_as_a_whole(made):
    listing = TARGETS["kitti_distance"](made("kitti_distance", official=True))
    videos = [{int(item.path.stem) // 4 for item in items} for items in (listing.train, listing.test)]
    drawn = np.random.RandomState(123)  # TensorFlow Datasets' way, on the twenty videos of the fixture
    names = [f"2011_09_26_drive_{n:04d}_sync" for n in range(20)]
    tested = set(drawn.choice(names, 2, replace=False))
    assert videos[1] == {names.index(name) for name in tested}
    assert len(videos[0]) == 16
    assert not videos[0] & videos[1]


def test_objects_hard_to_see_do_not_count_in_voc(made):
    listing = TARGETS["voc2007"](made("voc2007", official=True, per_class=1))
    assert [item.label[k] for item, k in zip(listing.train, range(20), strict=True)] == [1] * 20
    assert {sum(item.label) for item in listing.train} == {2}
    assert "hard to see" in listing.notes[0]


def test_resiscs_own_split_has_a_tenth_for_training_and_eight_to_test(made):
    listing = TARGETS["resisc45"](made("resisc45", official=True))
    assert (len(listing.train), len(listing.test)) == (45, 8 * 45)


@pytest.mark.parametrize(
    ("task", "inside", "theirs"),
    [
        ("mnist", "MNIST/raw", lambda folder, train: datasets.MNIST(folder, train)),
        ("gtsrb", "gtsrb", lambda folder, train: datasets.GTSRB(folder, "train" if train else "test")),
        ("country211", "country211", lambda folder, train: datasets.Country211(folder, "train" if train else "test")),
        ("rendered_sst2", "rendered-sst2", lambda f, train: datasets.RenderedSST2(f, "train" if train else "test")),
    ],
)
def test_torchvisions_own_layout_is_read_as_torchvision_reads_it(made, tmp_path, task, inside, theirs):
    folder = tmp_path / "torchvision"
    (folder / inside).parent.mkdir(parents=True)
    made(task, official=True, per_class=2).rename(folder / inside)
    for packed in (folder / inside).glob("*.gz"):
        packed.with_suffix("").write_bytes(gzip.decompress(packed.read_bytes()))
        packed.unlink()
    listing = TARGETS[task](folder)
    for ours, split in ((listing.train, True), (listing.test, False)):
        samples = theirs(folder, split)
        assert [item.label for item in ours] == [int(samples[n][1]) for n in range(len(samples))]
        pixels = [np.asarray(samples[n][0].convert("RGB")) for n in range(0, len(samples), 17)]
        assert all(np.array_equal(np.asarray(picture_of(a)), b) for a, b in zip(ours[::17], pixels, strict=True))


def test_patch_camelyons_hdf5_is_read_row_by_row(made, layouts):
    pytest.importorskip("h5py")
    listing = TARGETS["patch_camelyon"](made("patch_camelyon", official=True))
    assert [item.label for item in listing.train[:4]] == [0, 1, 0, 1]
    assert np.array_equal(np.asarray(picture_of(listing.train[3])), layouts.pixels("train/3", (96, 96)))


def test_elevaters_layout_comes_before_the_makers_own(made):
    folder = made("mnist")
    made("mnist", official=True)
    assert TARGETS["mnist"](folder).train[0].path.name == "train.zip"


def test_a_folder_with_neither_layout_is_told_of_both(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"found neither train.txt .* nor MNIST or train-images"):
        TARGETS["mnist"](tmp_path)


def test_an_index_that_names_a_missing_picture_is_an_error(made):
    folder = made("mnist")
    with (folder / "test.txt").open("a") as file:
        file.write("val.zip@some pictures/none.png 3\n")
    with pytest.raises(FileNotFoundError, match=r"test.txt names some pictures/none.png in .*val.zip, which does not"):
        TARGETS["mnist"](folder)


def test_a_missing_archive_is_an_error(made):
    folder = made("resisc45", per_class=1)
    (folder / "images.zip").unlink()
    with pytest.raises(FileNotFoundError, match=r"images.zip is missing"):
        TARGETS["resisc45"](folder)


def test_a_truncated_archive_is_an_error(made, layouts):
    folder = made("mnist")
    layouts.truncate(folder / "train.zip")
    with pytest.raises(ValueError, match=r"train.zip: cut off or not a zip archive"):
        TARGETS["mnist"](folder)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("val.zip@some pictures/test_0.png ten", "line 21: .* is not a picture, a blank and its labels"),
        ("val.zip@some pictures/test_0.png 10", "labels .10.; expected one of 0 to 9"),
        ("val.zip@some pictures/test_0.png 1,2", "labels .1, 2.; expected one of 0 to 9"),
        ("some_pictures/test_0.png 1", "does not name a picture in an archive"),
    ],
)
def test_a_wrong_line_of_an_index_is_an_error(made, line, message):
    folder = made("mnist")
    with (folder / "test.txt").open("a") as file:
        file.write(line + "\n")
    with pytest.raises(ValueError, match=message):
        TARGETS["mnist"](folder)


def test_a_wrong_index_in_cocos_manner_is_an_error(made):
    folder = made("hateful_memes")
    (folder / "train_meta.json").write_text(json.dumps({"images": []}))
    with pytest.raises(ValueError, match="not an index of images, annotations and categories"):
        TARGETS["hateful_memes"](folder)


def test_a_class_that_has_no_training_picture_is_an_error(made):
    folder = made("mnist", per_class=1)
    lines = (folder / "train.txt").read_text().splitlines()
    (folder / "train.txt").write_text("\n".join(lines[:-2]) + "\n")
    with pytest.raises(ValueError, match=r"2 of 10 classes have no training picture \('8', '9'\)"):
        TARGETS["mnist"](folder)


def test_a_pickle_that_would_run_a_program_is_not_read(made):
    folder = made("cifar10", official=True)
    meta = folder / "cifar-10-batches-py" / "batches.meta"
    meta.write_bytes(pickle.dumps(partial(print, "read me")))
    with pytest.raises(ValueError, match="which no batch of pictures needs"):
        TARGETS["cifar10"](folder)
    assert not any(module in ("builtins", "os", "functools") for module, _ in HARMLESS)


@pytest.mark.parametrize(
    ("task", "file"),
    [
        ("mnist", "train-images-idx3-ubyte.gz"),
        ("cifar10", "cifar-10-batches-py/data_batch_3"),
        ("fer2013", "fer2013.csv"),
    ],
)
def test_a_truncated_array_is_an_error_that_names_the_file(made, layouts, task, file):
    folder = made(task, official=True)
    layouts.truncate(folder / file)
    with pytest.raises(ValueError, match=file.rpartition("/")[2]):
        picture_of(TARGETS[task](folder).train[0])


def test_members_of_an_archive_may_be_named_with_backslashes_in_an_index(made):
    folder = made("rendered_sst2")
    text = (folder / "train.txt").read_text()
    (folder / "train.txt").write_text(text.replace("/", "\\"))
    with ZipFile(folder / "train.zip") as archive:
        assert TARGETS["rendered_sst2"](folder).train[0].member in archive.namelist()


@pytest.mark.parametrize(
    ("task", "file", "line"),
    [
        ("voc2007", "VOCdevkit/VOC2007/ImageSets/Main/bird_test.txt", "006000"),
        ("kitti_distance", "mapping/train_mapping.txt", "2011_09_26"),
        ("kitti_distance", "mapping/train_rand.txt", "81"),
        ("kitti_distance", "mapping/train_rand.txt", "first"),
        ("kitti_distance", "training/label_2/000001.txt", "Car 0.00 0"),
        ("hateful_memes", "train.jsonl", '{"id": 7}'),
        ("gtsrb", "GT-final_test.csv", "00000.ppm;53"),
    ],
)
def test_a_wrong_line_of_a_makers_list_is_an_error_that_names_the_file(made, task, file, line):
    folder = made(task, official=True)
    with (folder / file).open("a") as opened:
        opened.write(line + "\n")
    with pytest.raises(ValueError, match=file):
        TARGETS[task](folder)
