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
from reprompt.plan.parameters import Parameters


class ImageStore:
    """A source whose images lie in `folder` once they were asked for, a file per task and split."""

    def __init__(self, source: Source, parameters: Parameters, folder: Path):
        self.source, self.parameters, self.folder = source, parameters, folder

    def made_from(self, task: str) -> str:
        """What a task's images depend on."""
        return json.dumps({"data": self.parameters.images_of(task), "code": code_hash(*SPLITS)}, sort_keys=True)

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
            made_from = self.made_from(task)
            if not is_made_from(path, made_from):
                images = self.source.images(task, split, range(len(self.labels(task, split))))
                with written_whole(path) as unfinished:
                    save_file({"images": images}, unfinished, metadata={"made_from": made_from})
        return load_file(path)["images"][np.asarray(indices)]
