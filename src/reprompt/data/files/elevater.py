"""ELEVATER's layout: zip archives beside index files, in `classification/<name>_<date>/`.

An index is a text file with a line per picture, `train.zip@a/1.jpg 3` (several labels are joined by commas), or a JSON
file in COCO's manner. Labels begin at 0; of COCO's categories the lowest id is label 0. microsoft/vision-datasets
describes both; the index files are those that the benchmark's own list of data sets names.
"""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile, ZipFile

from reprompt.data.files.folders import json_of, lines_of, needed_file
from reprompt.data.files.listing import Item, Listing, checked


class Index(NamedTuple):
    """The index files of a data set. Few-shot sets are drawn from `train` alone; validation lists are not read."""

    train: str
    test: str


PLAIN = Index("train.txt", "test.txt")
INDICES = {
    "cifar10": PLAIN,
    "cifar100": Index("train_images.txt", "test_images.txt"),
    "country211": PLAIN,
    "fer2013": PLAIN,
    "gtsrb": PLAIN,
    "hateful_memes": Index("train_meta.json", "test_meta.json"),
    "kitti_distance": Index("train_meta.json", "test_meta.json"),
    "mnist": PLAIN,
    "patch_camelyon": PLAIN,
    "rendered_sst2": PLAIN,
    "resisc45": Index("train.json", "test.json"),
    "voc2007": Index("train_ic.txt", "test_ic.txt"),
}


def read_elevater(folder: Path, index: Index, class_names: tuple[str, ...], several: bool = False) -> Listing:
    """List a data set; with `several`, a picture can show several classes and its label is a row of 0 and 1.

    Raises FileNotFoundError for a missing index, archive or picture, ValueError for what cannot be read.
    """
    listed = []
    for name in index:
        path = folder / name
        pictures = _of_coco(path) if path.suffix == ".json" else _of_text(path)
        items = tuple(_item(folder, path, where, labels, class_names, several) for where, labels in pictures)
        _all_in_archives(items, path)
        listed.append(items)
    return checked(folder, Listing(class_names, *listed))


def _of_text(path: Path) -> list[tuple[str, list[int]]]:
    """Where each picture is, and its labels. Only a picture's path can have blanks."""
    pictures = []
    for number, line in enumerate(lines_of(path), 1):
        where, _, labels = line.rpartition(" ")
        try:
            pictures.append((where, [int(label) for label in labels.split(",")]))
        except ValueError:
            raise ValueError(f"{path}, line {number}: {line!r} is not a picture, a blank and its labels") from None
    return pictures


def _of_coco(path: Path) -> list[tuple[str, list[int]]]:
    """The same of a JSON file, in the order of the pictures' ids."""
    index = json_of(path)
    try:
        first = min(category["id"] for category in index["categories"])
        labels: dict[int, list[int]] = {image["id"]: [] for image in index["images"]}
        for annotation in index["annotations"]:
            labels[annotation["image_id"]].append(annotation["category_id"] - first)
        where = {image["id"]: _with_archive(image) for image in index["images"]}
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: not an index of images, annotations and categories (at {error})") from None
    return [(where[image], labels[image]) for image in sorted(labels)]


def _with_archive(image: dict) -> str:
    return f"{image['zip_file']}@{image['file_name']}" if "zip_file" in image else image["file_name"]


def _item(
    folder: Path, index: Path, where: str, labels: list[int], class_names: tuple[str, ...], several: bool
) -> Item:
    archive, at, member = where.replace("\\", "/").partition("@")
    if not at:
        raise ValueError(f"{index}: {where!r} does not name a picture in an archive, as in train.zip@1.jpg")
    wrong = [label for label in labels if not 0 <= label < len(class_names)]
    if wrong or (len(labels) != 1 and not several):
        raise ValueError(f"{index}: {where} has labels {labels}; expected {'some' if several else 'one'} of"
                         f" 0 to {len(class_names) - 1}")  # fmt: skip
    label = tuple(int(k in labels) for k in range(len(class_names))) if several else labels[0]
    return Item(folder / archive, member, label)


def _all_in_archives(items: Iterable[Item], index: Path) -> None:
    """Raise FileNotFoundError for the first picture that its archive does not hold."""
    for item in items:
        if item.member not in members_of(item.path):
            raise FileNotFoundError(
                f"{index} names {item.member} in {item.path}, which does not hold it; get the archive again"
            )


@lru_cache(maxsize=16)
def members_of(archive: Path) -> frozenset[str]:
    """The names in a zip archive. Raises FileNotFoundError, or ValueError if it is cut off or no zip archive."""
    try:
        with ZipFile(needed_file(archive)) as opened:
            return frozenset(opened.namelist())
    except BadZipFile as error:
        raise ValueError(f"{archive}: cut off or not a zip archive ({error}); get it again") from None
