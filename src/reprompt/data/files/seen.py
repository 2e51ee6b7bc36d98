"""What a data set's folder looked like when it was listed: it is listed again only where something of that changed.

Snakemake asks what every data set comes to whenever it looks at the workflow, and listing a million pictures takes
minutes. So the digests of a listing are kept with the dates and sizes of all that they were read from: the folders, the
files that are no pictures, and the pictures that are used. To ask again is to look at these alone.
"""

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from reprompt.data.files.folders import is_picture
from reprompt.data.source import Digests
from reprompt.foundation.atomic import write_text
from reprompt.foundation.locks import exclusive

RACY = 2.0  # seconds: what changed so shortly before it was looked at may change again within the same date

Seen = dict[str, list[int]]


def kept_digests(path: Path, made_of: dict, read: Callable[[], tuple[Digests, Seen]]) -> Digests:
    """The digests kept at `path`, if they were made of the same and all that was seen is as it was; else read anew.

    `read` gives digests and what they were read from. What it raises is not kept.
    """
    kept = _kept(path, made_of)
    if kept is None:
        began = time.time()
        digests, seen = read()
        if max((date for date, _ in seen.values()), default=0) < 1e9 * (began - RACY):
            with exclusive(path.with_suffix(".lock")):
                write_text(path, json.dumps({"made_of": made_of, "digests": digests, "seen": seen}) + "\n")
        return digests
    return kept


def _kept(path: Path, made_of: dict) -> Digests | None:
    try:
        kept = json.loads(path.read_text())
        same = kept["made_of"] == made_of and all(look(file) == then for file, then in kept["seen"].items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # not kept, broken, or something is gone
        return None
    return kept["digests"] if same else None


def seen_of(folder: Path, pictures: Iterable[Path], others: Iterable[Path] = ()) -> Seen:
    """Date (ns) and size of a data set's folders, of its files that are no pictures, of `pictures` and of `others`."""
    paths = dict.fromkeys(map(str, (*_folders_and_lists(folder, set()), *pictures, *others)))
    return {path: look(path) for path in paths}


def look(path: str | Path) -> list[int]:
    """Date (ns) and size of a file or folder. Raises FileNotFoundError."""
    found = os.stat(path)
    return [found.st_mtime_ns, found.st_size]


def _folders_and_lists(folder: Path, walked: set[tuple[int, int]]) -> Iterator[Path]:
    """A folder, all below it and the files there that are no pictures; through links too, each once."""
    itself = folder.stat()
    if (itself.st_dev, itself.st_ino) in walked:
        return
    walked.add((itself.st_dev, itself.st_ino))
    yield folder
    with os.scandir(folder) as entries:
        below = [(entry.name, entry.is_dir()) for entry in entries if not is_picture(entry.name)]
    for name, is_folder in below:
        if is_folder:
            yield from _folders_and_lists(folder / name, walked)
        elif (folder / name).exists():
            yield folder / name
