"""Images rendered or decoded once and kept as arrays.

Every backbone reads them, and so does every job that prompts the image tower. They are large and quickly made, so
neither git nor DVC keeps them: whoever misses them makes them again.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from reprompt.atomic import written_whole
from reprompt.code import SPLITS, code_hash
from reprompt.data.source import Source
from reprompt.locks import FOLDER as LOCKS
from reprompt.locks import exclusive
from reprompt.made_from import is_made_from
from reprompt.plan.parameters import FileData, RenderedData


class ImageStore:
    """A source whose images lie in `folder` once they were asked for, a file per task and split."""

    def __init__(self, source: Source, data: RenderedData | FileData, folder: Path):
        self.source, self.folder = source, folder
        self.made_from = json.dumps({"data": data.model_dump(), "code": code_hash(*SPLITS)}, sort_keys=True)

    def class_names(self, task: str) -> list[str]:
        """Class names in label order."""
        return self.source.class_names(task)

    def template(self, task: str) -> str:
        """The task's hand-written template."""
        return self.source.template(task)

    def labels(self, task: str, split: str) -> np.ndarray:
        """Labels of `train` or `test`."""
        return self.source.labels(task, split)

    def images(self, task: str, split: str, indices: Sequence[int]) -> np.ndarray:
        """Images (n, H, W, 3), uint8; all of a task's split are made where they are missing."""
        path = self.folder / f"{task}-{split}.safetensors"
        with exclusive(LOCKS / f"images-{task}-{split}.lock"):
            if not is_made_from(path, self.made_from):
                images = self.source.images(task, split, range(len(self.labels(task, split))))
                with written_whole(path) as unfinished:
                    save_file({"images": images}, unfinished, metadata={"made_from": self.made_from})
        return load_file(path)["images"][np.asarray(indices)]
