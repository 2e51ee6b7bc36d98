"""The rendered world as a source of tasks.

GRAM's pictures from the web are tasks like any other: `corpus`, whose labels (topics) are found later, and `webvision`.
"""

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from reprompt.cells.parameters import CorpusSettings, RenderedData, WebSettings
from reprompt.data.web import web_indices
from reprompt.miniature import corpus, web
from reprompt.miniature import tasks as rendered


class RenderedTasks:
    """The rendered counterparts of the data sets."""

    def __init__(self, data: RenderedData):
        self.world = rendered.WorldSettings(**data.model_dump(exclude={"source"}))

    def class_names(self, task: str) -> list[str]:
        """Class names in label order."""
        return list(rendered.class_names(task))

    def labels(self, task: str, split: str) -> np.ndarray:
        """Labels (N,) of `train` or `test`."""
        return rendered.labels(task, rendered.images_per_split(task, self.world)[split], split, self.world)

    def images(self, task: str, split: str, indices: Sequence[int]) -> np.ndarray:
        """Render images (n, 40, 40, 3)."""
        return rendered.render_images(task, split, indices, self.world)


class RenderedPairs:
    """The rendered image-text pairs as a task; which topic a pair belongs to is not known here."""

    def __init__(self, pairs: CorpusSettings):
        self.pairs = pairs

    @cached_property
    def corpus(self) -> corpus.RenderedCorpus:
        """All pairs; rendered when they are first asked for."""
        return corpus.render_corpus(**self.pairs.model_dump())

    def labels(self, task: str, split: str) -> np.ndarray:
        """No topic yet, -1, for every pair (N,) of `train` or `test`."""
        return np.full(len(web_indices(self.pairs.pairs, split)), -1)

    def images(self, task: str, split: str, indices: Sequence[int]) -> np.ndarray:
        """Images (n, 40, 40, 3)."""
        return self.corpus.images[web_indices(self.pairs.pairs, split)[np.asarray(indices)]]


class RenderedWeb:
    """The rendered counterpart of WebVision as a task."""

    def __init__(self, pictures: WebSettings):
        self.pictures = pictures

    @cached_property
    def web(self) -> web.WebSet:
        """All pictures; rendered when they are first asked for."""
        return web.render_web(**self.pictures.model_dump())

    def class_names(self, task: str) -> list[str]:
        """Class names in label order."""
        return list(self.web.class_names)

    def labels(self, task: str, split: str) -> np.ndarray:
        """Labels (N,) of `train` or `test`, as the web says."""
        return self.web.labels[web_indices(self.pictures.images, split)]

    def images(self, task: str, split: str, indices: Sequence[int]) -> np.ndarray:
        """Images (n, 40, 40, 3)."""
        return self.web.images[web_indices(self.pictures.images, split)[np.asarray(indices)]]
