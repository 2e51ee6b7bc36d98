"""Which source the parameters name."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from reprompt.cells.parameters import Parameters, RenderedData, Views
from reprompt.data.files.pairs import Pairs
from reprompt.data.files.readers import READERS
from reprompt.data.files.rgb import Reading
from reprompt.data.files.source import Files
from reprompt.data.files.webvision import WebVision
from reprompt.data.image_store import ImageStore, PhotographStore
from reprompt.data.preparation import AS_OPENAI, Preparation
from reprompt.data.rendered import RenderedPairs, RenderedTasks, RenderedWeb
from reprompt.data.source import Digests, SourceInViews, TaskSource
from reprompt.tasks.card import card_of


class ByTask(TaskSource):
    """A source of several: some tasks have a source of their own."""

    def __init__(self, source: TaskSource, others: dict[str, TaskSource]):
        self.source, self.others = source, others

    def class_names(self, task: str) -> list[str]:
        """Class names in label order."""
        return self.of(task).class_names(task)

    def splits(self, task: str) -> tuple[str, ...]:
        """The splits of a task."""
        return self.of(task).splits(task)

    def class_ids(self, task: str) -> list[str] | None:
        """What classes are known by across tasks, where that is not their names."""
        return self.of(task).class_ids(task)

    def labels(self, task: str, split: str) -> np.ndarray:
        """Labels (N,) of a split."""
        return self.of(task).labels(task, split)

    def images(self, task: str, split: str, indices: Sequence[int]) -> np.ndarray:
        """Images (n, H, W, 3), uint8."""
        return self.of(task).images(task, split, indices)

    def views(self, task: str, indices: Sequence[int], numbers: Sequence[int], settings: Views) -> np.ndarray:
        """Training images (n, H, W, 3), uint8, the i-th in its augmented view numbers[i]."""
        return self.of(task).views(task, indices, numbers, settings)

    def digests(self, task: str) -> Digests | None:
        """Digests of what lies on disk of a task."""
        return self.of(task).digests(task)

    def notes(self, task: str) -> tuple[str, ...]:
        """Where a data set is not what the papers had, in words."""
        source = self.of(task)
        return source.notes(task) if isinstance(source, Files) else ()

    def of(self, task: str) -> TaskSource:
        """The source of one task."""
        return self.others.get(task, self.source)


def stored_source_of(
    parameters: Parameters, folder: Path, code: Mapping[str, str], preparation: Preparation
) -> SourceInViews:
    """The source that the parameters name, its images kept below `folder`; `code` has hashes of what makes these.

    Photographs are kept once for all backbones that want them prepared alike; rendered pictures have one size.
    """
    source, others = source_of(parameters, preparation), {}
    if parameters.reads_files:
        photographs = PhotographStore(source, parameters, folder / preparation.name, code["files"])
        if not isinstance(parameters.data, RenderedData):
            return photographs
        others = dict.fromkeys(parameters.own_tasks, photographs)
    return ByTask(ImageStore(source, parameters, folder, code["rendered"]), others)


def source_of(parameters: Parameters, preparation: Preparation = AS_OPENAI) -> ByTask:
    """The source that the parameters name; GRAM's pictures from the web have their own.

    Labels and names do not depend on how photographs are prepared.
    """
    data, gram = parameters.data, parameters.gram
    others: dict[str, TaskSource] = {}
    if isinstance(data, RenderedData):
        others |= dict.fromkeys(parameters.own_tasks, Files(parameters.file_data, preparation))
        if gram:
            others |= {"corpus": RenderedPairs(gram.pairs), "webvision": RenderedWeb(gram.web)}
        return ByTask(RenderedTasks(data), others)
    cards = Path(data.cards) if data.cards else None
    expected = {task: card_of(task, cards) for task in READERS}
    if gram:
        others = {
            "corpus": Pairs(Path(gram.pairs.root), preparation, data.workers, Reading(data.largest_image)),
            "webvision": WebVision(
                Path(gram.web.root), preparation, data.pool, data.workers, Reading(data.largest_image)
            ),
        }
    return ByTask(Files(data, preparation, expected), others)
