"""Splits of our own, for data sets whose split files by CoOp's authors are not there.

The rules are theirs: of each class half for training, a fifth for validation and the rest for testing, or a fifth of
the official training set for validation. Who comes where is decided by the hash of a picture's name, where their code
shuffles what the directory happens to list. So these splits are the same everywhere, but not those of the papers.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from reprompt.data.files.listing import Item, in_hash_order

TRAINED, VALIDATED = 0.5, 0.2


def note(missing: str) -> str:
    """What a listing says of such a split."""
    return f"{missing} is missing: the split is our own (by the hashes of names), not that of CoOp's authors"


def by_class(items: Iterable[Item]) -> dict[int, list[Item]]:
    """The pictures of every label."""
    of_label = defaultdict(list)
    for item in items:
        of_label[item.label].append(item)
    return dict(sorted(of_label.items()))


@dataclass(frozen=True)
class Parts:
    """The pictures of a data set that are for training, for validation and for testing."""

    train: tuple[Item, ...]
    validation: tuple[Item, ...]
    test: tuple[Item, ...] = ()


def three_parts(items: Iterable[Item], folder: Path, trained: float = TRAINED, validated: float = VALIDATED) -> Parts:
    """Of every class some pictures for training, some for validation and the rest for testing.

    Raises ValueError if a class has too few pictures to have some of each.
    """
    train, validation, test = [], [], []
    for of_class in by_class(items).values():
        ordered = in_hash_order(of_class, folder)
        first, second = round(len(ordered) * trained), round(len(ordered) * validated)
        if not 0 < first < first + second < len(ordered):
            raise ValueError(f"{ordered[0].path.parent} has {len(ordered)} pictures: too few to split into three parts")
        train += ordered[:first]
        validation += ordered[first : first + second]
        test += ordered[first + second :]
    return Parts(tuple(train), tuple(validation), tuple(test))


def two_parts(items: Iterable[Item], folder: Path) -> Parts:
    """An official training set, of which a fifth of each class is for validation."""
    train, validation = [], []
    for of_class in by_class(items).values():
        ordered = in_hash_order(of_class, folder)
        first = round(len(ordered) * VALIDATED)
        validation += ordered[:first]
        train += ordered[first:]
    return Parts(tuple(train), tuple(validation))
