"""Is a data set whole? What a reader lists is held against the numbers of the data set's card."""

from pathlib import Path

from reprompt.data.files.listing import Listing
from reprompt.tasks.card import Card

UNPACKING = ".unpacking-"  # begins the name of a folder that is there while a piece is being unpacked


def differences(card: Card, listing: Listing) -> list[str]:
    """What is not as the card says, in words: classes, and the images of each split.

    Of a split of our own the total alone is compared: who comes where is decided class by class, with rounding.
    """
    found = []
    if card.classes not in (None, len(listing.class_names)):
        found.append(f"{len(listing.class_names):,} classes, expected {card.classes:,}: {card.class_name_rule}")
    sizes = {
        "validation": (len(listing.validation), (card.validation or 0) if listing.validation else 0),
        "train": (len(listing.train), card.train),
        "test": (len(listing.test), card.test),
    }
    if listing.is_own_split:
        there = sum(size for size, _ in sizes.values())
        known = (card.train or 0) + (card.validation or 0) + (card.test or 0)
        sizes = {"all splits together": (there, known if card.train and card.test else None)}
    return found + [
        f"{split}: {there:,} images, expected {expected:,}"
        for split, (there, expected) in sizes.items()
        if expected is not None and there != expected
    ]


def half_unpacked(folder: Path) -> list[str]:
    """The files whose unpacking into a data set's folder was not finished."""
    return sorted(path.name.removeprefix(UNPACKING) for path in folder.glob(f"{UNPACKING}*"))
