"""What was found by looking at many pictures, kept as JSON beside them: made once, whole or not at all."""

import json
from collections.abc import Callable
from pathlib import Path

from reprompt.foundation.atomic import write_text
from reprompt.foundation.locks import exclusive

FORMAT = 1  # what is kept in another format is made anew


def kept_or_made(path: Path, made_from: dict, make: Callable[[], dict]) -> dict:
    """What `path` holds, if it was made from the same; else what `make` gives, which is written there first.

    Where two processes would make it, the second waits for the first. Raises ValueError if the file is broken.
    """
    wanted = {"format": FORMAT, **made_from}
    found = _kept(path, wanted)
    if found is not None:
        return found
    with exclusive(path.with_name(".lock")):
        found = _kept(path, wanted)
        if found is None:
            found = {**wanted, **make()}
            write_text(path, json.dumps(found) + "\n")
        return found


def _kept(path: Path, wanted: dict) -> dict | None:
    if not path.exists():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise ValueError(f"{path}: not valid JSON; remove it, and it is made again") from None
    return found if {key: found.get(key) for key in wanted} == wanted else None
