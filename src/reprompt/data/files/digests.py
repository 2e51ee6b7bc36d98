"""Digests of a listing: what splits, features and kept images of a data set are made of, and are held against.

    pictures    names and sizes of the files, in the order in which rows count them
    labels      what these show, and what the classes are called

Both follow from what a reader makes of the files on disk, whichever of them says it: a split file, lists of labels, a
development kit, folders. So a blank more in a list changes nothing, and another label does.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from reprompt.data.files.listing import Item, Listing
from reprompt.data.source import Digests


def digests_of(listing: Listing, folder: Path) -> Digests:
    """The digests of a listing of the data set in `folder`. Raises FileNotFoundError where a picture is gone."""
    splits = {"train": listing.train, "test": listing.test, "validation": listing.validation}
    sizes = sizes_of(item.path for items in splits.values() for item in items)
    labels = {split: [item.label for item in items] for split, items in splits.items()}
    return {
        "pictures": short_digest(_names_and_sizes(splits, folder, sizes)),
        "labels": short_digest([listing.class_names, listing.class_ids, *labels.items()]),
    }


def _names_and_sizes(
    splits: Mapping[str, Sequence[Item]], folder: Path, sizes: Mapping[Path, int]
) -> Iterable[tuple[str, str, int]]:
    return ((split, item.name(folder), sizes[item.path]) for split, items in splits.items() for item in items)


def sizes_of(paths: Iterable[Path]) -> dict[Path, int]:
    """The sizes of files in bytes; of an archive or an array it is asked for once."""
    return {path: path.stat().st_size for path in dict.fromkeys(paths)}


def short_digest(values: Iterable[object]) -> str:
    """A short digest of values in their order, of twenty hexadecimal digits."""
    sha256 = hashlib.sha256()
    for value in values:
        sha256.update(json.dumps(value).encode() + b"\n")
    return sha256.hexdigest()[:20]
