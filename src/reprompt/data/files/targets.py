"""ELEVATER's twenty tasks: its own layout where that is there, else the layout of a data set's own makers.

Twelve of them are MVLPT's targets; the other eight CoOp has too, in a version of its own (coop.py), and the pictures of
both lie in one folder.
"""

import json
from functools import cache, partial
from pathlib import Path

from reprompt.data.files.elevater import INDICES, read_elevater
from reprompt.data.files.listing import Listing, Reader
from reprompt.data.files.official import OFFICIAL
from reprompt.data.files.official_splits import OFFICIAL_SPLITS
from reprompt.tasks.card import card_of, data_set_of

NAMES = Path(__file__).with_name("elevater_names.json")  # what is read of it is in the digests of listings
MAKERS = OFFICIAL | OFFICIAL_SPLITS


@cache
def elevater_names(task: str) -> tuple[str, ...]:
    """ELEVATER's class names in the order of its labels; of synonyms the first."""
    return tuple(json.loads(NAMES.read_text(encoding="utf-8"))[task])


def read_task(task: str, folder: Path) -> Listing:
    """List a task's pictures. Raises FileNotFoundError if neither layout is there."""
    names, index = elevater_names(task), INDICES[task]
    if (folder / index.train).exists():
        return read_elevater(folder, index, names, card_of(task).is_multi_label)
    read, marks = MAKERS[task]
    if any((folder / mark).exists() for mark in marks):
        return read(folder, names)
    raise FileNotFoundError(
        f"{folder}: found neither {index.train} (ELEVATER's layout) nor {' or '.join(marks)} (the makers' own);"
        " `reprompt data status` says where they come from"
    )


TARGETS: dict[str, Reader] = {data_set_of(task, "elevater"): partial(read_task, task) for task in INDICES}
