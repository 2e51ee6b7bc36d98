"""The split files of CoOp's authors, `split_zhou_<data set>.json`.

Three lists, `train`, `val` and `test`, of [path below the picture folder, label, class name].
"""

from pathlib import Path

from reprompt.data.files.folders import json_of
from reprompt.data.files.listing import Item, Listing, all_there, checked


def read_split(split: Path, pictures: Path) -> Listing:
    """What a split file lists; class names are those of its training list, as there.

    Raises ValueError if it is no such file, and FileNotFoundError if a picture is not below `pictures`.
    """
    lists = json_of(split)
    try:
        train, test, validation = (
            [(str(path), int(label), str(name)) for path, label, name in lists[s]] for s in ("train", "test", "val")
        )
    except (KeyError, TypeError, ValueError):
        raise ValueError(
            f"{split}: not a split file of CoOp's (lists train, val and test of [path, label, name])"
        ) from None
    names: dict[int, str] = {}
    for path, label, name in train:
        if names.setdefault(label, name) != name:
            raise ValueError(f"{split}: label {label} is both {names[label]!r} and {name!r} (at {path}); get it again")
    missing = sorted(set(range(max(names, default=-1) + 1)) - set(names))
    if missing or not names:
        raise ValueError(f"{split}: no training picture of label {missing[0] if missing else 0}; get it again")
    listed = [
        tuple(Item(pictures / path, None, label) for path, label, _ in items) for items in (train, test, validation)
    ]
    all_there((item for items in listed for item in items), split)
    class_names = tuple(names[label] for label in sorted(names))
    return checked(split, Listing(class_names, listed[0], listed[1], validation=listed[2]))
