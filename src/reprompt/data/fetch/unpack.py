"""Archives unpacked safely: nothing outside the folder, no links, no devices, and all of it or nothing.

Members are written one by one as plain files into a fresh folder, so that no member can lead a later one elsewhere. A
link to another member is written as a copy of it; a link out of the archive, an absolute name or one with `..` is an
error.
"""

import fnmatch
import gzip
import lzma
import re
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from reprompt.tasks.downloads import Inner

DAMAGED = (
    *(tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, gzip.BadGzipFile),
    NotImplementedError,  # a way of packing that Python does not know
)
JUNK = ("__MACOSX", ".DS_Store")  # what macOS adds to archives, besides files named ._something


class ArchiveError(ValueError):
    """An archive that is damaged or not to be trusted, in words for the user."""


@dataclass(frozen=True)
class _Member:
    name: str
    is_folder: bool
    open: Callable[[], IO[bytes] | None]
    refusal: str = ""


def unpack(archive: Path, kind: str, folder: Path, below: str = "", inner: Inner | None = None) -> None:
    """Unpack a `zip`, `tar` (plain or compressed) or `gzip` into `folder`, made for it.

    `below` takes only what lies below a folder of the archive, without that folder's name. ArchiveError names the
    archive and the member.
    """
    folder.mkdir(parents=True)
    try:
        if kind == "gzip":
            with gzip.open(archive) as packed, open(folder / archive.stem, "wb") as file:
                shutil.copyfileobj(packed, file, 1 << 20)
            return
        wrote = False
        for member in {"zip": _zip_members, "tar": _tar_members}[kind](archive):
            wrote |= _write(member, archive, folder, PurePosixPath(below))
    except DAMAGED as error:
        raise ArchiveError(f"{archive}: damaged or not a {kind} archive ({error or type(error).__name__})") from None
    except (FileExistsError, IsADirectoryError, NotADirectoryError) as error:
        raise ArchiveError(f"{archive}: uses one name for a file and a folder ({error.filename})") from None
    if not wrote:
        raise ArchiveError(f"{archive}: holds nothing" + (f" below {below}/" if below else ""))
    if inner:
        _unpack_inner(folder, inner)


def _unpack_inner(folder: Path, inner: Inner) -> None:
    for archive in sorted(path for path in folder.rglob("*") if fnmatch.fnmatch(path.name, inner.match)):
        made = archive.with_name(archive.name + "~")
        unpack(archive, inner.extract, made)
        archive.unlink()
        merge(made, archive.with_name(archive.name.split(".")[0]) if inner.own_folder else archive.parent)


def merge(made: Path, into: Path) -> None:
    """Move what lies in folder `made` into another one, over files of the same name; `made` is gone afterwards.

    ArchiveError, before anything is moved, where a file is in the way of a folder or a folder in that of a file.
    """
    for path in made.rglob("*"):
        there = into / path.relative_to(made)
        if there.exists() and there.is_dir() != path.is_dir():
            raise ArchiveError(f"{there}: is in the way of what the archive holds; move it away")
    _move(made, into)


def _move(made: Path, into: Path) -> None:
    if not into.exists():
        into.parent.mkdir(parents=True, exist_ok=True)
        made.rename(into)
        return
    for entry in sorted(made.iterdir()):
        if entry.is_dir():
            _move(entry, into / entry.name)
        else:
            entry.replace(into / entry.name)
    made.rmdir()


def _write(member: _Member, archive: Path, folder: Path, below: PurePosixPath) -> bool:
    """Write one member; whether there was something to write."""
    if member.refusal:
        raise ArchiveError(f"{archive}: {member.name}: {member.refusal}; nothing of it was unpacked")
    path = _safe(member.name, archive)
    if not path.is_relative_to(below) or any(part in JUNK or part.startswith("._") for part in path.parts):
        return False
    target = folder / path.relative_to(below)
    if member.is_folder:
        target.mkdir(parents=True, exist_ok=True)
        return False
    packed = member.open()
    if packed is None:
        raise ArchiveError(
            f"{archive}: {member.name}: a link to a folder or a special file; nothing of it was unpacked"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    with packed, open(target, "wb") as file:
        shutil.copyfileobj(packed, file, 1 << 20)
    return True


def _safe(name: str, archive: Path) -> PurePosixPath:
    """A member's path; one that could lead out of the folder is an error."""
    as_written = PurePosixPath(name.replace("\\", "/"))
    if as_written.is_absolute() or re.match("[A-Za-z]:", name):
        raise ArchiveError(f"{archive}: {name}: an absolute path; nothing of it was unpacked")
    if ".." in as_written.parts:
        raise ArchiveError(f"{archive}: {name}: leads out of the data folder; nothing of it was unpacked")
    return PurePosixPath(name)


def _zip_members(archive: Path) -> Iterator[_Member]:
    with zipfile.ZipFile(archive) as packed:
        for entry in packed.infolist():
            is_link = stat.S_ISLNK(entry.external_attr >> 16)
            locked = entry.flag_bits & 1
            refusal = "a link" if is_link else "locked by a password" if locked else ""
            yield _Member(entry.filename, entry.is_dir(), lambda entry=entry: packed.open(entry), refusal)


def _tar_members(archive: Path) -> Iterator[_Member]:
    with tarfile.open(archive) as packed:
        for entry in packed:
            refusal = ""
            if entry.islnk() or entry.issym():
                # a hard link names a member, a symbolic link a path from its own folder on
                start = PurePosixPath(entry.name).parent if entry.issym() else PurePosixPath()
                refusal = "" if _stays_inside(start, entry.linkname) else "a link out of the archive"
            elif not (entry.isfile() or entry.isdir()):
                refusal = "a device or other special file"
            yield _Member(entry.name, entry.isdir(), lambda entry=entry: _content(packed, entry), refusal)


def _content(packed: tarfile.TarFile, entry: tarfile.TarInfo) -> IO[bytes] | None:
    try:
        return packed.extractfile(entry)
    except KeyError:
        raise tarfile.ReadError(f"{entry.name} links to {entry.linkname}, which is not in it") from None


def _stays_inside(start: PurePosixPath, link: str) -> bool:
    if PurePosixPath(link).is_absolute():
        return False
    depth = 0
    for part in (start / link).parts:
        depth += -1 if part == ".." else 1
        if depth < 0:
            return False
    return True
