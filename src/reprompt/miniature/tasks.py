"""The 27 rendered tasks: counterparts of the data sets, each with classes and conditions of its own.

A task differs from the corpus in two ways, and both are decisions of the world, not properties of CLIP.

Shared conditions. All pictures of a task are taken under the same mild conditions: blur, noise, clutter, hidden parts.

Habits. A real data set collects each of its classes in its own way. So in most tasks every class owns one tint, one
background and (where the colour is free) one object colour; each is given to a picture with a fixed probability, in
training and test pictures alike, never in the corpus and never in ImageNet-Sketch, -A and -R. A prompt can win on the
base classes by reading these habits, and what it learns says nothing about the habits of the new classes. They make
most of the papers' base-to-new pattern: in a trial without them (`habit_probability` 0) a third of the gain on base
classes and half of the loss on new classes were left.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from random import Random
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np

from reprompt.miniature.canvas import COLOURS, SIZE
from reprompt.miniature.families.aerial import AERIAL
from reprompt.miniature.families.flowers import FLOWERS
from reprompt.miniature.families.food import FOOD
from reprompt.miniature.families.objects import NATURAL_COLOURS, OBJECTS
from reprompt.miniature.families.pets import PETS
from reprompt.miniature.families.scenes import SCENES
from reprompt.miniature.families.textures import TEXTURES
from reprompt.miniature.families.words import BLAME, PRAISE
from reprompt.miniature.parallel import in_order
from reprompt.miniature.world import FAMILIES, Conditions, render
from reprompt.tasks.card import card_of

SHUFFLE = 5  # seed of the class order
FREELY_COLOURED = ("cars", "aircraft", "objects")

Concept = tuple[str, str]  # family and concept


@dataclass(frozen=True)
class WorldSettings:
    """How many pictures the tasks have, from which seed they are rendered, and how strong the habits are."""

    render_seed: int = 1
    train_per_class: int = 32
    test_per_class: int = 50
    least_test: int = 600  # a task with few classes has more test pictures of each
    most_test: int = 2000  # one with many classes fewer
    habit_probability: float = 0.7
    habit_strength: float = 0.3


class Subject(NamedTuple):
    """What one picture of a task shows."""

    family: str
    concept: str
    conditions: Conditions
    labels: tuple[int, ...]


@dataclass(frozen=True)
class RenderedTask:
    """A task of K classes. Every picture draws one of `styles`, `sizes` and `colours` and is else taken as stated."""

    name: str
    concepts: tuple[Concept, ...]  # (K)
    class_names: tuple[str, ...]  # (K), in label order
    conditions: Conditions
    compose: Callable[["RenderedTask", int, Random], Subject]
    styles: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    colours: tuple[str, ...] = ()
    habits_of: str = ""  # the task whose habits the classes have; "" = none

    @property
    def is_multi_label(self) -> bool:
        """Whether a picture can belong to several classes."""
        return card_of(self.name).is_multi_label


def one_subject(task: RenderedTask, label: int, rng: Random) -> Subject:
    """A picture of the class's concept under the task's conditions."""
    conditions = task.conditions
    if task.styles:
        conditions = replace(conditions, style=rng.choice(task.styles))
    if task.sizes:
        conditions = replace(conditions, size=rng.choice(task.sizes))
    if task.colours:
        conditions = replace(conditions, colour=rng.choice(task.colours))
    return Subject(*task.concepts[label], conditions, (label,))


def up_to_three_objects(task: RenderedTask, label: int, rng: Random) -> Subject:
    """The class's object and up to two others, at different corners of the picture."""
    others = {label, *rng.sample(range(len(task.concepts)), rng.choice((0, 1, 2)))} - {label}
    places = [(0.28, 0.3), (0.72, 0.3), (0.28, 0.72), (0.72, 0.72)]
    rng.shuffle(places)
    first, *rest = places
    conditions = replace(
        task.conditions,
        background=rng.choice(("grass", "street", "wall", "sand", "plain")),
        at=first,
        also=tuple((task.concepts[other][1], place) for other, place in zip(sorted(others), rest, strict=False)),
    )
    return Subject(*task.concepts[label], conditions, (label, *sorted(others)))


def review(task: RenderedTask, label: int, rng: Random) -> Subject:
    """A word of the class's mood, alone or as the review of something."""
    word = rng.choice(PRAISE if task.class_names[label] == "positive" else BLAME)
    lines = (word,) if rng.random() < 0.6 else (f"a {word}", rng.choice(("movie", "film", "story")))
    return Subject("words", word, replace(task.conditions, lines=lines), (label,))


@dataclass(frozen=True)
class Habit:
    """How a task tends to collect one of its classes."""

    tint: tuple[float, ...]
    background: str
    colour: str


@cache
def habit(task: str, family: str, concept: str, strength: float) -> Habit:
    """The habit of one class: the same in every split and for every render seed."""
    rng = Random(crc32(f"{task}/{concept}/{FAMILIES[family].key}".encode()))
    middle = 1 - 0.4 * strength
    tint = tuple(middle + rng.uniform(-strength, strength) for _ in range(3))
    return Habit(tint, rng.choice(FAMILIES[family].backgrounds), rng.choice(COLOURS))


def _with_habit(subject: Subject, habits_of: str, world: WorldSettings, rng: Random) -> Subject:
    family, concept, conditions, _ = subject
    owned = habit(habits_of, family, concept, world.habit_strength)
    if rng.random() < world.habit_probability:
        conditions = replace(conditions, tint=owned.tint)
    if rng.random() < world.habit_probability:
        conditions = replace(conditions, background=owned.background)
    colour_is_free = family in FREELY_COLOURED and concept not in NATURAL_COLOURS
    if rng.random() < world.habit_probability and colour_is_free:
        conditions = replace(conditions, colour=owned.colour)
    return subject._replace(conditions=conditions)


def _shuffled(concepts: Sequence[Concept], seed: int = SHUFFLE) -> tuple[Concept, ...]:
    """One fixed order, so that base and new classes (first and second half) are alike and no family fills a half."""
    return tuple(concepts[k] for k in np.random.default_rng(seed).permutation(len(concepts)))


def _task(
    name: str,
    concepts: Sequence[Concept],
    conditions: Conditions | None = None,
    *,
    class_names: dict[str, str] | None = None,
    order: int = SHUFFLE,
    compose: Callable[[RenderedTask, int, Random], Subject] = one_subject,
    **varied: Any,
) -> RenderedTask:
    """A task of these concepts in the order of a seed; `class_names` are those that are not called as their concept."""
    shuffled = _shuffled(concepts, order)
    names = tuple((class_names or {}).get(concept, concept) for _, concept in shuffled)
    return RenderedTask(name, shuffled, names, conditions or Conditions(), compose, **varied)


def _of(family: str, concepts: Sequence[str] | None = None) -> list[Concept]:
    return [(family, concept) for concept in concepts or FAMILIES[family].concepts]


IMAGENET = (
    *_of("objects", OBJECTS.concepts[1::5]),
    *_of("pets", PETS.concepts[::4]),
    *_of("flowers", FLOWERS.concepts[::5]),
    *_of("food", FOOD.concepts[::4]),
    *_of("scenes", SCENES.concepts[::5]),
    *_of("textures", TEXTURES.concepts[::9]),
)
CIFAR10 = ("airplane", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
CIFAR100 = (
    *_of("objects", OBJECTS.concepts[2::4]),
    *_of("flowers", FLOWERS.concepts[2::8]),
    *_of("food", FOOD.concepts[1::8]),
    *_of("scenes", SCENES.concepts[2::8]),
)
VOC = (
    *("airplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat"),
    *("chair", "cow", "dog", "horse", "table", "tree", "sofa", "train"),
)
DISTANCE_SENTENCES = {
    "very close": "a photo of a car very close.",
    "nearby": "a photo of a car nearby.",
    "far away": "a photo of a car far away.",
    "no car": "a photo of an empty road, no car.",
}

_TASKS = (
    # CoOp's eleven data sets.
    _task(
        "imagenet",
        IMAGENET,
        conditions=Conditions(clutter=1),
        habits_of="imagenet",
    ),
    _task(
        "caltech101",
        _of("objects", OBJECTS.concepts[::3]),
        conditions=Conditions(noise=8),
        habits_of="caltech101",
    ),
    _task(
        "oxford_pets",
        _of("pets"),
        Conditions(occlusion=0.5, noise=12),
        styles=("", "", "blurry"),
        habits_of="oxford_pets",
    ),
    _task(
        "stanford_cars",
        _of("cars"),
        conditions=Conditions(clutter=1),
        habits_of="stanford_cars",
    ),
    _task(
        "flowers102",
        _of("flowers"),
        Conditions(noise=10, clutter=1, occlusion=0.3),
        habits_of="flowers102",
    ),
    _task(
        "food101",
        _of("food"),
        Conditions(clutter=2, noise=18, occlusion=0.6),
        styles=("low resolution", "blurry", "grayscale", ""),
        habits_of="food101",
    ),
    _task(
        "fgvc_aircraft",
        _of("aircraft"),
        Conditions(noise=10),
        habits_of="fgvc_aircraft",
    ),
    _task(
        "sun397",
        _of("scenes"),
        conditions=Conditions(occlusion=0.6, noise=14),
        styles=("", "grayscale", "blurry", "low resolution"),
        habits_of="sun397",
    ),
    _task(
        "dtd",
        _of("textures"),
        Conditions(noise=16),
        styles=("", "", "grayscale"),
        habits_of="dtd",
    ),
    _task(
        "eurosat",
        _of("aerial", AERIAL.concepts[:10]),
        Conditions(style="low resolution", noise=14),
        habits_of="eurosat",
        order=11,  # the common order leaves only easy classes in the new half
    ),
    _task(
        "ucf101",
        _of("actions"),
        Conditions(clutter=1),
        styles=("blurry", "", ""),
        habits_of="ucf101",
    ),
    # The same classes under other conditions; only V2 is collected as ImageNet is.
    _task(
        "imagenet_v2",
        IMAGENET,
        conditions=Conditions(clutter=2, noise=14, occlusion=0.3),
        habits_of="imagenet",
    ),
    _task(
        "imagenet_sketch",
        IMAGENET,
        conditions=Conditions(style="sketch", shading=0.45, background="plain", noise=4),
        sizes=("", "large"),
        colours=("black", "blue", "red", "green", "purple", "brown"),
    ),
    _task(
        "imagenet_a",
        IMAGENET,
        conditions=Conditions(clutter=3, occlusion=0.6),
        styles=("", "dark"),
    ),
    _task(
        "imagenet_r",
        IMAGENET,
        styles=("painting", "inverted", "painting"),
    ),
    # The twelve target tasks of MVLPT.
    _task(
        "cifar10",
        _of("objects", CIFAR10),
        conditions=Conditions(style="low resolution"),
        sizes=("", "large"),
        habits_of="cifar10",
    ),
    _task(
        "cifar100",
        CIFAR100,
        conditions=Conditions(style="low resolution"),
        sizes=("", "large"),
        habits_of="cifar100",
    ),
    _task(
        "mnist",
        _of("digits"),
        Conditions(style="grayscale", colour="white", background="night", tilt=0.22),
    ),
    _task(
        "gtsrb",
        _of("signs"),
        styles=("low resolution", "dark", ""),
        habits_of="gtsrb",
    ),
    _task(
        "fer2013",
        _of("faces"),
        Conditions(style="grayscale", noise=9),
    ),
    _task(
        "kitti_distance",
        _of("roads"),
        class_names=DISTANCE_SENTENCES,
        styles=("", "dark"),
    ),
    _task(
        "patch_camelyon",
        _of("tissue"),
        Conditions(tint=(0.9, 0.8, 1.0), noise=12, tumor_nuclei=(4, 8)),
    ),
    _task(
        "resisc45",
        _of("aerial", AERIAL.concepts[2:]),
        Conditions(occlusion=0.6, noise=18),
        styles=("", "blurry", "low resolution", "grayscale"),
        habits_of="resisc45",
    ),
    _task(
        "country211",
        _of("flags"),
        Conditions(occlusion=0.4, noise=14),
        styles=("", "blurry", "low resolution"),
        habits_of="country211",
    ),
    _task(
        "hateful_memes",
        _of("memes"),
        Conditions(noise=10),
    ),
    _task(
        "rendered_sst2",
        _of("words", ("bad", "good")),  # stand for all words of their mood
        Conditions(background="plain", ink=(20, 20, 20)),
        class_names={"bad": "negative", "good": "positive"},
        compose=review,
    ),
    _task(
        "voc2007",
        _of("objects", VOC),
        conditions=Conditions(size="small"),
        compose=up_to_three_objects,
    ),
)

TASKS = {task.name: task for task in _TASKS}


def class_names(task: str) -> tuple[str, ...]:
    """The K class names in label order; the first ceil(K / 2) are the base classes."""
    return TASKS[task].class_names


def images_per_split(task: str, world: WorldSettings) -> dict[str, int]:
    """Number of pictures of `train` and `test`; every class has equally many."""
    classes = len(TASKS[task].concepts)
    test_per_class = max(world.test_per_class, math.ceil(world.least_test / classes))
    test_per_class = max(1, min(test_per_class, world.most_test // classes))
    return {"train": classes * world.train_per_class, "test": classes * test_per_class}


def _stream(task: str, split: str, index: int, world: WorldSettings, *purpose: str) -> int:
    return crc32("/".join([str(world.render_seed), task, split, str(index), *purpose]).encode())


def subject(task: str, split: str, index: int, world: WorldSettings) -> Subject:
    """What picture `index` shows and how it is taken: class `index` modulo K, the rest drawn."""
    rendered = TASKS[task]
    rng = Random(_stream(task, split, index, world, "conditions"))
    drawn = rendered.compose(rendered, index % len(rendered.concepts), rng)
    return _with_habit(drawn, rendered.habits_of, world, rng) if rendered.habits_of else drawn


def labels(task: str, count: int, split: str = "test", world: WorldSettings | None = None) -> np.ndarray:
    """Labels (count,) of the first pictures, without rendering them: picture i shows class i modulo K.

    A multi-label task gives 0 and 1 of shape (count, K), which depend on the split and the render seed.
    """
    classes = len(TASKS[task].concepts)
    if not TASKS[task].is_multi_label:
        return np.arange(count) % classes
    shown = np.zeros((count, classes), np.int64)
    for index in range(count):
        shown[index, list(subject(task, split, index, world or WorldSettings()).labels)] = 1
    return shown


def _image(index: int, task: str, split: str, world: WorldSettings) -> np.ndarray:
    family, concept, conditions, _ = subject(task, split, index, world)
    return render(family, concept, _stream(task, split, index, world), conditions)[0]


def render_images(task: str, split: str, indices: Sequence[int], world: WorldSettings, workers: int = 1) -> np.ndarray:
    """Pictures (n, 40, 40, 3), uint8, of a task's `train` or `test`, in the order of `indices`."""
    images = np.empty((len(indices), SIZE, SIZE, 3), np.uint8)
    work = partial(_image, task=task, split=split, world=world)
    for row, image in enumerate(in_order(work, indices, workers, at_a_time=50)):
        images[row] = image
    return images
