"""Which pictures there are, of which class: a folder per class, perhaps below `train`, `val` and `test`, or a table.

A folder whose folders are all called as parts are, and hold folders themselves, is divided already. Pictures may lie
deeper in the folder of their class. Links to folders are followed, each folder once.
"""

import csv
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reprompt.data.files.folders import class_folders, is_picture, needed_file, needed_folder

PART_OF = {  # what the folders are called that divide a data set
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}
OF_PICTURE = ("picture", "path", "file", "filename", "image")  # what the columns of a table may be called
OF_CLASS = ("class", "label", "class_name", "category")
OF_PART = ("part", "split", "subset")


@dataclass(frozen=True)
class Found:
    """A picture by its name below the folder, its class, and its part, "" where none is said."""

    name: str
    of_class: str
    part: str = ""


@dataclass(frozen=True)
class Inventory:
    """The pictures of a folder in the order of their classes and names, and what else lies there, by endings."""

    folder: Path
    found: tuple[Found, ...]
    others: dict[str, int]

    @property
    def is_divided(self) -> bool:
        """Whether the folders, or the table, say which pictures are for training and which for testing."""
        return any(picture.part for picture in self.found)


def found_in(folder: Path, table: Path | None = None) -> Inventory:
    """The pictures of a folder by its folders, or by a table of pictures and classes.

    Raises FileNotFoundError, or ValueError where there is no folder per class or a table lacks a column.
    """
    needed_folder(folder)
    if table is not None:
        return _sorted(folder, _of_table(folder, table), Counter())
    levels, others = _levels(folder), Counter()
    found = []
    for level, part in levels.items():
        for name in class_folders(folder / level):
            for path in _files_below(folder / level / name):
                if is_picture(path.name):
                    found.append(Found(path.relative_to(folder).as_posix(), name, part))
                elif not path.name.startswith("."):
                    others[path.suffix.lower() or path.name] += 1
    loose = sum(is_picture(entry) for entry in os.listdir(folder))
    if loose:
        others["pictures that lie in no class's folder"] += loose
    return _sorted(folder, found, others)


def _levels(folder: Path) -> dict[str, str]:
    """The folders that hold class folders, with their parts; the folder itself where it is not divided."""
    names = class_folders(folder)
    parts = {name: PART_OF.get(name.lower(), "") for name in names}
    nested = all(any(entry.is_dir() for entry in (folder / name).iterdir()) for name in names)
    kinds = set(parts.values())
    return parts if nested and "" not in kinds and {"train"} < kinds else {"": ""}


def _files_below(folder: Path) -> Iterator[Path]:
    seen: set[tuple[int, int]] = set()
    for at, folders, files in os.walk(folder, followlinks=True):
        itself = os.stat(at)
        if (itself.st_dev, itself.st_ino) in seen:
            folders.clear()
            continue
        seen.add((itself.st_dev, itself.st_ino))
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(at) / name for name in files)


def _of_table(folder: Path, table: Path) -> list[Found]:
    """The pictures of a table with a header; those that it names twice count once."""
    try:
        with needed_file(table).open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file, strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{table}: not a table of comma-separated values in UTF-8 ({error})") from None
    header = [*(rows[0] if rows else ())]
    pictures, classes = (_column(table, header, names) for names in (OF_PICTURE, OF_CLASS))
    parts = next((name for name in header if name and name.strip().lower() in OF_PART), None)
    found = []
    for number, row in enumerate(rows, 2):
        name, of_class, part = ((row[key] or "").strip() if key else "" for key in (pictures, classes, parts))
        if not name or not of_class:
            raise ValueError(f"{table}, row {number}: {'the picture' if not name else 'the class'} is missing")
        if part and part.lower() not in PART_OF:
            raise ValueError(f"{table}, row {number}: {part!r} is none of {', '.join(PART_OF)}")
        found.append(Found(_below(folder, table, name), of_class, PART_OF.get(part.lower(), "")))
    said = {bool(picture.part) for picture in found}
    if len(said) > 1:
        raise ValueError(f"{table}: {parts} is said of some pictures and not of others: say it of all, or of none")
    return list(dict.fromkeys(found))


def _column(table: Path, header: list[str], names: tuple[str, ...]) -> str:
    for name in header:
        if name and name.strip().lower() in names:
            return name
    raise ValueError(
        f"{table}: has no column {' or '.join(names)}; its columns are {', '.join(map(str, header)) or 'none'}"
    )


def _below(folder: Path, table: Path, name: str) -> str:
    """The name of a picture below the folder, which a table names from there or in full."""
    path = folder / name  # a full path stays what it is
    try:
        below = Path(os.path.normpath(path)).relative_to(os.path.normpath(folder))
    except ValueError:
        raise ValueError(f"{table}: {name} does not lie in {folder}") from None
    if not path.exists():
        raise FileNotFoundError(f"{table} names {name}, which is not in {folder}")
    return below.as_posix()


def _sorted(folder: Path, found: list[Found], others: Counter[str]) -> Inventory:
    for picture in found:
        try:
            picture.name.encode()
        except UnicodeEncodeError:
            raise ValueError(f"{folder}: {picture.name!r} is not a name in UTF-8: rename it") from None
    in_order = sorted(found, key=lambda picture: (picture.of_class, picture.part, picture.name))
    return Inventory(folder, tuple(in_order), dict(others))
