"""What is there of a data set: present, partial or missing, and exactly what to do about it.

A data set is present when every piece of its card is in place, nothing is half unpacked, its reader finds the classes
and as many images as the card says, each class has some, and the images that are opened can be. By default a sample is
opened, evenly spread over the classes; all of them on request. Of GRAM's two sets of web pictures the shards have to
have their ends, and what the lists name has to be there: bad pictures are expected in them, and counted when they are
first read.
"""

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from reprompt.data.fetch.fetch import PlaceOnDisk, by_hand
from reprompt.data.fetch.opened import unreadable
from reprompt.data.files.folders import folder_of
from reprompt.data.files.listing import Item, Listing, Reader
from reprompt.data.files.pairs import shards_at_fault
from reprompt.data.files.rgb import LARGEST_IMAGE, Reading
from reprompt.data.files.webvision import pictures_at_fault
from reprompt.data.files.whole import differences
from reprompt.tasks.card import Card
from reprompt.tasks.downloads import Download

SAMPLE = 200  # pictures opened of each split
NAMED = 3  # of many faults of one kind, so many are named
REMEDIES = 10  # and so many remedies
WEB = {"corpus": shards_at_fault, "webvision": pictures_at_fault}

Readers = Mapping[str, Reader]


@dataclass(frozen=True)
class Status:
    """The state of one data set; `faults` say what is wrong, `remedies` what to do, `remarks` what to know."""

    name: str
    title: str
    state: Literal["present", "partial", "missing"]
    faults: tuple[str, ...] = ()
    remedies: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def status(
    card: Card, root: Path, readers: Readers, every_picture: bool = False, largest_image: int = LARGEST_IMAGE
) -> Status:
    """Look at a data set below `root`; `readers` are by task, pictures have at most `largest_image` megapixels."""
    place = PlaceOnDisk(root, card)
    missing = [piece for piece in place.missing if not piece.without]
    lacking = [piece for piece in place.missing if piece.without]
    remarks = tuple(f"without {piece.file}: {piece.without}; {by_hand(piece, place)}" for piece in lacking)
    if missing:
        begun = [state for piece in missing if (state := _begun(piece, place))]
        needed = sum(not piece.without for piece in card.pieces)
        faults = (*_few(begun), *_few([f"{place.result(piece)} is missing" for piece in missing]))
        remedies = (
            *_few(_fetched_or_by_hand(place, missing), REMEDIES),
            *((card.manual.strip(),) if card.manual else ()),
        )
        state = "partial" if begun or len(missing) < needed else "missing"
        return Status(card.name, card.title, state, faults, remedies, _of_card(card))
    if not folder_of(card, root).is_dir():
        fault = f"{folder_of(card, root)} is missing"
        remedies = (*_fetched_or_by_hand(place, card.pieces), *((card.manual.strip(),) if card.manual else ()))
        return Status(card.name, card.title, "missing", (fault,), remedies, _of_card(card))
    if card.name in WEB:
        faults = _few(WEB[card.name](place.folder, SAMPLE))
        state = "partial" if faults else "present"
        return Status(card.name, card.title, state, faults, _renewal(place) if faults else (), remarks)
    if card.package and not importlib.util.find_spec(card.package) and folder_of(card, root) == place.folder:
        fault = f"cannot be read without the Python package {card.package}"
        return Status(card.name, card.title, "partial", (fault,), (f"pip install {card.package}",), remarks)
    try:
        listing = readers[card.name](folder_of(card, root))
    except (ValueError, OSError) as error:
        return Status(card.name, card.title, "partial", (str(error),), _renewal(place), remarks)
    reading, remarks = Reading(largest_image, card.is_upright), remarks + listing.notes
    opened = [
        unreadable(of_split if every_picture else _spread(of_split), reading)
        for of_split in (listing.train, listing.validation, listing.test)
    ]
    faults = _miscounts(card, listing)
    again = bool(faults) or any(fault.again for of_split in opened for fault in of_split)
    faults += tuple(line for of_split in opened for line in _few([fault.words for fault in of_split]))
    if faults:
        return Status(card.name, card.title, "partial", faults, _renewal(place) if again else (), remarks)
    return Status(card.name, card.title, "present", remarks=remarks)


def _begun(piece: Download, place: PlaceOnDisk) -> str:
    """What there is of a piece that is not done; empty if nothing."""
    file = place.file(piece)
    part = file.with_name(file.name + ".part")
    if place.unpacking(piece).exists():
        return f"{piece.file} is half unpacked"
    if part.exists():
        return f"{piece.file} is half downloaded ({part.stat().st_size:,} bytes)"
    return f"{file} waits to be unpacked" if file.exists() else ""


def _miscounts(card: Card, listing: Listing) -> tuple[str, ...]:
    """What a reader finds too many or too few of."""
    faults = differences(card, listing)
    for split, of_split, size in (("train", listing.train, card.train), ("test", listing.test, card.test)):
        if size is not None:
            empty = _without_images(listing.class_names, of_split)
            faults += _few([f"{split}: no image of class {name!r}" for name in empty])
    return tuple(faults)


def _without_images(class_names: Sequence[str], pictures: Sequence[Item]) -> list[str]:
    shown: set[int] = set()
    for picture in pictures:
        if isinstance(picture.label, tuple):
            shown.update(k for k, is_shown in enumerate(picture.label) if is_shown)
        else:
            shown.add(picture.label)
    return [name for k, name in enumerate(class_names) if k not in shown]


def _spread(pictures: Sequence[Item]) -> Sequence[Item]:
    """A sample over the whole of an ordered listing, its first and last among it."""
    if len(pictures) <= SAMPLE:
        return pictures
    return [pictures[round(n * (len(pictures) - 1) / (SAMPLE - 1))] for n in range(SAMPLE)]


def _fetched_or_by_hand(place: PlaceOnDisk, missing: Sequence[Download]) -> list[str]:
    by_program = [piece for piece in missing if piece.url]
    command = [f"reprompt data fetch {place.card.name}"] if by_program else []
    return command + [by_hand(piece, place) for piece in missing if piece not in by_program]


def _renewal(place: PlaceOnDisk) -> tuple[str, ...]:
    """How to have a data set anew whose pieces are all there, but not all right."""
    folder = folder_of(place.card, place.root)
    if folder != place.folder:
        return (f"get ELEVATER's archives again, or move {folder} away and: reprompt data fetch {place.card.name}",)
    made = sorted({str(place.result(piece)) for piece in place.card.pieces if piece.extract != "none"})
    return (f"move {' and '.join(_few(made)) or folder} away, then: reprompt data fetch {place.card.name}",)


def _of_card(card: Card) -> tuple[str, ...]:
    """What the card says of links and alternatives, for somebody who has to get the data."""
    registration = (f"needs a registration: {card.source}",) if card.registration else ()
    elevater = (f"ELEVATER's archives, for who has them, go to {card.elevater}",) if card.elevater else ()
    return (
        *registration,
        f"licence: {card.licence}",
        *elevater,
        *(f"dead: {what}" for what in card.dead),
        *(f"instead: {what}" for what in card.alternatives),
    )


def _few(lines: Sequence[str], at_most: int = NAMED) -> tuple[str, ...]:
    """The first of many lines, and how many more there are."""
    more = len(lines) - at_most
    return (*lines[:at_most], f"and {more:,} more") if more > 0 else tuple(lines)
