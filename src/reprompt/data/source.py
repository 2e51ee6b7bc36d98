"""Where images come from: the rendered world, or (scale `paper`) the real data sets on disk."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from reprompt.data.draws import draw
from reprompt.data.splits import Split
from reprompt.miniature import tasks as rendered
from reprompt.plan.parameters import FileData, RenderedData


class Source(Protocol):
    """A family of tasks that can be read image by image."""

    def class_names(self, task: str) -> list[str]:
        """Class names in label order."""

    def template(self, task: str) -> str:
        """The task's hand-written template."""

    def labels(self, task: str, split: str) -> np.ndarray:
        """Labels (N,) of `train` or `test`, without reading images."""

    def images(self, task: str, split: str, indices: Sequence[int]) -> np.ndarray:
        """Images (n, H, W, 3), uint8."""


class Rendered:
    """The rendered counterparts of the data sets."""

    def __init__(self, data: RenderedData):
        self.world = rendered.WorldSettings(**data.model_dump(exclude={"source"}))

    def class_names(self, task: str) -> list[str]:
        """Class names in label order."""
        return list(rendered.class_names(task))

    def template(self, task: str) -> str:
        """The task's hand-written template."""
        return rendered.TASKS[task].template

    def labels(self, task: str, split: str) -> np.ndarray:
        """Labels (N,) of `train` or `test`."""
        return rendered.labels(task, rendered.images_per_split(task, self.world)[split], split, self.world)

    def images(self, task: str, split: str, indices: Sequence[int]) -> np.ndarray:
        """Render images (n, 40, 40, 3)."""
        return rendered.render_images(task, split, indices, self.world)


def source_of(data: RenderedData | FileData) -> Source:
    """The source that the parameters name."""
    if isinstance(data, RenderedData):
        return Rendered(data)
    raise NotImplementedError(
        "data.source: files: readers of the real data sets are not part of this version; use scale: miniature"
    )


def split_of(source: Source, task: str, seeds: Sequence[int], most_shots: int) -> Split:
    """The split of a task: labels from the source, draws for every seed."""
    names, train = source.class_names(task), source.labels(task, "train")
    return Split(
        task=task,
        class_names=names,
        template=source.template(task),
        train_labels=train.tolist(),
        test_labels=source.labels(task, "test").tolist(),
        draws={str(seed): draw(train, len(names), task, seed, most_shots) for seed in seeds},
        most_shots=most_shots,
    )
