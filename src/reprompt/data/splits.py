"""A task's split file: its classes, labels, base and new halves and few-shot draws, as one small text file."""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from reprompt.atomic import write_text


def base_and_new(classes: int) -> tuple[list[int], list[int]]:
    """CoOp's halves: the first ceil(K/2) labels are base, the rest new."""
    middle = -(-classes // 2)
    return list(range(middle)), list(range(middle, classes))


@dataclass(frozen=True)
class Split:
    """One task. `draws` maps a seed to per-class orders of training images; `most_shots` is where validation begins."""

    task: str
    class_names: list[str]
    template: str
    train_labels: list[int]
    test_labels: list[int]
    draws: dict[str, list[list[int]]]
    most_shots: int

    def classes(self, split: str) -> list[int]:
        """Label ids of `all`, `base` or `new` classes."""
        base, new = base_and_new(len(self.class_names))
        return {"all": base + new, "base": base, "new": new}[split]

    def names(self, split: str) -> list[str]:
        """Class names of `all`, `base` or `new`."""
        return [self.class_names[k] for k in self.classes(split)]

    def test_images(self, split: str) -> np.ndarray:
        """Indices of the test images whose class is in `split`."""
        return np.flatnonzero(np.isin(self._test, self.classes(split)))

    def test_targets(self, split: str) -> np.ndarray:
        """Labels of those images, renumbered within `split`."""
        return self._test[self.test_images(split)] - self.classes(split)[0]

    @cached_property
    def _test(self) -> np.ndarray:
        return np.asarray(self.test_labels)

    @cached_property
    def sha256(self) -> str:
        """Hash of the text as written."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @cached_property
    def text(self) -> str:
        """The file's content: JSON, one line per entry."""
        entries = (f" {json.dumps(key)}: {json.dumps(value)}" for key, value in asdict(self).items())
        return "{\n" + ",\n".join(entries) + "\n}\n"

    def write(self, path: Path) -> None:
        """Write the file, atomically."""
        write_text(path, self.text)

    @classmethod
    def read(cls, path: Path) -> "Split":
        """Read a file that `write` wrote."""
        try:
            return cls(**json.loads(path.read_text()))
        except FileNotFoundError:
            raise FileNotFoundError(f"{path} is missing; `reprompt split` or `dvc pull` makes it") from None
