"""MVLPT's twelve targets in the layouts of their own makers, for those who cannot get ELEVATER's archives.

Pictures and labels are the same, and so are the sizes but where a reader says otherwise; names within the data set
differ, and with them the few-shot draws. Class names and label order are ELEVATER's throughout (target_names.json).
"""

import csv
import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from reprompt.data.files.arrays import read_cifar, read_faces, read_hdf5, read_idx
from reprompt.data.files.folders import class_folders, fields_of, lines_of, needed_file, needed_folder, pictures_in
from reprompt.data.files.listing import Item, Listing, all_there, checked
from reprompt.data.files.own_splits import three_parts

Names = tuple[str, ...]
FER_LABELS = (0, 1, 2, 3, 5, 6, 4)  # of the table's emotions, where neutral is last; ELEVATER's classes are sorted
FER_USAGE = {"train": "Training", "test": "PrivateTest"}  # ELEVATER's test set has as many; PublicTest is validation
NEAR, FAR, NO_VEHICLE = 8.0, 20.0, 1000.0  # metres; VTAB's three distances
VEHICLES = ("Car", "Van", "Truck")
HELD_OUT_VIDEOS, VIDEO_SEED = 10, 123  # percent; TensorFlow Datasets' split of KITTI, which VTAB takes


class CifarFiles(NamedTuple):
    """The files of a CIFAR's Python version: its batches, the class names and their key, and the key of labels."""

    train: tuple[str, ...]
    test: tuple[str, ...]
    meta: str
    names_key: str
    labels_key: str


CIFAR10 = CifarFiles(
    train=tuple(f"data_batch_{n}" for n in range(1, 6)),
    test=("test_batch",),
    meta="batches.meta",
    names_key="label_names",
    labels_key="labels",
)
CIFAR100 = CifarFiles(
    train=("train",), test=("test",), meta="meta", names_key="fine_label_names", labels_key="fine_labels"
)


def cifar10(folder: Path, names: Names) -> Listing:
    """The Python version: five training batches and one for testing."""
    return _cifar(folder, _inside(folder, "cifar-10-batches-py"), CIFAR10, names)


def cifar100(folder: Path, names: Names) -> Listing:
    """The Python version; its labels are alphabetical and are put into ELEVATER's order by name."""
    return _cifar(folder, _inside(folder, "cifar-100-python"), CIFAR100, names)


def _cifar(folder: Path, base: Path, files: CifarFiles, names: Names) -> Listing:
    meta = base / files.meta
    own = [name.replace("_", " ") for name in read_cifar(meta)[files.names_key]]
    if sorted(own) != sorted(names):
        raise ValueError(f"{meta}: its classes are not the {len(names)} of this data set; get it again")
    listed = [
        tuple(
            Item(base / batch, str(row), names.index(own[label]))
            for batch in batches
            for row, label in enumerate(read_cifar(base / batch)[files.labels_key])
        )
        for batches in (files.train, files.test)
    ]
    return checked(folder, Listing(names, *listed))


def mnist(folder: Path, names: Names) -> Listing:
    """The four idx files, as torchvision or their makers keep them, packed or not."""
    raw = _inside(folder, "MNIST/raw")
    listed = []
    for part in ("train", "t10k"):
        pictures, labels = (_packed_or_not(raw / f"{part}-{kind}-ubyte") for kind in ("images-idx3", "labels-idx1"))
        listed.append(tuple(Item(pictures, str(row), int(label)) for row, label in enumerate(read_idx(labels))))
    return checked(folder, Listing(names, *listed))


def _packed_or_not(path: Path) -> Path:
    packed = path.with_name(f"{path.name}.gz")
    return packed if packed.exists() and not path.exists() else needed_file(path)


def fer2013(folder: Path, names: Names) -> Listing:
    """Kaggle's table, fer2013.csv or icml_face_data.csv; its private test set is the test set."""
    path = folder / "fer2013.csv"
    path = path if path.exists() else needed_file(folder / "icml_face_data.csv")
    _, labels, usages = read_faces(path)
    listed = [
        tuple(Item(path, str(row), FER_LABELS[labels[row]]) for row in np.flatnonzero(usages == usage))
        for usage in FER_USAGE.values()
    ]
    return checked(folder, Listing(names, *listed))


def patch_camelyon(folder: Path, names: Names) -> Listing:
    """The makers' HDF5 files, unpacked, as torchvision keeps them; needs the package h5py."""
    files = _inside(folder, "pcam")
    listed = []
    for part in ("train", "test"):
        pictures, table = (needed_file(files / f"camelyonpatch_level_2_split_{part}_{which}.h5") for which in "xy")
        labels = np.asarray(read_hdf5(table, "y")).ravel()
        listed.append(tuple(Item(pictures, str(row), int(label)) for row, label in enumerate(labels)))
    return checked(folder, Listing(names, *listed))


def gtsrb(folder: Path, names: Names) -> Listing:
    """GTSRB-Training_fixed, Final_Test_Images and Final_Test_GT, as torchvision keeps them."""
    base = _inside(folder, "gtsrb")
    training = needed_folder(base / "GTSRB" / "Training")
    train = tuple(Item(path, None, k) for k in range(len(names)) for path in pictures_in(training / f"{k:05d}"))
    truth = needed_file(base / "GT-final_test.csv")
    with truth.open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";", skipinitialspace=True))
    tested = base / "GTSRB" / "Final_Test" / "Images"
    try:
        test = tuple(Item(tested / row["Filename"], None, int(row["ClassId"])) for row in rows)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{truth}: has no Filename and ClassId in each line ({error}); get it again") from None
    all_there(test, truth)
    return checked(folder, Listing(names, train, test))


def country211(folder: Path, names: Names) -> Listing:
    """CLIP's archive: a folder per ISO code, in whose order the names are."""
    return _folders(folder, _inside(folder, "country211"), names)


def rendered_sst2(folder: Path, names: Names) -> Listing:
    """CLIP's archive: folders negative and positive."""
    return _folders(folder, _inside(folder, "rendered-sst2"), names)


def _folders(folder: Path, base: Path, names: Names) -> Listing:
    listed, classes = [], None
    for part in ("train", "test"):
        folders = class_folders(base / part)
        if len(folders) != len(names) or folders != (classes or folders):
            raise ValueError(
                f"{base / part} has {len(folders)} class folders, expected {len(names)}, the same as in train"
            )
        classes = folders
        paths = ((path, k) for k, name in enumerate(folders) for path in pictures_in(base / part / name))
        listed.append(tuple(Item(path, None, k) for path, k in paths))
    return checked(folder, Listing(names, *listed))


def voc2007(folder: Path, names: Names) -> Listing:
    """VOCdevkit: a picture shows a class if its list says 1; 0 there means objects hard to see, and counts as no."""
    base = needed_folder(_inside(folder, "VOCdevkit") / "VOC2007")
    listed = []
    for part in ("train", "test"):
        shown: dict[str, list[int]] = defaultdict(lambda: [0] * len(names))
        for k, name in enumerate(names):
            path = base / "ImageSets" / "Main" / f"{name}_{part}.txt"
            for picture, answer in fields_of(path, (str, int), "a picture and 1, 0 or -1"):
                shown[picture][k] = int(answer == 1)
        items = tuple(Item(base / "JPEGImages" / f"{n}.jpg", None, tuple(shown[n])) for n in sorted(shown))
        all_there(items, base / "ImageSets" / "Main")
        listed.append(items)
    note = "official lists: objects that are hard to see count as not there, which ELEVATER's index may see otherwise"
    return checked(folder, Listing(names, *listed, (note,)))


def kitti_distance(folder: Path, names: Names) -> Listing:
    """KITTI's training pictures of object detection with VTAB's labels: how far the next vehicle is.

    Label 0: nearer than 8 m, 1: than 20 m, 2: farther, 3: no car, van or truck. Whole videos are held out, as
    TensorFlow Datasets does; for that the development kit's `mapping` is needed.
    """
    base = _inside(folder, "Kitti/raw") / "training"
    pictures, objects = needed_folder(base / "image_2"), needed_folder(base / "label_2")
    train, test = _kitti_split(folder / "mapping")
    listed = []
    for numbers in (train, test):
        items = tuple(Item(pictures / f"{n:06d}.png", None, _distance(objects / f"{n:06d}.txt")) for n in numbers)
        all_there(items, folder / "mapping")
        listed.append(items)
    return checked(folder, Listing(names, *listed))


def _distance(path: Path) -> int:
    """VTAB's label of a picture from its objects: a line has the type and, fourteenth, the metres ahead."""
    kinds, nearest = (str, *(13 * (float,))), NO_VEHICLE
    is_empty = not needed_file(path).stat().st_size  # nothing at all is on the picture
    for kind, *_, metres in [] if is_empty else fields_of(path, kinds, "a kind of object and its 14 numbers"):
        if kind in VEHICLES:
            nearest = min(nearest, metres)
    return 0 if nearest <= NEAR else 1 if nearest <= FAR else 2 if nearest < NO_VEHICLE else 3


def _kitti_split(mapping: Path) -> tuple[list[int], list[int]]:
    """Training and test pictures: a tenth of the videos is tested, another tenth left out for validation."""
    order = mapping / "train_rand.txt"
    videos = [video for _, video in fields_of(mapping / "train_mapping.txt", (str, str), "a day and a video")]
    try:
        numbers = [int(n) - 1 for n in " ".join(lines_of(order)).replace(",", " ").split()]
    except ValueError:
        raise ValueError(f"{order}: not a list of numbers; get it again") from None
    if not 0 <= min(numbers) <= max(numbers) < len(videos):
        raise ValueError(f"{order}: names lines that train_mapping.txt does not have; get both again")
    pictures = defaultdict(list)
    for picture, number in enumerate(numbers):
        pictures[videos[number]].append(picture)
    held_out = max(1, HELD_OUT_VIDEOS * len(pictures) // 100)
    drawn = np.random.RandomState(VIDEO_SEED)  # the very draws of TensorFlow Datasets
    tested = set(drawn.choice(sorted(pictures), held_out, replace=False))
    validated = set(drawn.choice(sorted(set(pictures) - tested), held_out, replace=False))
    train = [n for video, of_video in pictures.items() if video not in tested | validated for n in of_video]
    return sorted(train), sorted(n for video in tested for n in pictures[video])


def resisc45(folder: Path, names: Names) -> Listing:
    """NWPU-RESISC45: a folder per class with 700 pictures.

    CLIP's split (a tenth each for training and validation) is in ELEVATER's index only; here it is drawn anew.
    """
    base = _inside(folder, "NWPU-RESISC45")
    items = [Item(path, None, k) for k, name in enumerate(names) for path in pictures_in(base / name.replace(" ", "_"))]
    note = "official pictures: the split is our own (by the hashes of names, sizes as CLIP's), not CLIP's"
    return checked(folder, Listing(names, *three_parts(items, folder, 0.1, 0.1), (note,)))


def hateful_memes(folder: Path, names: Names) -> Listing:
    """The challenge's files: img, train.jsonl, and as test set the 500 pictures of dev.jsonl or dev_seen.jsonl."""
    base = _inside(folder, "data")
    tested = base / "dev.jsonl"
    listed = []
    for path in (base / "train.jsonl", tested if tested.exists() else base / "dev_seen.jsonl"):
        try:
            rows = [json.loads(line) for line in lines_of(path)]
            items = tuple(Item(base / row["img"], None, int(row["label"])) for row in rows)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path}: has no img and label in each line ({error}); get it again") from None
        all_there(items, path)
        listed.append(items)
    return checked(folder, Listing(names, *listed))


def _inside(folder: Path, name: str) -> Path:
    """The folder of that name, or the data set's folder itself where its content lies there directly."""
    return folder / name if (folder / name).is_dir() else folder


# A reader, and the file or folder by which its layout is known, below the data set's folder or the one it comes in.
OFFICIAL: dict[str, tuple[Callable[[Path, Names], Listing], tuple[str, ...]]] = {
    "cifar10": (cifar10, ("cifar-10-batches-py", "data_batch_1")),
    "cifar100": (cifar100, ("cifar-100-python", "meta")),
    "country211": (country211, ("country211", "train")),
    "fer2013": (fer2013, ("fer2013.csv", "icml_face_data.csv")),
    "gtsrb": (gtsrb, ("gtsrb", "GTSRB")),
    "hateful_memes": (hateful_memes, ("data", "train.jsonl")),
    "kitti_distance": (kitti_distance, ("Kitti", "training")),
    "mnist": (mnist, ("MNIST", "train-images-idx3-ubyte", "train-images-idx3-ubyte.gz")),
    "patch_camelyon": (patch_camelyon, ("pcam", "camelyonpatch_level_2_split_train_x.h5")),
    "rendered_sst2": (rendered_sst2, ("rendered-sst2", "train")),
    "resisc45": (resisc45, ("NWPU-RESISC45", "airplane")),
    "voc2007": (voc2007, ("VOCdevkit", "VOC2007")),
}
