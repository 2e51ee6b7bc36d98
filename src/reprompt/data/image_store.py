"""Images rendered or decoded once and kept as arrays.

Every backbone reads them, and so does every job that prompts the image tower. They are large and quickly made, so
neither git nor DVC keeps them: whoever misses them, or finds one damaged, makes them again. The checksum of every image
lies beside them; a process checks an image when it first reads it.
"""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image

from reprompt.cells.parameters import Parameters, Views
from reprompt.data.preparation import Preparation
from reprompt.data.source import Digests, SourceInViews, TaskSource
from reprompt.data.views import augmented
from reprompt.foundation.atomic import write_text, written_whole
from reprompt.foundation.checksums import checksum_of_array
from reprompt.foundation.damage import DamagedFileError, reading
from reprompt.foundation.locks import FOLDER as LOCKS
from reprompt.foundation.locks import exclusive

AT_ONCE = 4096  # images that are in memory while all of a split are made
REMEDY = "delete it; who needs the images makes them again"


@dataclass(frozen=True)
class KeptImages:
    """The images of a split at `path` (N, H, W, 3), mapped into memory, with their N checksums."""

    path: Path
    array: np.ndarray
    checksums: Sequence[str]

    @cached_property
    def checked(self) -> np.ndarray:
        """Which images this process has checked, (N,)."""
        return np.zeros(len(self.array), bool)

    def __getitem__(self, indices: np.ndarray) -> np.ndarray:
        """Images (n, H, W, 3). Raises DamagedFileError."""
        images = self.array[indices]
        for image, index in zip(images, indices, strict=True):
            if not self.checked[index]:
                if checksum_of_array(image) != self.checksums[index]:
                    raise DamagedFileError(self.path, f"image {index} is not what its checksum says", REMEDY)
                self.checked[index] = True
        return images


def note_beside(path: Path) -> Path:
    """What images were made from, and their checksums."""
    return path.with_suffix(".json")


def read_images(path: Path, is_right: Callable[[dict], bool] = lambda made_from: True) -> KeptImages | None:
    """The images at `path`, if they and their note are there and what they were made from is right.

    Raises DamagedFileError where they cannot be read; images themselves are checked when they are read.
    """
    note = note_beside(path)
    if not (path.exists() and note.exists()):
        return None
    with reading(note, REMEDY):
        about = json.loads(note.read_text())
        if "checksums" not in about or not is_right(about["made_from"]):
            return None
    with reading(path, REMEDY):
        array = np.load(path, mmap_mode="r")
    if len(array) != len(about["checksums"]):
        raise DamagedFileError(path, f"it has {len(array)} images and {len(about['checksums'])} checksums", REMEDY)
    return KeptImages(path, array, about["checksums"])


class ImageStore(SourceInViews):
    """A source whose images lie in `folder` once they were asked for, a file per task and split, read where needed.

    Augmented views are cut out of the kept images. `code` is a hash of the code that makes images.
    """

    def __init__(self, source: TaskSource, parameters: Parameters, folder: Path, code: str):
        self.source, self.parameters, self.folder, self.code = source, parameters, folder, code
        self.kept: dict[tuple[str, str], KeptImages] = {}

    def made_from(self, task: str) -> dict:
        """What a task's images depend on, as JSON has it: of files also which these are."""
        digests = self.source.digests(task)
        of_files = {"pictures": digests["pictures"]} if digests else {}
        return json.loads(json.dumps({"data": self.parameters.images_of(task), "code": self.code, **of_files}))

    def digests(self, task: str) -> Digests | None:
        """Digests of what lies on disk of a task."""
        return self.source.digests(task)

    def class_names(self, task: str) -> list[str]:
        """Class names in label order."""
        return self.source.class_names(task)

    def splits(self, task: str) -> tuple[str, ...]:
        """The splits of a task."""
        return self.source.splits(task)

    def class_ids(self, task: str) -> list[str] | None:
        """What classes are known by across tasks, where that is not their names."""
        return self.source.class_ids(task)

    def labels(self, task: str, split: str) -> np.ndarray:
        """Labels (N,) of a split."""
        return self.source.labels(task, split)

    def images(self, task: str, split: str, indices: Sequence[int]) -> np.ndarray:
        """Images (n, H, W, 3), uint8; all of a task's split are made where they are missing or one is damaged."""
        indices = np.asarray(indices)
        if (task, split) not in self.kept:
            self.kept[task, split] = self._ensured(task, split)
        try:
            return self.kept[task, split][indices]
        except DamagedFileError as damage:
            self.kept[task, split] = self._ensured(task, split, damage)
            return self.kept[task, split][indices]

    def views(self, task: str, indices: Sequence[int], numbers: Sequence[int], settings: Views) -> np.ndarray:
        """Training images (n, H, W, 3), uint8, the i-th in its augmented view numbers[i]."""
        views = np.empty_like(images := self.images(task, "train", indices))
        as_rendered = Preparation(images.shape[1])
        for row, (pixels, index, number) in enumerate(zip(images, indices, numbers, strict=True)):
            views[row] = augmented(Image.fromarray(pixels), as_rendered, settings, task, number, index)
        return views

    def _ensured(self, task: str, split: str, damage: DamagedFileError | None = None) -> KeptImages:
        """All images of a split, made anew where they are not there, or where `damage` was found in them."""
        path, made_from = self.folder / f"{task}-{split}.npy", self.made_from(task)
        with exclusive(LOCKS / f"images-{task}-{split}.lock"):
            try:
                kept = None if damage else read_images(path, lambda others: others == made_from)
            except DamagedFileError as found:
                kept, damage = None, found
            if damage:
                print(damage.but("all images of the split are made again"), file=sys.stderr)
            if kept is None:
                note_beside(path).unlink(missing_ok=True)
                with written_whole(path) as unfinished:
                    checksums = self._write(unfinished, task, split)
                write_text(note_beside(path), json.dumps({"made_from": made_from, "checksums": checksums}))
                kept = read_images(path)
        return kept

    def _write(self, path: Path, task: str, split: str) -> list[str]:
        """Write all images of a split; returns their checksums."""
        count, array, checksums = len(self.labels(task, split)), None, []
        for start in range(0, count, AT_ONCE):
            images = self.source.images(task, split, range(start, min(start + AT_ONCE, count)))
            if array is None:
                array = np.lib.format.open_memmap(path, "w+", np.uint8, (count, *images.shape[1:]))
            array[start : start + len(images)] = images
            checksums += map(checksum_of_array, images)
        array.flush()
        return checksums


class PhotographStore(ImageStore):
    """The same for pictures that are larger than what is kept of them: views are cut out of the originals."""

    source: SourceInViews

    def views(self, task: str, indices: Sequence[int], numbers: Sequence[int], settings: Views) -> np.ndarray:
        """Training images (n, H, W, 3), uint8, the i-th in its augmented view numbers[i]."""
        return self.source.views(task, indices, numbers, settings)
