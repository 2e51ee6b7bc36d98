"""What a data set on disk comes to: its class names, and where every picture of its training and test set lies."""

import hashlib
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True, slots=True)
class Item:
    """One picture and its label: a class index, or a row of 0 and 1 where a picture can show several classes.

    The picture is the file `path` or a `member` of it: a name in a zip archive, "offset:size" in a tar archive, or the
    number of a row where the file is an array of pictures.
    """

    path: Path
    member: str | None
    label: int | tuple[int, ...]

    def name(self, folder: Path) -> str:
        """What the picture is called within its data set, wherever that lies: `train.zip@dog/1.jpg`."""
        path = self.path.relative_to(folder).as_posix()
        return path if self.member is None else f"{path}@{self.member}"


@dataclass(frozen=True)
class Listing:
    """A data set. `notes` say in words where it is not what the papers had.

    `validation` is what its makers, or CoOp's or ELEVATER's authors, set aside for that, if they did. `class_ids`, if
    any, are by what else than its name a class is known, in every data set that has it: WordNet ids. `is_own_split`
    where the split file of CoOp's authors is missing (own_splits.py).
    """

    class_names: tuple[str, ...]
    train: tuple[Item, ...]
    test: tuple[Item, ...]
    notes: tuple[str, ...] = ()
    validation: tuple[Item, ...] = ()
    class_ids: tuple[str, ...] = ()
    is_own_split: bool = False


Reader = Callable[[Path], Listing]


def path_hash(name: str) -> str:
    """The order of pictures where no list gives one: by the hash of their names, so never by directory order."""
    return hashlib.sha256(name.encode()).hexdigest()


def in_hash_order(items: Iterable[Item], folder: Path) -> list[Item]:
    """The pictures in the order of the hashes of their names."""
    return sorted(items, key=lambda item: path_hash(item.name(folder)))


def pooled(items: Iterable[Item], folder: Path, pool: int) -> list[Item]:
    """At most `pool` pictures of each class, the first in the order of hashes, in that order.

    Pictures of several classes are all kept: a pool with enough of every class would have too few of the common ones.
    """
    ordered = in_hash_order(items, folder)
    if ordered and isinstance(ordered[0].label, tuple):
        return ordered
    seen: Counter[int] = Counter()
    kept = []
    for item in ordered:
        if seen[item.label] < pool:
            seen[item.label] += 1
            kept.append(item)
    return kept


def label_array(items: Sequence[Item], classes: int) -> np.ndarray:
    """Labels (N,), or 0 and 1 of shape (N, K) where a picture can show several classes."""
    if items and isinstance(items[0].label, tuple):
        return np.array([item.label for item in items], np.int64).reshape(len(items), classes)
    return np.array([item.label for item in items], np.int64)


def checked(folder: Path, listing: Listing) -> Listing:
    """The listing, if it makes sense: there are test pictures, labels name classes, and no trained class is empty.

    Raises ValueError.
    """
    classes = len(listing.class_names)
    if not listing.test:
        raise ValueError(f"{folder}: has no test pictures; extract the data set again")
    for split, items in (("training", listing.train), ("test", listing.test), ("validation", listing.validation)):
        shown = [item.label if isinstance(item.label, tuple) else (item.label,) for item in items]
        if items and isinstance(items[0].label, tuple):
            if any(len(row) != classes for row in shown):
                raise ValueError(f"{folder}: a {split} label does not have one entry for each of {classes} classes")
            empty = np.flatnonzero(~np.array(shown, bool).any(axis=0))
        else:
            labels = {label for (label,) in shown}
            wrong = sorted(labels - set(range(classes)))
            if wrong:
                raise ValueError(
                    f"{folder}: {split} label {wrong[0]} is not one of {classes} classes (0 to {classes - 1})"
                )
            empty = sorted(set(range(classes)) - labels)
        if split == "training" and items and len(empty):
            names = ", ".join(repr(listing.class_names[k]) for k in empty[:3])
            raise ValueError(
                f"{folder}: {len(empty)} of {classes} classes have no training picture ({names}"
                f"{', ...' if len(empty) > 3 else ''}); extract the data set again"
            )
    return listing


def all_there(items: Iterable[Item], named_by: Path) -> None:
    """Raise FileNotFoundError if a picture that the list `named_by` names is not on disk, saying how many are not."""
    files: dict[Path, list[str]] = defaultdict(list)
    total = 0
    for item in items:
        files[item.path.parent].append(item.path.name)
        total += 1
    missing = []
    for folder, names in files.items():
        present = set(os.listdir(folder)) if folder.is_dir() else set()
        missing += [folder / name for name in names if name not in present]
    if missing:
        raise FileNotFoundError(
            f"{named_by} names {min(missing)}, which is not there ({len(missing)} of {total} pictures are missing);"
            " extract the data set's archives again"
        )
