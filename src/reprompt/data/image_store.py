"""Images rendered or decoded once and kept as arrays.

Every backbone reads them, and so does every job that prompts the image tower. They are large and quickly made, so
neither git nor DVC keeps them: whoever misses them makes them again.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from reprompt.cells.parameters import Parameters, Views
from reprompt.data.source import Digests, SourceInViews, TaskSource
from reprompt.data.views import augmented
from reprompt.foundation.atomic import write_text, written_whole
from reprompt.foundation.locks import FOLDER as LOCKS
from reprompt.foundation.locks import exclusive

AT_ONCE = 4096  # images that are in memory while all of a split are made


class ImageStore(SourceInViews):
    """A source whose images lie in `folder` once they were asked for, a file per task and split, read where needed.

    Augmented views are cut out of the kept images. `code` is a hash of the code that makes images.
    """

    def __init__(self, source: TaskSource, parameters: Parameters, folder: Path, code: str):
        self.source, self.parameters, self.folder, self.code = source, parameters, folder, code
        self.kept: dict[tuple[str, str], np.ndarray] = {}

    def made_from(self, task: str) -> str:
        """What a task's images depend on: of files also which these are."""
        digests = self.source.digests(task)
        of_files = {"pictures": digests["pictures"]} if digests else {}
        return json.dumps({"data": self.parameters.images_of(task), "code": self.code, **of_files}, sort_keys=True)

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
        """Images (n, H, W, 3), uint8; all of a task's split are made where they are missing."""
        if (task, split) not in self.kept:
            self.kept[task, split] = self._ensured(task, split)
        return self.kept[task, split][np.asarray(indices)]

    def views(self, task: str, indices: Sequence[int], numbers: Sequence[int], settings: Views) -> np.ndarray:
        """Training images (n, H, W, 3), uint8, the i-th in its augmented view numbers[i]."""
        views = np.empty_like(images := self.images(task, "train", indices))
        for row, (pixels, index, number) in enumerate(zip(images, indices, numbers, strict=True)):
            views[row] = augmented(Image.fromarray(pixels), len(pixels), settings, task, number, index)
        return views

    def _ensured(self, task: str, split: str) -> np.ndarray:
        """All images of a split (N, H, W, 3), mapped into memory."""
        path, made_from = self.folder / f"{task}-{split}.npy", self.made_from(task)
        note = path.with_suffix(".json")
        with exclusive(LOCKS / f"images-{task}-{split}.lock"):
            if not (path.exists() and note.exists() and note.read_text() == made_from):
                note.unlink(missing_ok=True)
                with written_whole(path) as unfinished:
                    self._write(unfinished, task, split)
                write_text(note, made_from)
        return np.load(path, mmap_mode="r")

    def _write(self, path: Path, task: str, split: str) -> None:
        count, array = len(self.labels(task, split)), None
        for start in range(0, count, AT_ONCE):
            images = self.source.images(task, split, range(start, min(start + AT_ONCE, count)))
            if array is None:
                array = np.lib.format.open_memmap(path, "w+", np.uint8, (count, *images.shape[1:]))
            array[start : start + len(images)] = images
        array.flush()


class PhotographStore(ImageStore):
    """The same for pictures that are larger than what is kept of them: views are cut out of the originals."""

    source: SourceInViews

    def views(self, task: str, indices: Sequence[int], numbers: Sequence[int], settings: Views) -> np.ndarray:
        """Training images (n, H, W, 3), uint8, the i-th in its augmented view numbers[i]."""
        return self.source.views(task, indices, numbers, settings)
