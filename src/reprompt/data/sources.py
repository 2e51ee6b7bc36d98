"""Which source the parameters name."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from reprompt.data.image_store import ImageStore
from reprompt.data.source import Source, SourceInViews
from reprompt.plan.parameters import Parameters, RenderedData


class ByTask:
    """A source of several: some tasks have a source of their own."""

    def __init__(self, source: Source, others: dict[str, Source]):
        self.source, self.others = source, others

    def class_names(self, task: str) -> list[str]:
        """Class names in label order."""
        return self._of(task).class_names(task)

    def template(self, task: str) -> str:
        """The task's hand-written template."""
        return self._of(task).template(task)

    def labels(self, task: str, split: str) -> np.ndarray:
        """Labels (N,) of `train` or `test`."""
        return self._of(task).labels(task, split)

    def images(self, task: str, split: str, indices: Sequence[int]) -> np.ndarray:
        """Images (n, H, W, 3), uint8."""
        return self._of(task).images(task, split, indices)

    def _of(self, task: str) -> Source:
        return self.others.get(task, self.source)


def stored_source_of(parameters: Parameters, folder: Path) -> SourceInViews:
    """The same, its images kept in `folder`."""
    return ImageStore(source_of(parameters), parameters, folder)


def source_of(parameters: Parameters) -> Source:
    """The source that the parameters name; GRAM's pictures from the web have their own."""
    if not isinstance(parameters.data, RenderedData):
        raise NotImplementedError(
            "data.source: files: readers of the real data sets are not part of this version; use scale: miniature"
        )
    from reprompt.data.rendered import Rendered, RenderedPairs, RenderedWeb  # needs nothing of other sources

    gram = parameters.gram
    others = {"corpus": RenderedPairs(gram.pairs), "webvision": RenderedWeb(gram.web)} if gram else {}
    return ByTask(Rendered(parameters.data), others)
