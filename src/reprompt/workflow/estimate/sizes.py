"""How large the tasks are: classes, images, and tokens of their names. No image is read for it.

Where `reprompt split` has written a task's split file, that says it. Else all is known of the rendered tasks, and the
cards say it of the real ones.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from reprompt.cells.parameters import FileImages, RenderedData, WebSettings
from reprompt.planning.plan import Plan
from reprompt.tasks.card import card_of
from reprompt.tasks.groups import members, pictures_of

AROUND_NAME = 2  # the full stop and the end token
TOPICS_OF_CORPUS = {"rendered": 106, "files": 2000}  # found by clustering; the second is a guess


@dataclass(frozen=True)
class TaskSize:
    """K classes, training and test images, tokens of a class name: the mean, and of the longest."""

    classes: int
    train: int
    test: int
    name: float
    longest: int

    def half(self, split: str) -> "TaskSize":
        """The task among `all`, `base` or `new` classes: the first half of the classes is base."""
        base = -(-self.classes // 2)
        kept = {"all": self.classes, "base": base, "new": self.classes - base}[split]
        share = kept / self.classes
        return TaskSize(kept, round(self.train * share), round(self.test * share), self.name, self.longest)

    @property
    def own(self) -> float:
        """Tokens that a class has for itself in a prompt with the name at its end."""
        return self.name + AROUND_NAME


def real_size(task: str) -> TaskSize:
    """The size of a task's real data set, as its card has it; a fifth of the corpus is held out."""
    card = card_of(task)
    names, train = card.name_tokens, card.train or 0
    if card.classes is None:
        return TaskSize(TOPICS_OF_CORPUS["files"], train - train // 5, train // 5, names.mean, names.longest)
    return TaskSize(card.classes, train, card.test, names.mean, names.longest)


def size_of(plan: Plan, task: str) -> TaskSize:
    """The size of a task at the plan's scale."""
    parameters, split = plan.parameters, plan.root / f"data/{task}.json"
    if split.exists() and task not in parameters.derived_tasks:  # whose file has a label of every picture of the corpus
        return _size_in(split, split.stat().st_mtime_ns)
    if task in parameters.derived_tasks:
        return _derived_size(plan, task)
    if task in parameters.web_tasks:
        settings = {"corpus": parameters.gram.pairs, "webvision": parameters.gram.web}[task]
        return real_size(task) if isinstance(settings, FileImages) else _web_size(settings)
    if not parameters.is_of_files(task):
        return _rendered_size(parameters.data, task)
    size = real_size(task)
    kept = min(size.train, parameters.file_data.pool * size.classes)
    return TaskSize(size.classes, kept, size.test, size.name, size.longest)


def _derived_size(plan: Plan, task: str) -> TaskSize:
    """A task of topics, which have as many pictures each as the mean; or the rest of the corpus."""
    corpus, derived = size_of(plan, pictures_of(task)), plan.parameters.gram.derived
    taken = derived.classes * len(members("topics3"))
    classes = derived.classes if task in members("topics3") else max(1, corpus.classes - taken)
    share = min(1.0, classes / corpus.classes)
    return replace(corpus, classes=classes, train=round(corpus.train * share), test=round(corpus.test * share))


@cache
def _rendered_size(data: RenderedData, task: str) -> TaskSize:
    from reprompt.miniature.tasks import WorldSettings, class_names, images_per_split

    images = images_per_split(task, WorldSettings(**data.model_dump(exclude={"source"})))
    return _of_names(class_names(task), images["train"], images["test"])


@cache
def _size_in(split: Path, changed: int) -> TaskSize:
    """What a split file says; `changed` is when it was written, so that a new one is read."""
    written = json.loads(split.read_text())
    return _of_names(written["class_names"], len(written["train_labels"]), len(written["test_labels"]))


def _of_names(names: Sequence[str], train: int, test: int) -> TaskSize:
    from reprompt.clip.text import tokenize  # takes seconds to import

    lengths = (tokenize([name.replace("_", " ") for name in names]).argmax(dim=1) - 1).tolist()
    return TaskSize(len(names), train, test, sum(lengths) / len(lengths), max(lengths))


def _web_size(settings: object) -> TaskSize:
    """The rendered corpus and web pictures: a fifth is held out, the classes are about as many as were found."""
    count = settings.images if isinstance(settings, WebSettings) else settings.pairs
    classes = 41 if isinstance(settings, WebSettings) else TOPICS_OF_CORPUS["rendered"]
    return TaskSize(min(classes, count // 10), count * 4 // 5, count // 5, 1.5, 3)
