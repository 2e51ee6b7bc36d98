"""A card per task: what the papers say of it, its rendered counterpart, and where the real data set is had.

A card of the user's own is laid over the package's: a file `<task>.yaml` in a folder of their choice, with only the
keys that differ. So a link that died, or a mirror in the house, needs no change of the package.

Where ELEVATER has a task that CoOp has too, its version of it (other splits, names, resizing) is laid over the card in
the same way. A data set is a task in one version, and is called by it: `dtd` is CoOp's, `dtd-elevater` ELEVATER's. What
only one of the two has is called by the task alone.
"""

from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, PositiveFloat, PositiveInt, ValidationError, model_validator

from reprompt.foundation.block import Block
from reprompt.foundation.nearest import nearest
from reprompt.tasks.downloads import Below, Download

FOLDER = Path(__file__).with_name("cards")
Metric = Literal["accuracy", "mean_per_class", "mean_average_precision", "area_under_roc"]  # of evaluation/metrics.py
Resize = Literal["centred", "squashed"]  # of data/files/transforms.py
Orientation = Literal["as_stored", "upright"]  # of data/files/rgb.py
Version = Literal["elevater"]
BETWEEN = "-"  # a task and its version, in the name of a data set; names of tasks have none
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
    folder: Below
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
    return f"{task}{BETWEEN}{version}" if version in cards()[task].versions else task


def card_of(name: str, own: Path | None = None) -> Card:
    """The card of a data set; files of its task's name and of its own in folder `own` are laid over it.

    A ValueError names the nearest known name, or the file and key of a mistake in a card.
    """
    if own is not None and not own.is_dir():
        raise FileNotFoundError(f"{own}: no such folder of cards")
    if name not in all_cards():
        raise ValueError(f"no task {name!r}{nearest(name, all_cards())}")
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
