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
