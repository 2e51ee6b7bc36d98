"""The files that a data set is downloaded as, and what they become below its folder."""

import re
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, NonNegativeInt, PositiveInt, model_validator

from reprompt.foundation.block import Block


def inside(path: str) -> str:
    """A path below the data folder. Raises ValueError for one that leads out of it."""
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


Below = Annotated[str, AfterValidator(inside)]
FileName = Annotated[str, AfterValidator(_bare)]
Url = Annotated[str, AfterValidator(_web_address)]
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
