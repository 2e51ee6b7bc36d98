"""Can a picture be opened? Decoded to its last byte, since a cut file still has a good beginning."""

import os
from collections.abc import Sequence

from reprompt.data.files.listing import Item
from reprompt.data.files.pictures import UnreadablePicture, picture_of
from reprompt.foundation.threads import in_threads


def unreadable(pictures: Sequence[Item]) -> list[str]:
    """What is wrong with the pictures that cannot be opened, in the order of `pictures`."""
    return [fault for fault in in_threads(_fault, pictures, os.cpu_count() or 1) if fault]


def _fault(picture: Item) -> str:
    try:
        picture_of(picture)
    except (UnreadablePicture, FileNotFoundError) as error:
        return str(error)
    return ""
