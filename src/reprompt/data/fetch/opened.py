"""Can a picture be opened? Decoded to its last byte, since a cut file still has a good beginning."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from reprompt.data.files.listing import Item
from reprompt.data.files.pictures import UnreadablePicture, picture_of
from reprompt.data.files.rgb import Reading
from reprompt.foundation.threads import in_threads


@dataclass(frozen=True)
class Fault:
    """What is wrong with a picture; `again` where to get the data set again may help."""

    words: str
    again: bool


def unreadable(pictures: Sequence[Item], reading: Reading) -> list[Fault]:
    """The faults of the pictures that cannot be opened, in the order of `pictures`."""
    faults = in_threads(partial(_fault, reading), pictures, os.cpu_count() or 1)
    return [fault for fault in faults if fault]


def _fault(reading: Reading, picture: Item) -> Fault | None:
    try:
        picture_of(picture, reading)
    except UnreadablePicture as error:
        return Fault(str(error), error.again)
    except FileNotFoundError as error:
        return Fault(str(error), again=True)
    except OSError as error:
        return Fault(f"{error.filename}: {error.strerror}", again=False)
    return None
