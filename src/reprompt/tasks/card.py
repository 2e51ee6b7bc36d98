"""A card per task: what the papers say of it, its rendered counterpart, and where the real data set is had.

A card of the user's own is laid over the package's: a file `<task>.yaml` in a folder of their choice, with only the
keys that differ. So a link that died, or a mirror in the house, needs no change of the package.

Where ELEVATER has a task that CoOp has too, its version of it (other splits, names, resizing) is laid over the card in
the same way. A data set is a task in one version, and is called by it: `dtd` is CoOp's, `dtd-elevater` ELEVATER's. What
only one of the two has is called by the task alone.

A task of the user's own is a card and a listing in the folder `tasks` beside `params.yaml`, as `reprompt task add`
writes them. With `folds` it is cross-validated: wherever tasks are listed it stands for as many, `NAME_fold1`, ...
"""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    Field,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from reprompt.foundation.block import Block
from reprompt.foundation.nearest import nearest
from reprompt.tasks.downloads import Below, Download, inside

FOLDER = Path(__file__).with_name("cards")
OWN = Path("tasks")  # the user's own tasks, in the working folder
OWN_NAME = re.compile(r"[a-z][a-z0-9_]*")
Metric = Literal["accuracy", "mean_per_class", "mean_average_precision", "area_under_roc"]  # of evaluation/metrics.py
Resize = Literal["centred", "squashed"]  # of data/files/transforms.py
Orientation = Literal["as_stored", "upright"]  # of data/files/rgb.py
Version = Literal["elevater"]
BETWEEN = "-"  # a task and its version, in the name of a data set; names of tasks have none
OF_OWN = {  # what a card of the user's own need not say
    **{"groups": {}, "downloads": (), "registration": False, "licence": "not said"},
    **{"source": "the user's own pictures", "class_name_rule": "as in the listing"},
}
OF_THE_PAPERS = (  # what no data set at hand changes
    *("name", "printed", "short", "groups", "pictures", "metric", "beside", "rendered"),
    *("name_last", "templates", "versions"),
)


class RenderedCounterpart(Block):
    """What the contact sheet says of the rendered counterpart; how it is drawn stands in miniature/tasks.py."""

    label: str
    stands_for: str


class NameTokens(Block):
    """Tokens of the data set's class names, rounded up from a look at them: what prompts cost depends on it."""

    mean: PositiveFloat
    longest: PositiveInt


class Card(Block):
    """A task, by the name of its file. Sizes are numbers of pictures; None is unknown, or no such split.

    `printed` is what the papers call it, `short` NPT's heads of columns. `groups` are those that the papers go through
    or average over (groups.py), each with the task's place in it. `pictures` is the task whose pictures it shows, where
    it has none of its own. `metric` is what MVLPT's tables have, `beside` what is recorded beside it; protocols other
    than MVLPT's know accuracy alone. The template serves the real task and the rendered one; `name_last` is that of
    ProGrad's released trainers where they have another, ending in the name; `templates` are those that ELEVATER
    classifies with where nothing is learned.

    `train` is the pool of few-shot draws. `resize` makes a picture square by its centre or by squashing it, as MVLPT's
    loader does with ELEVATER's; left out, it is done as the backbone's weights want it (data/preparation.py).
    `orientation: upright` turns it as its EXIF data say, as the same loader does (vision-datasets 0.2.17) and CoOp's
    does not. `dead` says what is gone today, `alternatives` what works instead, `manual` what a person has to do,
    `package` which Python package reading needs beside ours. `elevater` is the folder that the data set has in
    ELEVATER's layout. `versions` are keys that are laid over these.

    Of a task of the user's own `listing` is the file beside the card that lists its pictures, which lie in `folder`,
    below the working folder or anywhere. It is cross-validated in `folds`; `fold` is which of them a card is of.
    """

    name: str
    printed: str
    short: str = ""
    groups: dict[str, PositiveInt]
    pictures: str = ""
    metric: Metric = "accuracy"
    beside: tuple[Metric, ...] = ()
    template: str
    name_last: str = ""
    templates: tuple[str, ...] = ()
    rendered: RenderedCounterpart | None = None
    title: str
    source: str
    classes: PositiveInt | None
    name_tokens: NameTokens
    train: PositiveInt | None
    validation: PositiveInt | None = None
    test: PositiveInt | None
    resize: Resize | None = None
    orientation: Orientation = "as_stored"
    listing: str = ""
    folder: str
    folds: Annotated[int, Field(ge=2)] | None = None
    fold: PositiveInt | None = None
    elevater: Below = ""
    downloads: tuple[Download, ...]
    manual: str = ""
    package: str = ""
    licence: str
    registration: bool
    class_name_rule: str
    dead: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()
    versions: dict[Version, dict[str, Any]] = Field(default={})

    @property
    def task(self) -> str:
        """The task that this is a version of."""
        return self.name.partition(BETWEEN)[0]

    @property
    def is_own(self) -> bool:
        """Whether it is a task of the user's own."""
        return bool(self.listing)

    @property
    def is_multi_label(self) -> bool:
        """Whether a picture can show several classes."""
        return self.metric == "mean_average_precision"

    @property
    def is_upright(self) -> bool:
        """Whether pictures are turned by their EXIF orientation."""
        return self.orientation == "upright"

    @property
    def ends_with_name(self) -> str:
        """The template of ProGrad's released trainers."""
        return self.name_last or self.template

    @property
    def before_name(self) -> str:
        """The words before the class name in that template."""
        return self.ends_with_name.partition("{}")[0].strip()

    @property
    def pieces(self) -> tuple[Download, ...]:
        """Its downloads, of a series every file."""
        return tuple(single for download in self.downloads for single in download.series)

    @field_validator("folder")
    @classmethod
    def _lies_in_the_data_folder(cls, folder: str, read: ValidationInfo) -> str:
        return folder if read.data.get("listing") else inside(folder)

    @model_validator(mode="after")
    def _pieces_differ(self) -> "Card":
        seen: set[str] = set()
        for piece in self.pieces:
            if piece.file in seen:
                raise ValueError(f"downloads: {piece.file} is named twice")
            seen.add(piece.file)
        return self


@cache
def cards() -> dict[str, Card]:
    """The package's cards by task, in the order of the names. Raises ValueError for a mistake in one."""
    return {path.stem: _valid(path, path.stem, _read(path)) for path in sorted(FOLDER.glob("*.yaml"))}


@cache
def all_cards() -> dict[str, Card]:
    """The cards of all tasks, each with its versions after it."""
    return {
        name: card if name == task else _laid_over(name, None)
        for task, card in cards().items()
        for name in (task, *(f"{task}{BETWEEN}{version}" for version in card.versions))
    }


@cache
def data_sets() -> dict[str, Card]:
    """The cards of all that has pictures of its own."""
    return {name: card for name, card in all_cards().items() if not card.pictures}


def data_set_of(task: str, version: str) -> str:
    """The data set that a task is in a version: the one of its name where it has no other."""
    return f"{task}{BETWEEN}{version}" if task in cards() and version in cards()[task].versions else task


def own_cards() -> dict[str, Card]:
    """The cards of the user's own tasks; of one that is cross-validated those of its folds.

    Raises ValueError for a mistake in one, and for a name that a task of the papers has.
    """
    return {name: card for cards_of_task in _own_tasks().values() for name, card in cards_of_task.items()}


def own_folds() -> dict[str, tuple[str, ...]]:
    """The tasks that each of the user's own that is cross-validated stands for."""
    return {task: tuple(of_task) for task, of_task in _own_tasks().items() if task not in of_task}


def known_tasks() -> dict[str, Card]:
    """The cards of all tasks, the papers' and the user's own."""
    return {**cards(), **own_cards()}


def check_own_name(name: str) -> None:
    """Raise ValueError for what no task of the user's own can be called."""
    if not OWN_NAME.fullmatch(name):
        raise ValueError(f"{name!r}: a task is called by lower-case letters, digits and _, a letter first")
    groups = {group for card in cards().values() for group in card.groups} | {"targets10", "sources10", "elevater12"}
    if name in cards() or name in groups:
        raise ValueError(f"{name}: the papers have a task or a group of that name; choose another")


def _own_tasks() -> dict[str, dict[str, Card]]:
    if not OWN.is_dir():
        return {}
    return _read_own(tuple((path.resolve(), path.stat().st_mtime_ns) for path in sorted(OWN.glob("*.yaml"))))


@cache
def _read_own(written: Iterable[tuple[Path, int]]) -> dict[str, dict[str, Card]]:
    """The cards at some paths, read again when one is written anew."""
    return {path.stem: _of_own_task(path) for path, _ in written}


def _of_own_task(path: Path) -> dict[str, Card]:
    keys, name = OF_OWN | _read(path), path.stem
    try:
        check_own_name(name)
    except ValueError as mistake:
        raise ValueError(f"{path}: {mistake}") from None
    card = _valid(path, name, keys)
    if not card.is_own:
        raise ValueError(f"{path}: listing: missing; `reprompt task add {name} FOLDER` writes card and listing")
    if card.folds is None:
        return {name: card}
    folds = {f"{name}_fold{fold}": fold for fold in range(1, card.folds + 1)}
    return {of_fold: _valid(path, of_fold, keys | {"fold": fold}) for of_fold, fold in folds.items()}


def card_of(name: str, own: Path | None = None) -> Card:
    """The card of a data set; files of its task's name and of its own in folder `own` are laid over it.

    A ValueError names the nearest known name, or the file and key of a mistake in a card.
    """
    if own is not None and not own.is_dir():
        raise FileNotFoundError(f"{own}: no such folder of cards")
    if name not in all_cards():
        users = own_cards()
        if name not in users:
            raise ValueError(f"no task {name!r}{nearest(name, (*all_cards(), *users))}")
        return users[name]
    return all_cards()[name] if own is None else _laid_over(name, own)


def _laid_over(name: str, own: Path | None) -> Card:
    """The card of a data set: its task's keys, over them its version's, and over both the user's own."""
    task, _, version = name.partition(BETWEEN)
    path = FOLDER / f"{task}.yaml"
    keys, named_by = _with_own(_read(path), path, own)
    if version:
        keys = keys | cards()[task].versions[version] | {"versions": {}}
        keys, named_by = _with_own(keys, named_by.with_stem(name), own)
    return _valid(named_by, name, keys)


def _with_own(keys: dict, path: Path, own: Path | None) -> tuple[dict, Path]:
    """Keys with the user's own over them, and the file that a mistake in them is in."""
    file = own / path.name if own else path
    if not own or not file.exists():
        return keys, path
    own_keys = _read(file)
    for key in OF_THE_PAPERS:
        if key in own_keys:
            raise ValueError(f"{file}: {key}: the papers' own, which a card laid over it cannot change")
    return keys | own_keys, file


def _valid(path: Path, name: str, keys: dict) -> Card:
    try:
        return Card.model_validate({"name": name} | keys)
    except ValidationError as error:
        issue = error.errors()[0]
        key = ".".join(map(str, issue["loc"]))
        raise ValueError(f"{path}: {key}: {issue['msg'].removeprefix('Value error, ')}") from None


def _read(path: Path) -> dict:
    try:
        keys = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)  # every command reads all cards
    except yaml.YAMLError as error:
        raise ValueError(f"{path}: not valid YAML: {error}") from None
    if not isinstance(keys, dict):
        raise ValueError(f"{path}: expected keys and values, found {type(keys).__name__}")
    return keys
