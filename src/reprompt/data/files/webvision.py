"""WebVision 1.0: pictures of ImageNet's classes that Google and Flickr found, with the labels of the queries.

    info/synsets.txt    info/train_filelist_all.txt (or _google and _flickr)    info/val_filelist.txt
    google/  flickr/    val_images_256/ (or val_images/)

A file list has a line per picture, its path and its label. Only a pool of each class is used; its pictures are decoded
once, those that cannot be are counted and left out, and the outcome is kept in the working folder (kept.py), so that a
second start looks at none.
"""

import hashlib
from collections.abc import Sequence
from functools import cached_property
from itertools import compress
from pathlib import Path

import numpy as np

from reprompt.data.files.decoding import stacked
from reprompt.data.files.digests import short_digest
from reprompt.data.files.folders import lines_of, needed_file, needed_folder
from reprompt.data.files.kept import kept_or_made, place_for
from reprompt.data.files.listing import Item, label_array, path_hash
from reprompt.data.files.pictures import USUAL, UnreadablePicture, picture_of
from reprompt.data.files.rgb import Reading
from reprompt.data.files.seen import Seen, look
from reprompt.data.files.transforms import prepared
from reprompt.data.preparation import AS_OPENAI, Preparation
from reprompt.data.source import Digests, TaskSource
from reprompt.foundation.threads import in_threads


def pictures_at_fault(root: Path, at_most: int) -> list[str]:
    """What is wrong with WebVision below `root` that can be told soon: no lists, or pictures of these not there.

    `at_most` of the pictures are looked for, evenly spread.
    """
    try:
        listed = WebVision(root, AS_OPENAI, pool=1, workers=1).listed()
    except (FileNotFoundError, ValueError) as error:
        return [str(error)]
    looked_for = listed[:: max(1, -(-len(listed) // at_most))]
    missing = [item.path for item in looked_for if not item.path.is_file()]
    if not missing:
        return []
    return [f"{missing[0]}, which the lists name, is not there (nor {len(missing) - 1} others of {len(looked_for)})"]


class WebVision(TaskSource):
    """WebVision below `root` as a task: of each class at most `pool` training pictures, the first by their hashes."""

    def __init__(
        self,
        root: Path,
        preparation: Preparation,
        pool: int,
        workers: int,
        reading: Reading = USUAL,
        index: Path | None = None,
    ):
        self.root, self.preparation, self.pool, self.workers = Path(root), preparation, pool, workers
        self.reading, self.index = reading, index or place_for(self.root)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Class names in label order: of each line of synsets.txt the first synonym after the WordNet id."""
        lines = lines_of(self.root / "info" / "synsets.txt")
        return tuple(line.partition(" ")[2].partition(",")[0].strip() for line in lines)

    def class_names(self, task: str) -> list[str]:
        """Class names in label order."""
        return list(self.names)

    def items(self, split: str) -> tuple[Item, ...]:
        """The pictures of `train` (the pool) or `test`; the first time, they are looked at."""
        return self._readable[0][split]

    def labels(self, task: str, split: str) -> np.ndarray:
        """Labels (N,) of `train` or `test`, as the web says."""
        return label_array(self.items(split), len(self.names))

    def images(self, task: str, split: str, indices: Sequence[int]) -> np.ndarray:
        """Pictures (n, side, side, 3), uint8."""
        items = self.items(split)
        return stacked(self._picture, [items[index] for index in indices], self.preparation.side, self.workers)

    @property
    def unreadable(self) -> tuple[str, ...]:
        """The pictures that were left out because they cannot be decoded."""
        return self._readable[1]

    def _picture(self, item: Item) -> np.ndarray:
        return prepared(picture_of(item, self.reading), self.preparation)

    @cached_property
    def _readable(self) -> tuple[dict[str, tuple[Item, ...]], tuple[str, ...]]:
        """Training and test pictures that can be decoded, and the names of those that cannot."""
        lists = self._lists()
        of_lists, largest = self._sha256_of_lists, self.reading.largest
        wanted = {"pool": self.pool, "lists_sha256": of_lists, "largest_image": largest}
        kept = kept_or_made(self.index / f"pool{self.pool}.json", wanted, lambda: self._looked_at(lists))
        items = {
            split: tuple(Item(self.root / name, None, label) for name, label in kept[split])
            for split in ("train", "test")
        }
        return items, tuple(kept["unreadable"])

    def digests(self, task: str) -> Digests:
        """Of the lists, which name pictures and labels, and of the class names; which can be decoded takes hours."""
        return {
            "pictures": short_digest([self.pool, self._tested.name, self._sha256_of_lists]),
            "labels": short_digest(self.names),
        }

    def listed(self) -> list[Item]:
        """All pictures that the lists name, those for testing last, whether they can be decoded or not."""
        lists = self._lists()
        named = self._listed(lists["train"], "") + self._listed(lists["test"], f"{self._tested.name}/")
        return [Item(self.root / name, None, label) for name, label in named]

    def seen(self, task: str) -> Seen:
        """What the digests are made of, with dates and sizes."""
        lists = self._lists()
        read = (self.root, self._tested, self.root / "info" / "synsets.txt", *lists["train"], *lists["test"])
        return {str(path): look(path) for path in read}

    @property
    def _tested(self) -> Path:
        return needed_folder(self.root / "val_images_256", "val_images")

    @cached_property
    def _sha256_of_lists(self) -> str:
        lists, sha256 = self._lists(), hashlib.sha256()
        for path in (*lists["train"], *lists["test"]):
            sha256.update(needed_file(path).read_bytes())
        return sha256.hexdigest()

    def _lists(self) -> dict[str, list[Path]]:
        info = needed_folder(self.root / "info")
        everything = info / "train_filelist_all.txt"
        parts = [info / f"train_filelist_{part}.txt" for part in ("google", "flickr")]
        return {"train": [everything] if everything.exists() else parts, "test": [info / "val_filelist.txt"]}

    def _looked_at(self, lists: dict[str, list[Path]]) -> dict:
        """Decode pictures until every class has its pool, and all test pictures."""
        unreadable: list[str] = []
        train = self._pool(self._listed(lists["train"], ""), unreadable)
        test = self._decodable(self._listed(lists["test"], f"{self._tested.name}/"), unreadable)
        if not train or not test:
            raise ValueError(f"{self.root}: no picture of the lists in info can be decoded; extract the archives again")
        return {"train": train, "test": test, "unreadable": unreadable}

    def _listed(self, paths: list[Path], below: str) -> list[tuple[str, int]]:
        listed = []
        for path in paths:
            for number, line in enumerate(lines_of(path), 1):
                name, _, label = line.rpartition(" ")
                if not name or not label.isdigit() or int(label) >= len(self.names):
                    raise ValueError(
                        f"{path}, line {number}: {line!r} is not a path and a label below {len(self.names)}"
                    )
                listed.append((below + name, int(label)))
        return listed

    def _pool(self, listed: list[tuple[str, int]], unreadable: list[str]) -> list[tuple[str, int]]:
        """Of each class the first readable pictures by hash; no more are looked at than that takes."""
        waiting: dict[int, list[tuple[str, int]]] = {}
        for picture in sorted(set(listed), key=lambda picture: (path_hash(picture[0]), picture[1]), reverse=True):
            waiting.setdefault(picture[1], []).append(picture)
        kept: list[tuple[str, int]] = []
        have = dict.fromkeys(waiting, 0)
        while any(waiting.values()):
            wanted = [
                waiting[label].pop()
                for label in sorted(waiting)
                for _ in range(min(self.pool - have[label], len(waiting[label])))
            ]
            if not wanted:
                break
            for name, label in self._decodable(wanted, unreadable):
                have[label] += 1
                kept.append((name, label))
        return sorted(kept, key=lambda picture: (picture[1], path_hash(picture[0])))

    def _decodable(self, listed: list[tuple[str, int]], unreadable: list[str]) -> list[tuple[str, int]]:
        """Those that can be decoded; the others go to `unreadable`. Raises FileNotFoundError if one is not there."""
        readable = list(in_threads(lambda picture: self._is_readable(picture[0]), listed, self.workers))
        unreadable += [name for (name, _), is_readable in zip(listed, readable, strict=True) if not is_readable]
        return list(compress(listed, readable))

    def _is_readable(self, name: str) -> bool:
        try:
            picture_of(Item(self.root / name, None, 0), self.reading)
        except UnreadablePicture:
            return False
        return True
