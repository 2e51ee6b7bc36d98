"""CC3M as img2dataset leaves it: tar shards, in each a picture, a caption and facts per pair, side by side.

    00000.tar    000000000.jpg  000000000.txt  000000000.json  000000001.jpg ...

Every shard is read once from end to end, every picture decoded once; where each readable pair lies is then written to
an index in the working folder (kept.py), whole or not at all. A killed run goes on with the next shard, and a shard
whose size has changed is read again. Pairs whose picture cannot be decoded or that have no caption are counted and left
out: whoever downloads the same shards has the same pairs.
"""

import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np

from reprompt.data.files.decoding import stacked
from reprompt.data.files.digests import short_digest
from reprompt.data.files.folders import needed_folder
from reprompt.data.files.kept import kept_or_made, place_for
from reprompt.data.files.listing import Item
from reprompt.data.files.pictures import USUAL, picture_of
from reprompt.data.files.rgb import Reading, Refused, rgb
from reprompt.data.files.transforms import prepared
from reprompt.data.preparation import AS_OPENAI, Preparation
from reprompt.data.source import Digests, TaskSource
from reprompt.data.web import web_indices
from reprompt.foundation.threads import in_threads

PICTURES = (".jpg", ".jpeg", ".png", ".webp")
END_OF_TAR = 1024  # zero bytes that end a whole archive


@dataclass(frozen=True)
class Skipped:
    """Pairs that are in the shards but not used, and the pairs that are."""

    unreadable: int
    without_caption: int
    used: int

    def __str__(self) -> str:
        share = 100 * (self.unreadable + self.without_caption) / max(self.total, 1)
        return (
            f"{self.used:,} pairs; left out {self.unreadable:,} with an unreadable picture and"
            f" {self.without_caption:,} without a caption ({share:.2f} %)"
        )

    @property
    def total(self) -> int:
        """All pairs in the shards."""
        return self.unreadable + self.without_caption + self.used


@dataclass(frozen=True)
class PlacesOfPairs:
    """N readable pairs: the shard (N,) of each, offset (N,) and size (N,) of its picture there, and its caption."""

    shards: tuple[Path, ...]
    shard: np.ndarray
    offset: np.ndarray
    size: np.ndarray
    captions: list[str]
    skipped: Skipped
    sha256: str


class Pairs(TaskSource):
    """The image-text pairs below `root`, as what is clustered and as a task whose topics are not known here.

    `index` is where the indices go, by default that of kept.py; `advance` is told of every shard that has been read.
    """

    def __init__(
        self,
        root: Path,
        preparation: Preparation,
        workers: int,
        reading: Reading = USUAL,
        index: Path | None = None,
        advance: Callable[[int], None] = lambda shards: None,
    ):
        self.root, self.preparation, self.workers, self.advance = Path(root), preparation, workers, advance
        self.reading = reading
        self.index = index or place_for(self.root)

    @property
    def shards(self) -> tuple[Path, ...]:
        """The tar archives, sorted by name. Raises FileNotFoundError if there are none."""
        shards = tuple(sorted(needed_folder(self.root).glob("*.tar")))
        if not shards:
            raise FileNotFoundError(f"{self.root} has no tar shards; `reprompt data status` says where they come from")
        return shards

    @cached_property
    def places(self) -> PlacesOfPairs:
        """All readable pairs, shard after shard; the shards that have no index yet are read first."""
        shards, digest = self.shards, hashlib.sha256()
        shard, offset, size, captions = [], [], [], []
        unreadable = without_caption = 0
        for number, path in enumerate(shards):
            index = self._indexed(path)
            digest.update(json.dumps([path.name, index["pairs"]]).encode())
            shard.append(np.full(len(index["pairs"]), number))
            offset.append(np.array([pair[0] for pair in index["pairs"]], np.int64))
            size.append(np.array([pair[1] for pair in index["pairs"]], np.int64))
            captions += [pair[2] for pair in index["pairs"]]
            unreadable += len(index["unreadable"])
            without_caption += index["without_caption"]
            self.advance(1)
        if not captions:
            raise ValueError(
                f"{self.root}: none of {unreadable + without_caption} pairs can be used; get the shards again"
            )
        skipped = Skipped(unreadable, without_caption, len(captions))
        joined = (np.concatenate(part) for part in (shard, offset, size))
        return PlacesOfPairs(shards, *joined, captions, skipped, digest.hexdigest())

    @property
    def captions(self) -> list[str]:
        """The captions (N,) of all readable pairs."""
        return self.places.captions

    @property
    def skipped(self) -> Skipped:
        """How many pairs are left out, and why."""
        return self.places.skipped

    @property
    def sha256(self) -> str:
        """Hash of which pairs there are and where: of shard names, places, sizes and captions."""
        return self.places.sha256

    def pictures(self, pairs: Sequence[int]) -> np.ndarray:
        """The pictures (n, side, side, 3), uint8, of some of all pairs."""
        return stacked(self._picture, [self._item(pair) for pair in pairs], self.preparation.side, self.workers)

    def labels(self, task: str, split: str) -> np.ndarray:
        """No topic yet, -1, for every pair (N,) of `train` or `test`."""
        return np.full(len(web_indices(len(self.captions), split)), -1)

    def images(self, task: str, split: str, indices: Sequence[int]) -> np.ndarray:
        """Pictures (n, side, side, 3) of some pairs of `train` or `test`."""
        return self.pictures(web_indices(len(self.captions), split)[np.asarray(indices, int)])

    def digests(self, task: str) -> Digests:
        """Names and sizes of the shards: which pairs are in them takes hours to tell. Topics are found later."""
        return {"pictures": short_digest((shard.name, shard.stat().st_size) for shard in self.shards), "labels": ""}

    def _item(self, pair: int) -> Item:
        at = self.places
        return Item(at.shards[at.shard[pair]], f"{at.offset[pair]}:{at.size[pair]}", -1)

    def _picture(self, item: Item) -> np.ndarray:
        return prepared(picture_of(item, self.reading), self.preparation)

    def _indexed(self, shard: Path) -> dict:
        """A shard's index, read or made."""
        size = shard.stat().st_size
        made_from = {"shard": shard.name, "bytes": size, "largest_image": self.reading.largest}
        path = self.index / f"{shard.stem}.json"
        return kept_or_made(path, made_from, lambda: read_shard(shard, self.workers, self.reading))


def shards_at_fault(root: Path, at_most: int) -> list[str]:
    """What is wrong with the shards below `root` that can be told at once: none there, or cut off.

    The ends of `at_most` of them are looked at, evenly spread.
    """
    try:
        shards = Pairs(root, AS_OPENAI, workers=1).shards
    except FileNotFoundError as error:
        return [str(error)]
    faults = []
    for shard in shards[:: max(1, -(-len(shards) // at_most))]:
        try:
            _is_whole(shard)
        except ValueError as error:
            faults.append(str(error))
    return faults


def read_shard(shard: Path, workers: int, reading: Reading) -> dict:
    """Read a shard from end to end: `pairs` [offset, size, caption], keys of `unreadable` ones, `without_caption`.

    Raises ValueError if the archive is cut off or is none.
    """
    pairs, unreadable, without_caption = [], [], 0
    for key, place, caption, is_readable in in_threads(partial(_examined, reading), _pairs_of(shard), workers):
        if not is_readable:
            unreadable.append(key)
        elif not caption:
            without_caption += 1
        else:
            pairs.append([*place, caption])
    return {"pairs": pairs, "unreadable": unreadable, "without_caption": without_caption}


def _examined(
    reading: Reading, pair: tuple[str, tuple[int, int], str, bytes]
) -> tuple[str, tuple[int, int], str, bool]:
    key, place, caption, content = pair
    try:
        rgb(io.BytesIO(content), reading)
    except Refused:
        return key, place, caption, False
    return key, place, caption, True


def _pairs_of(shard: Path) -> Iterator[tuple[str, tuple[int, int], str, bytes]]:
    """Key, place and bytes of every picture with its caption; members of a pair follow one another."""
    _is_whole(shard)
    try:
        with tarfile.open(shard, "r:") as archive:
            key, picture, caption = "", None, ""
            for member in archive:
                if not member.isfile():
                    continue
                folder, _, name = member.name.rpartition("/")
                stem, _, ending = name.partition(".")
                if (folder, stem) != key:
                    if picture:
                        yield picture[0], picture[1], caption, picture[2]
                    key, picture, caption = (folder, stem), None, ""
                if f".{ending.lower()}" in PICTURES:
                    content = archive.extractfile(member).read()
                    picture = stem, (member.offset_data, member.size), content
                elif ending == "txt":
                    caption = archive.extractfile(member).read().decode("utf-8", "replace").strip()
                elif ending == "json" and not caption:
                    caption = _caption_of(archive.extractfile(member).read())
            if picture:
                yield picture[0], picture[1], caption, picture[2]
            _ended_at_its_end(shard, archive.offset)
    except tarfile.TarError as error:
        raise ValueError(f"{shard}: not a tar archive ({error}); remove it and get it again") from None


def _caption_of(facts: bytes) -> str:
    try:
        return str(json.loads(facts).get("caption") or "").strip()
    except (ValueError, AttributeError):
        return ""


def _ended_at_its_end(shard: Path, offset: int) -> None:
    """Raise ValueError if anything but zeros follows the last member: Python takes a damaged header for the end."""
    with shard.open("rb") as file:
        file.seek(offset)
        while block := file.read(1 << 20):
            if block.strip(b"\0"):
                raise ValueError(f"{shard}: the archive is damaged at byte {offset:,}; remove it and get it again")


def _is_whole(shard: Path) -> None:
    """Raise ValueError for an archive that lacks its end: a download or img2dataset was killed on the way."""
    with shard.open("rb") as file:
        file.seek(max(0, shard.stat().st_size - END_OF_TAR))
        if file.read() != bytes(END_OF_TAR):
            raise ValueError(f"{shard}: the archive is cut off (it has no end); remove it and get it again")
