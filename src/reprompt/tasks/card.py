"""A card per task: what the papers say of it, its rendered counterpart, and where the real data set is had.

A card of the user's own is laid over the package's: a file `<task>.yaml` in a folder of their choice, with only the
keys that differ. So a link that died, or a mirror in the house, needs no change of the package.
"""

from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import PositiveFloat, PositiveInt, ValidationError, model_validator

from reprompt.foundation.block import Block
from reprompt.foundation.nearest import nearest
from reprompt.tasks.downloads import Below, Download

FOLDER = Path(__file__).with_name("cards")
Metric = Literal["accuracy", "mean_per_class", "mean_average_precision", "area_under_roc"]  # of evaluation/metrics.py
OF_THE_PAPERS = ("name", "printed", "short", "groups", "metric", "rendered")  # no data set at hand changes these


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
    or average over (groups.py), each with the task's place in it. `metric` is what ELEVATER evaluates it by;
    protocols other than MVLPT's know accuracy alone. The template serves the real task and the rendered one.

    `train` is the pool of few-shot draws. `dead` says what is gone today, `alternatives` what works instead, `manual`
    what a person has to do, `package` which Python package reading needs beside ours. `elevater` is the folder that the
    data set has in ELEVATER's layout; where ELEVATER has a task that CoOp has too, the card is CoOp's.
    """

    name: str
    printed: str
    short: str = ""
    groups: dict[str, PositiveInt]
    metric: Metric = "accuracy"
    template: str
    rendered: RenderedCounterpart | None = None
    title: str
    source: str
    classes: PositiveInt | None
    name_tokens: NameTokens
    train: PositiveInt | None
    test: PositiveInt | None
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

    @property
    def is_multi_label(self) -> bool:
        """Whether a picture can show several classes."""
        return self.metric == "mean_average_precision"

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
    return {path.stem: _valid(path, _read(path)) for path in sorted(FOLDER.glob("*.yaml"))}


def card_of(task: str, own: Path | None = None) -> Card:
    """The card of a task; a file of the same name in folder `own` is laid over it.

    A ValueError names the nearest known name, or the file and key of a mistake in a card.
    """
    if own is not None and not own.is_dir():
        raise FileNotFoundError(f"{own}: no such folder of cards")
    if task not in cards():
        raise ValueError(f"no task {task!r}{nearest(task, cards())}")
    path = FOLDER / f"{task}.yaml"
    if own is None or not (own / path.name).exists():
        return cards()[task]
    own_keys = _read(own / path.name)
    for key in OF_THE_PAPERS:
        if key in own_keys:
            raise ValueError(f"{own / path.name}: {key}: the papers' own, which a card laid over it cannot change")
    return _valid(own / path.name, _read(path) | own_keys)


def _valid(path: Path, keys: dict) -> Card:
    try:
        return Card.model_validate({"name": path.stem} | keys)
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
