"""What a card says of a data set, and how cards are found.

A card of the user's own is laid over the package's: a file `<name>.yaml` in a folder of their choice, with only the
keys that differ. So a link that died, or a mirror in the house, needs no change of the package.
"""

import re
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

import yaml
from pydantic import AfterValidator, Field, NonNegativeInt, PositiveInt, ValidationError, model_validator

from reprompt.foundation.block import Block
from reprompt.foundation.nearest import nearest

FOLDER = Path(__file__).with_name("cards")
CARDS = (
    *("imagenet", "caltech101", "oxford_pets", "stanford_cars", "flowers102", "food101", "fgvc_aircraft", "sun397"),
    *("dtd", "eurosat", "ucf101", "imagenet_v2", "imagenet_sketch", "imagenet_a", "imagenet_r", "cifar10", "cifar100"),
    *("country211", "fer2013", "gtsrb", "hateful_memes", "kitti_distance", "mnist", "patch_camelyon", "rendered_sst2"),
    *("resisc45", "voc2007", "cc3m", "webvision"),
)


def _inside(path: str) -> str:
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts:
        raise ValueError("must be a path below the data folder")
    return path


def _bare(name: str) -> str:
    if name != PurePosixPath(name).name or name in ("", ".", ".."):
        raise ValueError("must be a file name without a folder")
    return name


def _web_address(url: str) -> str:
    if not re.match(r"https?://[^/]+/", url):
        raise ValueError("must be an http or https address")
    return url


Below = Annotated[str, AfterValidator(_inside)]
FileName = Annotated[str, AfterValidator(_bare)]
Url = Annotated[str, AfterValidator(_web_address)]
Metric = Literal["accuracy", "mean_per_class", "mean_average_precision", "area_under_roc"]  # of evaluation/metrics.py
Extract = Literal["zip", "tar", "gzip", "none"]


class Inner(Block):
    """Archives inside an archive: those whose name matches are unpacked where they lie, or into a folder of their own.

    ImageNet's training archive holds one per class, n01440764.tar and so on: each gets its own folder.
    """

    match: str
    extract: Literal["zip", "tar"] = "tar"
    own_folder: bool = False


class Download(Block):
    """One file to be had, and what it becomes below the data set's folder.

    Without `url` a person gets it, from `page`. `makes` is the file or folder that is there once the download is
    unpacked, `instead` what serves as well; who puts one of these there by hand needs no download. `below` takes only
    what lies below a folder of the archive, and `arrange` names a function of fetch/arrange.py that sorts it. `without`
    says what is lost without the file, where one can do without. `numbers` makes a series of files: "{number:04d}" in
    names and addresses stands for each number from the first to the last.
    """

    file: FileName
    url: Url | None = None
    mirrors: tuple[Url, ...] = ()
    sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")
    md5: str | None = Field(default=None, pattern="^[0-9a-f]{32}$")
    bytes: PositiveInt | None = None
    extract: Extract
    into: Below = "."
    below: Below = ""
    inner: Inner | None = None
    arrange: Literal["imagenet_validation"] | None = None
    makes: Below = ""
    instead: tuple[Below, ...] = ()
    page: str = ""
    without: str = ""
    numbers: tuple[NonNegativeInt, NonNegativeInt] | None = None

    @model_validator(mode="after")
    def _is_complete(self) -> "Download":
        if self.extract != "none" and not self.makes:
            raise ValueError(f"{self.file}: `makes` is missing: the file or folder that unpacking gives")
        if not PurePosixPath(self.result).is_relative_to(PurePosixPath(self.into)):
            raise ValueError(f"{self.file}: `makes` must lie in `into`")
        if self.url is None and not self.page:
            raise ValueError(f"{self.file}: neither `url` nor `page` says where it is had")
        return self

    @property
    def result(self) -> str:
        """The path below the data set's folder that is there when all is done."""
        return self.makes or str(PurePosixPath(self.into) / self.file)

    @property
    def series(self) -> tuple["Download", ...]:
        """The downloads that `numbers` stands for; itself where it is one file."""
        if self.numbers is None:
            return (self,)
        first, last = self.numbers
        names = ("file", "url", "mirrors", "makes", "instead")
        return tuple(
            self.model_copy(update={"numbers": None} | {name: _numbered(getattr(self, name), number) for name in names})
            for number in range(first, last + 1)
        )


def _numbered(value: object, number: int) -> object:
    if isinstance(value, tuple):
        return tuple(_numbered(part, number) for part in value)
    return value.format(number=number) if isinstance(value, str) else value


class Card(Block):
    """A data set. Sizes are those of protocol.md section 6; None is unknown, or no such split.

    `train` is the pool of few-shot draws. `dead` says what is gone today, `alternatives` what works instead, `manual`
    what a person has to do, `package` which Python package reading needs beside ours. `elevater` is the folder that the
    data set has in ELEVATER's layout; where ELEVATER has a task that CoOp has too, the card is CoOp's.
    """

    name: str
    tasks: tuple[str, ...]
    title: str
    source: str
    classes: PositiveInt | None
    train: PositiveInt | None
    val: PositiveInt | None
    test: PositiveInt | None
    folder: Below
    elevater: Below = ""
    downloads: tuple[Download, ...]
    manual: str = ""
    package: str = ""
    licence: str
    registration: bool
    template: str
    metric: Metric
    class_name_rule: str
    dead: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()

    @property
    def pieces(self) -> tuple[Download, ...]:
        """Its downloads, a series as its files."""
        return tuple(single for download in self.downloads for single in download.series)

    @model_validator(mode="after")
    def _pieces_differ(self) -> "Card":
        seen: set[str] = set()
        for piece in self.pieces:
            if piece.file in seen:
                raise ValueError(f"downloads: {piece.file} is named twice")
            seen.add(piece.file)
        return self


def card_of(name: str, own: Path | None = None) -> Card:
    """The card of a data set or of a task; a file of the same name in folder `own` is laid over it.

    A ValueError names the nearest known name, or the file and key of a mistake in a card.
    """
    if own is not None and not own.is_dir():
        raise FileNotFoundError(f"{own}: no such folder of cards")
    name = {"corpus": "cc3m"}.get(name, name)
    if name not in CARDS:
        raise ValueError(f"no data set {name!r}{nearest(name, CARDS)}")
    path = FOLDER / f"{name}.yaml"
    if own is None or not (own / path.name).exists():
        return _packaged(path)
    return _valid(own / path.name, _read(path) | _read(own / path.name))


@cache
def _packaged(path: Path) -> Card:
    return _valid(path, _read(path))


def _valid(path: Path, said: dict) -> Card:
    try:
        card = Card.model_validate(said)
    except ValidationError as error:
        issue = error.errors()[0]
        key = ".".join(map(str, issue["loc"]))
        raise ValueError(f"{path}: {key}: {issue['msg'].removeprefix('Value error, ')}") from None
    if card.name != path.stem:
        raise ValueError(f"{path}: name: expected {path.stem!r}, found {card.name!r}")
    return card


def folder_of(card: Card, root: Path) -> Path:
    """Where a data set lies below the data root: ELEVATER's folder where that is there, else the card's own."""
    elevater = root / card.elevater
    return elevater if card.elevater and elevater.is_dir() else root / card.folder


def _read(path: Path) -> dict:
    try:
        said = yaml.safe_load(path.read_text())
    except yaml.YAMLError as error:
        raise ValueError(f"{path}: not valid YAML: {error}") from None
    if not isinstance(said, dict):
        raise ValueError(f"{path}: expected keys and values, found {type(said).__name__}")
    return said
