"""A task's split file: its classes, labels, base and new halves and few-shot draws, as one small text file."""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from reprompt.data.draws import few_shot, until_each_class_has, validation
from reprompt.foundation.atomic import write_text
from reprompt.foundation.streams import numpy_stream


def base_and_new(classes: int) -> tuple[list[int], list[int]]:
    """CoOp's halves: the first ceil(K/2) labels are base, the rest new."""
    middle = -(-classes // 2)
    return list(range(middle)), list(range(middle, classes))


@dataclass(frozen=True)
class Split:
    """One task. `draws` maps a seed to per-class orders of training images.

    Validation images are those of `validation_draws`, the like of a validation set, whose labels are kept too; or,
    where there is no such set, those that come after `most_shots` in `draws`. `class_ids` are what classes are known by
    across tasks where that is not their names: two of ImageNet's have one name.

    Labels are class indices, or a row of 0 and 1 per image where an image can belong to several classes. Of the corpus
    of image-text pairs -1 is an image of no topic, and `domains` are the domains of the training images within their
    topics, `test_domains` those of the test images; other tasks have none. `templates` are ELEVATER's, where it has the
    task. `listing` has digests of the files that indices and labels are of, where there are files.
    """

    task: str
    class_names: list[str]
    template: str
    train_labels: list[int] | list[list[int]]
    test_labels: list[int] | list[list[int]]
    draws: dict[str, list[list[int]]]
    most_shots: int
    domains: list[int] | None = None
    validation_labels: list[int] | None = None
    validation_draws: dict[str, list[list[int]]] | None = None
    class_ids: list[str] | None = None
    test_domains: list[int] | None = None
    templates: list[str] | None = None
    listing: dict[str, str] | None = None

    @property
    def rows(self) -> dict[str, int]:
        """The number of images of each split."""
        validation = {} if self.validation_labels is None else {"validation": len(self.validation_labels)}
        return {"train": len(self.train_labels), "test": len(self.test_labels), **validation}

    def classes(self, split: str) -> list[int]:
        """Label ids of `all`, `base` or `new` classes."""
        base, new = base_and_new(len(self.class_names))
        return {"all": base + new, "base": base, "new": new}[split]

    def names(self, split: str) -> list[str]:
        """Class names of `all`, `base` or `new`."""
        return [self.class_names[k] for k in self.classes(split)]

    def ids(self, split: str) -> list[str]:
        """What the classes of `all`, `base` or `new` are known by across tasks: their ids, or else their names."""
        ids = self.class_ids or self.class_names
        return [ids[k] for k in self.classes(split)]

    @property
    def is_multi_label(self) -> bool:
        """Whether an image can belong to several classes; such a task has no base and new half."""
        return isinstance(self.test_labels[0], list)  # ImageNet's shifts have no training images

    def test_images(self, split: str, at_most: int | None = None) -> np.ndarray:
        """Indices of the test images whose class is in `split`; `at_most` so many, drawn once for all methods."""
        images = np.arange(len(self._test))
        if not self.is_multi_label:
            images = np.flatnonzero(np.isin(self._test, self.classes(split)))
        if at_most is None or len(images) <= at_most:
            return images
        return np.sort(numpy_stream(0, "judged images", self.task).permutation(images)[:at_most])

    def test_targets(self, split: str, at_most: int | None = None) -> np.ndarray:
        """Labels of those images, renumbered within `split`: (N,), or (N, K) of 0 and 1."""
        return self._test[self.test_images(split, at_most)] - (self.classes(split)[0] if split != "all" else 0)

    def few_shot(self, seed: int, part: str, shots: int, tau: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
        """The few-shot set of a seed: indices (N,) of images and labels within `part`, (N,) or (N, K) of 0 and 1.

        Raises ValueError where images of several classes are asked for by halves or imbalanced.
        """
        drawn = self.draws[str(seed)]
        if not self.is_multi_label:
            return few_shot(drawn, self.classes(part), shots, tau)
        if part != "all" or tau != 1:
            raise ValueError(f"{self.task}: images of several classes have no half of classes and no imbalance")
        order, labels = np.asarray(drawn[0]), np.asarray(self.train_labels)
        images = order[until_each_class_has(shots, labels[order])]
        return images, labels[images]

    def validation(self, seed: int, part: str, shots: int) -> tuple[str, np.ndarray, np.ndarray]:
        """The validation images of a seed's few-shot set: `validation` or `train`, whose they are, indices and labels.

        min(shots, 4) of each class of `part`, both (N,).
        """
        classes = self.classes(part)
        if self.validation_draws is not None:
            return "validation", *validation(self.validation_draws[str(seed)], classes, shots, 0)
        return "train", *validation(self.draws[str(seed)], classes, shots, self.most_shots)

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
        entries = {key: value for key, value in asdict(self).items() if value is not None}
        lines = (f" {json.dumps(key)}: {json.dumps(value)}" for key, value in entries.items())
        return "{\n" + ",\n".join(lines) + "\n}\n"

    def write(self, path: Path) -> None:
        """Write the file, atomically."""
        write_text(path, self.text)

    @classmethod
    def read(cls, path: Path) -> "Split":
        """Read a file that `write` wrote. Raises FileNotFoundError."""
        try:
            return cls(**json.loads(path.read_text()))
        except FileNotFoundError:
            raise FileNotFoundError(f"{path} is missing; `reprompt split` or `dvc pull` makes it") from None
