"""Looking into a data set's folders: what has to be there is, or the error says what is missing where."""

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from reprompt.tasks.card import Card

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".gif", ".webp", ".tif", ".tiff"})


def is_picture(name: str) -> bool:
    """Whether a file is a picture by its name; hidden files are none (macOS leaves `._x.jpg` in archives)."""
    return not name.startswith(".") and os.path.splitext(name)[1].lower() in PICTURES


def folder_of(card: Card, root: Path) -> Path:
    """Where a data set lies below the data root: ELEVATER's folder where that is there, else the card's own.

    Pictures of the user's own lie where their card says.
    """
    if card.is_own:
        return Path(card.folder)
    elevater = root / card.elevater
    return elevater if card.elevater and elevater.is_dir() else root / card.folder


def needed_file(path: Path) -> Path:
    """The path itself. Raises FileNotFoundError if there is no such file."""
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing; `reprompt data status` says where it comes from and where it goes")
    return path


def needed_folder(path: Path, *other_names: str) -> Path:
    """The folder, or the first one beside it that has another of its names. Raises FileNotFoundError if none is there.

    >>> needed_folder(Path("/"))
    PosixPath('/')
    """
    candidates = [path, *(path.parent / name for name in other_names)]
    for candidate in candidates:
        if candidate.is_dir():
            return candidate
    others = f" (nor {', '.join(other_names)})" if other_names else ""
    raise FileNotFoundError(
        f"{path}{others}: no such folder; `reprompt data status` says where it comes from and where it goes"
    )


def lines_of(path: Path) -> list[str]:
    """The lines of a text file, stripped, without empty ones. Raises FileNotFoundError, or ValueError if none."""
    try:
        text = needed_file(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not a text file ({error}); get it again") from None
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        raise ValueError(f"{path} is empty; get it again")
    return lines


def fields_of(path: Path, kinds: Sequence[Callable[[str], Any]], what: str, rest: bool = False) -> list[list[Any]]:
    """Of every line of a text file its first fields, cut at blanks and made what `kinds` say, as in [str, int].

    With `rest` the last one is all that is left of the line. Raises ValueError that names the line which is not `what`.
    """
    rows = []
    for number, line in enumerate(lines_of(path), 1):
        fields = line.split(maxsplit=len(kinds) - 1) if rest else line.split()
        try:
            rows.append([kind(field) for kind, field in zip(kinds, fields[: len(kinds)], strict=True)])
        except ValueError:
            raise ValueError(f"{path}, line {number}: {line!r} is not {what}; get the file again") from None
    return rows


def json_of(path: Path) -> Any:
    """What a JSON file holds. Raises FileNotFoundError, or ValueError if it is cut off or no JSON."""
    try:
        return json.loads(needed_file(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path}: not valid JSON ({error}); get it again") from None


def class_folders(folder: Path) -> list[str]:
    """The names of the class folders in a folder, sorted. Raises ValueError if there are none."""
    with os.scandir(needed_folder(folder)) as entries:
        names = sorted(entry.name for entry in entries if entry.is_dir() and not entry.name.startswith("."))
    if not names:
        raise ValueError(f"{folder} has no class folders; it should hold a folder of pictures per class")
    return names


def pictures_in(folder: Path) -> list[Path]:
    """The pictures of a folder, sorted by name. Raises FileNotFoundError, or ValueError if it has none."""
    names = sorted(filter(is_picture, os.listdir(needed_folder(folder))))
    if not names:
        raise ValueError(f"{folder} has no pictures; extract the data set's archive again")
    return [folder / name for name in names]
