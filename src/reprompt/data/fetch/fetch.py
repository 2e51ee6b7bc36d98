"""Fetching a data set: every piece of its card that is missing is downloaded, checked and unpacked.

Archives lie in `<root>/downloads/<task>/` until they are unpacked; one that was there before stays. A piece is unpacked
into a folder `.unpacking-<file>` inside the data set's, then moved to where it belongs; while that folder is there,
the piece counts as unfinished. So whatever way a run ends, the next one does the rest.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from reprompt.data.fetch.arrange import ARRANGE
from reprompt.data.fetch.checksum import Expected, difference
from reprompt.data.fetch.download import DownloadError, Patience, Report, download
from reprompt.data.fetch.unpack import ArchiveError, merge, unpack
from reprompt.data.files.folders import folder_of
from reprompt.data.files.whole import UNPACKING
from reprompt.foundation.locks import exclusive
from reprompt.tasks.card import Card
from reprompt.tasks.downloads import Download

DOWNLOADS = "downloads"  # below the data root


class FetchError(ValueError):
    """What is still missing of a data set, and what the user can do about each piece."""


@dataclass(frozen=True)
class PlaceOnDisk:
    """Where the pieces of a data set belong below the data root."""

    root: Path
    card: Card

    @property
    def folder(self) -> Path:
        return self.root / self.card.folder

    def result(self, piece: Download) -> Path:
        """What is there once a piece is done."""
        return self.folder / piece.result

    def file(self, piece: Download) -> Path:
        """Where the downloaded file goes: an archive among the downloads, another file straight to its place."""
        if piece.extract == "none":
            return self.result(piece)
        return self.root / DOWNLOADS / self.card.task / piece.file

    def unpacking(self, piece: Download) -> Path:
        """The folder that is there while a piece is being unpacked."""
        return self.folder / f"{UNPACKING}{piece.file}"

    def is_done(self, piece: Download) -> bool:
        """Whether a piece, or what serves instead, is in its place, whole."""
        there = any((self.folder / path).exists() for path in (piece.result, *piece.instead))
        return there and not self.unpacking(piece).exists()

    @property
    def missing(self) -> list[Download]:
        """The pieces that are not; of a data set in ELEVATER's layout none is needed."""
        if folder_of(self.card, self.root) != self.folder:
            return []
        return [piece for piece in self.card.pieces if not self.is_done(piece)]


def fetch(
    card: Card,
    root: Path,
    patience: Patience | None = None,
    say: Callable[[str], None] = lambda line: None,
    report: Callable[[str], Report] = lambda file: lambda done, total: None,
) -> None:
    """Bring every missing piece that can be had; FetchError says of the others what a person has to do.

    `say` is told what begins, `report` gives for a file's name the function that is told of its bytes.
    """
    place, left = PlaceOnDisk(root, card), []
    with exclusive(root / DOWNLOADS / card.task / ".lock"):  # versions of a task share their pieces
        for piece in place.missing:
            if piece.url is None and not place.file(piece).exists():
                left.append(by_hand(piece, place))
                continue
            try:
                _bring(piece, place, patience or Patience(), say, report)
            except (DownloadError, ArchiveError) as error:
                needed = f" (without it {piece.without})" if piece.without else ""
                left.append(f"{error}. {by_hand(piece, place)}{needed}")
            except OSError as error:  # the disk is full, or may not be written
                raise FetchError(
                    f"{card.name}: {piece.file}: {error.strerror} ({error.filename or place.folder}); make room or"
                    " choose another place by --root, and fetch again"
                ) from None
    if left:
        manual = f"\n{card.manual.strip()}" if card.manual else ""
        raise FetchError(f"{card.name}: not complete:" + "".join(f"\n- {line}" for line in left) + manual)


def _bring(
    piece: Download, place: PlaceOnDisk, patience: Patience, say: Callable[[str], None], report: Callable[[str], Report]
) -> None:
    file, expected = place.file(piece), Expected(piece.bytes, piece.sha256, piece.md5)
    was_there = file.exists()
    if was_there:
        fault = difference(file, expected)
        if fault:
            raise DownloadError(f"{file}: {fault}; delete it, or correct the card (--cards), and fetch again")
    else:
        say(f"{place.card.name}: {piece.file}")
        download((piece.url, *piece.mirrors), file, expected, patience, report(piece.file))
    if piece.extract == "none":
        return
    say(f"{place.card.name}: unpacking {piece.file}")
    try:
        _put_in_place(piece, place, file)
    except ArchiveError as error:
        if was_there:
            raise ArchiveError(f"{error}; delete it and fetch again") from None
        file.unlink()
        raise
    if not was_there:
        file.unlink()


def _put_in_place(piece: Download, place: PlaceOnDisk, archive: Path) -> None:
    unpacking = place.unpacking(piece)
    shutil.rmtree(unpacking, ignore_errors=True)  # of a run that was killed
    try:
        unpack(archive, piece.extract, unpacking / "whole", piece.below, piece.inner)
        if piece.arrange:
            ARRANGE[piece.arrange](unpacking / "whole", place.folder)
        made = Path(piece.result).relative_to(piece.into)
        if not (unpacking / "whole" / made).exists():
            raise ArchiveError(f"{archive}: unpacked, but holds no {made}: another file than the card describes")
    except BaseException:
        shutil.rmtree(unpacking, ignore_errors=True)
        raise
    try:
        merge(unpacking / "whole", place.folder / piece.into)
    except ArchiveError:  # nothing was moved; whatever else stops it, `unpacking` stays and says that it is unfinished
        shutil.rmtree(unpacking)
        raise
    unpacking.rmdir()


def by_hand(piece: Download, place: PlaceOnDisk) -> str:
    """What a person can do for a piece: get its file, or put what it makes in place."""
    where = f" from {piece.page or place.card.source}"
    if piece.extract == "none":
        return f"{piece.file}: get it{where} and put it at {place.result(piece)}"
    return (
        f"{piece.file}: get it{where}, put it at {place.file(piece)} and fetch again; or put {piece.result} itself at"
        f" {place.result(piece)}"
    )
