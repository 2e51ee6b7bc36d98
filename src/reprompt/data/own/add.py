"""A card and a listing for pictures of one's own, and in words what was found by looking at every one of them."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import yaml

from reprompt.data.files.own import PARTS, write_listing
from reprompt.data.files.rgb import Reading
from reprompt.data.own.alike import groups_of
from reprompt.data.own.found import Found, Inventory, found_in
from reprompt.data.own.look import Look, look
from reprompt.data.own.names import Tokens, check_classes, check_lengths, check_template
from reprompt.data.own.parts import folds_for, in_folds, three_parts
from reprompt.foundation.atomic import write_text
from reprompt.foundation.threads import in_threads
from reprompt.tasks.card import OWN, check_own_name

UPRIGHT = True  # cameras and telephones write the turn into EXIF, and who looks at a picture sees it upright
SHOWN = 5  # examples of what is wrong
HEAD = """# A task of one's own, written by `reprompt task add`; {listing} lists its pictures.
# `printed` and `template` may be changed.
"""

Track = Callable[[Iterable, int], Iterable]  # shows how far one is, of so many
FeaturesOf = Callable[[Sequence[Path]], np.ndarray]


@dataclass(frozen=True)
class Wanted:
    """What is to be a task: its name, the folder of its pictures, perhaps a table, its template, perhaps its folds.

    Without `folds` it is cross-validated where there are few pictures; 0 is a test set in any case.
    """

    name: str
    folder: Path
    template: str
    table: Path | None = None
    folds: int | None = None
    largest_image: int = Reading().largest


@dataclass(frozen=True)
class Added:
    """What a new task has: pictures of every class by part, and what was found on the way.

    `unreadable` by name with the reason; `others` are files that are no pictures, by ending. `groups` are pictures that
    are nearly the same, of which `alike` pictures would not be missed; `across` are groups that lie in several of the
    parts that their owner made, `contradictory` those of several classes.
    """

    name: str
    card: str
    listing: str
    classes: dict[str, dict[str, int]]
    folds: int
    unreadable: dict[str, str] = field(default_factory=dict)
    others: dict[str, int] = field(default_factory=dict)
    groups: int = 0
    alike: int = 0
    across: list[list[str]] = field(default_factory=list)
    contradictory: list[list[str]] = field(default_factory=list)

    @property
    def as_json(self) -> dict:
        return asdict(self)


def add_task(
    wanted: Wanted, tokens: Tokens, track: Track, features_of: FeaturesOf | None = None, workers: int = 2
) -> Added:
    """Look at every picture, divide them, and write card and listing into the folder `tasks`.

    Nothing is written into the folder of the pictures. Raises ValueError where no task can be made of them.
    """
    check_own_name(wanted.name)
    check_template(wanted.template)
    inventory = found_in(wanted.folder, wanted.table)
    check_classes(dict.fromkeys(picture.of_class for picture in inventory.found))
    looks = _looks(inventory, wanted, track, workers)
    seen = [(picture, seen) for picture, seen in zip(inventory.found, looks, strict=True) if not seen.fault]
    found, looks_of_found = [picture for picture, _ in seen], [seen for _, seen in seen]
    unreadable = {picture.name: seen.fault for picture, seen in zip(inventory.found, looks, strict=True) if seen.fault}
    _check_left(inventory, found, unreadable)
    classes = list(dict.fromkeys(picture.of_class for picture in found))
    name_tokens = check_lengths(classes, wanted.template, tokens)
    features = None if features_of is None else features_of([inventory.folder / picture.name for picture in found])
    groups = groups_of(looks_of_found, features)
    parts, folds = _parts(inventory, found, groups, wanted)
    card, listing = OWN / f"{wanted.name}.yaml", OWN / f"{wanted.name}.csv"
    write_listing(listing, ((p.name, p.of_class, part) for p, part in zip(found, parts, strict=True)))
    counts = Counter(part if part in PARTS else "test" for part in parts)
    keys = {
        "printed": wanted.name.replace("_", " "),
        "title": wanted.name.replace("_", " "),
        "template": wanted.template,
        "classes": len(classes),
        "name_tokens": dict(name_tokens),
        "train": len(found) - counts["test"] // folds if folds else counts["train"],
        "validation": counts["validation"] or None,
        "test": counts["test"] // folds if folds else counts["test"],
        "folder": _as_named(wanted.folder),
        "listing": listing.name,
        "orientation": "upright",
        **({"folds": folds} if folds else {}),
    }
    write_text(card, HEAD.format(listing=listing) + yaml.safe_dump(keys, sort_keys=False, allow_unicode=True))
    of_parts: dict[str, dict[str, int]] = {name: {} for name in classes}
    for (of_class, part), number in sorted(Counter(zip((p.of_class for p in found), parts, strict=True)).items()):
        of_parts[of_class][part] = number
    return Added(
        wanted.name,
        str(card),
        str(listing),
        of_parts,
        folds,
        unreadable,
        inventory.others,
        **_alike(found, groups, parts if inventory.is_divided else [""] * len(found)),
    )


def _looks(inventory: Inventory, wanted: Wanted, track: Track, workers: int) -> list[Look]:
    reading = Reading(wanted.largest_image, UPRIGHT)
    paths = [inventory.folder / picture.name for picture in inventory.found]
    return list(track(in_threads(lambda path: look(path, reading), paths, workers), len(paths)))


def _check_left(inventory: Inventory, found: Sequence[Found], unreadable: Mapping[str, str]) -> None:
    """Raise ValueError where a class has no picture that can be read."""
    left = {picture.of_class for picture in found}
    if lost := next((p for p in inventory.found if p.of_class not in left), None):
        raise ValueError(f"class {lost.of_class!r} has no picture that can be read: {unreadable[lost.name]}")


def _parts(inventory: Inventory, found: Sequence[Found], groups: np.ndarray, wanted: Wanted) -> tuple[list[str], int]:
    """The part of every picture, and the number of folds."""
    if inventory.is_divided:
        if wanted.folds:
            raise ValueError(f"{wanted.folder}: is divided into training and test pictures already; leave --folds out")
        parts = [picture.part for picture in found]
        if "test" not in parts:  # what is not tested on serves no one
            parts = ["test" if part == "validation" else part for part in parts]
        untrained = {p.of_class for p in found} - {
            p.of_class for p, part in zip(found, parts, strict=True) if part == "train"
        }
        if untrained:
            raise ValueError(
                f"{wanted.folder}: class {min(untrained)!r} has no training picture; add some, or remove it"
            )
        return parts, 0
    folds = folds_for(found, groups) if wanted.folds is None else wanted.folds
    if folds:
        parts = in_folds(found, groups, folds)
        if not any(part.isdecimal() for part in parts):
            raise ValueError(
                f"{wanted.folder}: every class has one picture, or pictures of one kind: none is left to test"
            )
        for fold in map(str, range(1, folds + 1)):
            if fold not in parts:
                raise ValueError(
                    f"{wanted.folder}: too few pictures for {folds} folds; use --folds {folds - 1} or less"
                )
        return parts, folds
    parts = three_parts(found, groups)
    for name in dict.fromkeys(picture.of_class for picture in found):
        missing = {"train", "test"} - {p for f, p in zip(found, parts, strict=True) if f.of_class == name}
        if missing:
            raise ValueError(
                f"{wanted.folder}: class {name!r} has too few pictures, or too many nearly the same, to have some"
                f" for {' and '.join(sorted(missing))}; cross-validate it: --folds 5"
            )
    return parts, 0


def _alike(found: Sequence[Found], groups: np.ndarray, official: Sequence[str]) -> dict:
    """What the groups of pictures that are nearly the same say of a task; `official` parts are those of its owner."""
    members: dict[int, list[int]] = {}
    for index, group in enumerate(groups.tolist()):
        members.setdefault(group, []).append(index)
    several = [group for group in members.values() if len(group) > 1]
    across = [group for group in several if len({official[index] for index in group}) > 1]
    contradictory = [group for group in several if len({found[index].of_class for index in group}) > 1]

    def names(chosen: list[list[int]]) -> list[list[str]]:
        return [[found[index].name for index in group] for group in chosen]

    return {
        "groups": len(several),
        "alike": sum(len(group) - 1 for group in several),
        "across": names(across),
        "contradictory": names(contradictory),
    }


def _as_named(folder: Path) -> str:
    """The folder from the working folder, where it lies below that, else in full."""
    here, full = Path.cwd().resolve(), folder.resolve()
    return full.relative_to(here).as_posix() if full.is_relative_to(here) else full.as_posix()


def in_words(added: Added) -> list[str]:
    """What was added and what was found, line by line."""
    sizes = {name: sum(parts.values()) for name, parts in added.classes.items()}
    total, fewest = sum(sizes.values()), min(sizes, key=sizes.get)
    lines = [
        f"{added.name}: {total:,} pictures of {len(sizes)} classes, {min(sizes.values())} ({fewest}) to"
        f" {max(sizes.values())} of each"
    ]
    if added.folds:
        lines.append(f"few pictures: cross-validated in {added.folds} folds, each picture tested in one")
        if alone := [name for name, parts in added.classes.items() if not any(p.isdecimal() for p in parts)]:
            lines.append(
                f"never tested, for want of a second picture: {', '.join(alone[:SHOWN])} ({len(alone)} classes)"
            )
    else:
        parts = Counter({part: 0 for part in PARTS})
        for of_class in added.classes.values():
            parts.update(of_class)
        lines.append(", ".join(f"{parts[part]:,} for {part}" for part in PARTS if parts[part]))
    trained = {name: _trained(parts, added.folds) for name, parts in added.classes.items()}
    few = [f"{sum(n < shots for n in trained.values())} at {shots}" for shots in (1, 2, 4, 8, 16)]
    few = [words for words in few if not words.startswith("0 ")]
    if few:
        lines.append(f"classes with fewer training pictures than shots, which have what there is: {', '.join(few)}")
    if added.groups:
        lines.append(
            f"{added.alike:,} pictures are nearly the same as another ({added.groups:,} groups)"
            + ("" if added.across else "; each group is on one side of the split")
        )
    if added.across:
        lines.append(
            f"{len(added.across)} such groups are on both sides of your own split, as {_joined(added.across[0])}"
        )
    if added.contradictory:
        lines.append(
            f"{len(added.contradictory)} such groups are of several classes, as {_joined(added.contradictory[0])}"
        )
    if added.others:
        endings = ", ".join(f"{number} {ending}" for ending, number in added.others.items())
        lines.append(f"left out, no pictures by their names or places: {endings}")
    if added.unreadable:
        lines.append(f"{len(added.unreadable)} pictures cannot be read and are left out:")
        lines += [f"  {fault}" for fault in list(added.unreadable.values())[:SHOWN]]
    return [*lines, f"written: {added.card}, {added.listing}"]


def _trained(parts: Mapping[str, int], folds: int) -> int:
    """Training pictures of a class, in the fold that has the fewest."""
    if not folds:
        return parts.get("train", 0)
    return sum(parts.values()) - max((n for part, n in parts.items() if part.isdecimal()), default=0)


def _joined(names: Sequence[str]) -> str:
    return " and ".join(names[:2])
