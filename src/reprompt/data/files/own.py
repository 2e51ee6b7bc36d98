"""A task of the user's own: a listing of its pictures, `tasks/<name>.csv`, which `reprompt task add` writes.

    picture         class       part
    roses/1.jpg     roses       train | validation | test, or the number of the fold that tests it

Pictures are named from the folder that the card names. Classes are in the order in which the listing first has them. Of
a task that is cross-validated a card is of one fold: its pictures are for testing, all others for training; those of
part `train` are for training in every fold.
"""

import csv
from collections.abc import Iterable
from pathlib import Path

from reprompt.data.files.folders import needed_file
from reprompt.data.files.listing import Item, Listing, all_there, checked
from reprompt.foundation.atomic import written_whole
from reprompt.tasks.card import OWN, Card

COLUMNS = ("picture", "class", "part")
PARTS = ("train", "validation", "test")
Row = tuple[str, str, str]  # a picture, its class and its part


def listing_of(card: Card) -> Path:
    """The file that lists the pictures of a task of the user's own."""
    return OWN / card.listing


def write_listing(path: Path, rows: Iterable[Row]) -> None:
    """Write a listing, whole."""
    with written_whole(path) as unfinished, unfinished.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([COLUMNS, *rows])


def read_rows(path: Path) -> list[Row]:
    """The rows of a listing. Raises FileNotFoundError, or ValueError that names the line."""
    try:
        with needed_file(path).open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
    except (UnicodeDecodeError, csv.Error, ValueError) as error:
        raise ValueError(f"{path}: not a listing ({error}); `reprompt task add` writes it anew") from None
    if tuple(header) != COLUMNS:
        raise ValueError(f"{path}: begins with {','.join(header)!r}, not with {','.join(COLUMNS)!r}")
    for number, row in enumerate(rows, 2):
        if len(row) != len(COLUMNS) or not all(row) or not (row[2] in PARTS or row[2].isdecimal()):
            what = f"a picture, its class and {', '.join(PARTS)} or the number of a fold"
            raise ValueError(f"{path}, row {number}: {','.join(row)!r} is not {what}")
    return [tuple(row) for row in rows]


def read_own(card: Card) -> Listing:
    """List a task of the user's own, or a fold of it.

    Raises FileNotFoundError for a listing or a picture that is not there, ValueError for a listing that makes no sense.
    """
    path, folder = listing_of(card), Path(card.folder)
    rows = read_rows(path)
    label_of = {name: label for label, name in enumerate(dict.fromkeys(name for _, name, _ in rows))}
    parts: dict[str, list[Item]] = {part: [] for part in PARTS}
    for picture, name, part in rows:
        if Path(picture).is_absolute() or ".." in Path(picture).parts:
            raise ValueError(f"{path}: {picture} does not lie in {folder}")
        parts[_part_of(part, card, path)].append(Item(folder / picture, None, label_of[name]))
    train, validation, test = (tuple(parts[part]) for part in PARTS)
    all_there((*train, *validation, *test), path)
    return checked(path, Listing(tuple(label_of), train, test, validation=validation))


def _part_of(part: str, card: Card, path: Path) -> str:
    """The part of a picture in the fold that a card is of, if it is of one."""
    if part in PARTS:
        return part
    if card.fold is None or int(part) > card.folds:
        has = f"has {card.folds} folds" if card.folds else "has no folds"
        raise ValueError(f"{path}: a picture is in fold {part}, and the card of {card.name} {has}")
    return "test" if int(part) == card.fold else "train"
