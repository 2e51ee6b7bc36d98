"""MVLPT's twelve target tasks: ELEVATER's layout where it is there, else the layout of the data set's own makers."""

import json
from functools import cache, partial
from pathlib import Path

from reprompt.data.files.elevater import INDICES, read_elevater
from reprompt.data.files.listing import Listing, Reader
from reprompt.data.files.official import OFFICIAL
from reprompt.tasks.card import card_of

OPENS = ("target_names.json",)
NAMES = Path(__file__).with_name("target_names.json")


@cache
def target_names(task: str) -> tuple[str, ...]:
    """ELEVATER's class names in the order of its labels; of synonyms the first."""
    return tuple(json.loads(NAMES.read_text(encoding="utf-8"))[task])


def read_target(task: str, folder: Path) -> Listing:
    """List a target's pictures. Raises FileNotFoundError if neither layout is there."""
    names, index = target_names(task), INDICES[task]
    if (folder / index.train).exists():
        return read_elevater(folder, index, names, card_of(task).is_multi_label)
    read, marks = OFFICIAL[task]
    if any((folder / mark).exists() for mark in marks):
        return read(folder, names)
    raise FileNotFoundError(
        f"{folder}: found neither {index.train} (ELEVATER's layout) nor {' or '.join(marks)} (the makers' own);"
        " `reprompt data status` says where they come from"
    )


TARGETS: dict[str, Reader] = {task: partial(read_target, task) for task in INDICES}
