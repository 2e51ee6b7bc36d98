"""How large the tasks are: classes, images, and tokens of their names. No image is read for it.

Where `reprompt split` has written a task's split file, that says it. Else all is known of the rendered tasks, and the
real ones stand in a table: classes and images from the data sets' own papers (CoOp's splits where there is one), and
name lengths rounded up from a look at the names.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from reprompt.cells.parameters import FileImages, RenderedData, Web
from reprompt.planning.plan import Plan

AROUND_NAME = 2  # the full stop and the end token
TOPICS_OF_CORPUS = {"rendered": 106, "files": 2000}  # found by clustering; the second is a guess
WEB_CLASSES = 1000
CC3M_PAIRS, WEBVISION_IMAGES = 2_800_000, 2_440_000  # what can still be downloaded of CC3M; WebVision 1.0


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


# classes, training images, test images, tokens of a name: mean, longest
REAL = {
    "imagenet": TaskSize(1000, 1_281_167, 50_000, 2.3, 9),
    "caltech101": TaskSize(100, 4_128, 2_465, 1.7, 5),
    "oxford_pets": TaskSize(37, 2_944, 3_669, 2.6, 6),
    "stanford_cars": TaskSize(196, 6_509, 8_041, 7.0, 14),
    "flowers102": TaskSize(102, 4_093, 2_463, 2.8, 6),
    "food101": TaskSize(101, 50_500, 30_300, 2.6, 6),
    "fgvc_aircraft": TaskSize(100, 3_334, 3_333, 3.5, 7),
    "sun397": TaskSize(397, 15_880, 19_850, 2.2, 6),
    "dtd": TaskSize(47, 2_820, 1_692, 1.7, 4),
    "eurosat": TaskSize(10, 13_500, 8_100, 2.6, 4),
    "ucf101": TaskSize(101, 7_639, 3_783, 2.7, 6),
    "imagenet_v2": TaskSize(1000, 0, 10_000, 2.3, 9),
    "imagenet_sketch": TaskSize(1000, 0, 50_889, 2.3, 9),
    "imagenet_a": TaskSize(200, 0, 7_500, 2.0, 6),
    "imagenet_r": TaskSize(200, 0, 30_000, 2.0, 6),
    "cifar10": TaskSize(10, 50_000, 10_000, 1.0, 1),
    "cifar100": TaskSize(100, 50_000, 10_000, 1.2, 3),
    "country211": TaskSize(211, 31_650, 21_100, 1.7, 7),
    "fer2013": TaskSize(7, 28_709, 3_589, 1.3, 3),
    "gtsrb": TaskSize(43, 26_640, 12_630, 8.0, 17),
    "hateful_memes": TaskSize(2, 8_500, 500, 2.0, 4),
    "kitti_distance": TaskSize(4, 6_347, 711, 11.0, 13),
    "mnist": TaskSize(10, 60_000, 10_000, 1.0, 1),
    "patch_camelyon": TaskSize(2, 262_144, 32_768, 6.0, 9),
    "rendered_sst2": TaskSize(2, 6_920, 1_821, 1.0, 1),
    "resisc45": TaskSize(45, 3_150, 25_200, 1.7, 4),
    "voc2007": TaskSize(20, 2_501, 4_952, 1.3, 3),
    "corpus": TaskSize(TOPICS_OF_CORPUS["files"], CC3M_PAIRS * 4 // 5, CC3M_PAIRS // 5, 2.0, 5),
    "webvision": TaskSize(WEB_CLASSES, WEBVISION_IMAGES, 50_000, 2.3, 9),
}


def size_of(plan: Plan, task: str) -> TaskSize:
    """The size of a task at the plan's scale."""
    parameters, split = plan.parameters, plan.root / f"data/{task}.json"
    if split.exists():
        return _size_in(split, split.stat().st_mtime_ns)
    if task in parameters.web_tasks:
        settings = {"corpus": parameters.gram.pairs, "webvision": parameters.gram.web}[task]
        return REAL[task] if isinstance(settings, FileImages) else _web_size(settings)
    if isinstance(parameters.data, RenderedData):
        return _rendered_size(parameters.data, task)
    size, pool = REAL[task], getattr(parameters.data, "pool", None)
    kept = min(size.train, pool * size.classes) if pool else size.train
    return TaskSize(size.classes, kept, size.test, size.name, size.longest)


@cache
def _rendered_size(data: RenderedData, task: str) -> TaskSize:
    from reprompt.miniature.tasks import WorldSettings, class_names, images_per_split

    images = images_per_split(task, WorldSettings(**data.model_dump(exclude={"source"})))
    return _of_names(class_names(task), images["train"], images["test"])


@cache
def _size_in(split: Path, changed: int) -> TaskSize:
    """What a split file says; `changed` is when it was written, so that a new one is read."""
    told = json.loads(split.read_text())
    return _of_names(told["class_names"], len(told["train_labels"]), len(told["test_labels"]))


def _of_names(names: Sequence[str], train: int, test: int) -> TaskSize:
    from reprompt.clip.text import tokenize  # takes seconds to import

    lengths = (tokenize([name.replace("_", " ") for name in names]).argmax(dim=1) - 1).tolist()
    return TaskSize(len(names), train, test, sum(lengths) / len(lengths), max(lengths))


def _web_size(settings: object) -> TaskSize:
    """The rendered corpus and web pictures: a fifth is held out, the classes are about as many as were found."""
    count = settings.images if isinstance(settings, Web) else settings.pairs
    classes = 41 if isinstance(settings, Web) else TOPICS_OF_CORPUS["rendered"]
    return TaskSize(min(classes, count // 10), count * 4 // 5, count // 5, 1.5, 3)
