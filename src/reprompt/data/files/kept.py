"""What was found by looking at many pictures, kept as JSON in the working folder: made once, whole or not at all.

Never beside the pictures: a folder of data may be read-only, and is others' too.
"""

import json
from collections.abc import Callable
from pathlib import Path

from reprompt.foundation.atomic import write_text
from reprompt.foundation.digests import digest_of_text
from reprompt.foundation.locks import FOLDER, exclusive

FORMAT = 1  # what is kept in another format is made anew


def place_for(data: Path) -> Path:
    """The folder for what is found in a folder of data, by its name and its place on this machine."""
    return FOLDER / "index" / f"{data.name}-{digest_of_text(str(data.resolve()))}"


def kept_or_made(path: Path, made_from: dict, make: Callable[[], dict]) -> dict:
    """What `path` holds, if it was made from the same; else what `make` gives, which is written there first.

    Where two processes would make it, the second waits for the first. Raises ValueError if the file is broken.
    """
    wanted = {"format": FORMAT, **made_from}
    content = _kept(path, wanted)
    if content is not None:
        return content
    with exclusive(path.with_name(".lock")):
        content = _kept(path, wanted)
        if content is None:
            content = {**wanted, **make()}
            write_text(path, json.dumps(content) + "\n")
        return content


def _kept(path: Path, wanted: dict) -> dict | None:
    if not path.exists():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise ValueError(f"{path}: not valid JSON; remove it, and it is made again") from None
    return content if {key: content.get(key) for key in wanted} == wanted else None
