"""Opening the picture of an item, wherever it lies: a file, a member of an archive, or a row of an array.

Whatever looks at a picture of a data set does it here, so that `reprompt data status`, features and training agree;
what becomes of which kind of picture stands in rgb.py.
"""

import io
import zlib
from functools import lru_cache
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from PIL import Image

from reprompt.data.files.arrays import rows_of
from reprompt.data.files.listing import Item
from reprompt.data.files.rgb import Reading, Refused, in_eight_bits, rgb

USUAL = Reading()
# All that is raised on a broken archive; a RuntimeError on one that asks for a password.
BROKEN_ARCHIVE = (BadZipFile, zlib.error, KeyError, EOFError, RuntimeError, ValueError, IndexError)


class UnreadablePicture(ValueError):
    """A picture is there but cannot be used; `again` where to get the file again may help."""

    def __init__(self, words: str, again: bool = True):
        super().__init__(words)
        self.again = again


def picture_of(item: Item, reading: Reading = USUAL) -> Image.Image:
    """The picture, in RGB.

    Raises UnreadablePicture that names it and says what to do, FileNotFoundError, or another OSError where the disk
    gives it not.
    """
    where = str(item.path) if item.member is None else f"{item.path} ({item.member})"
    again = "replace the file, or extract its archive again" if item.member is None else "get the archive again"
    try:
        return _decoded(item, reading)
    except Refused as refused:
        words = f"{where}: {refused}; {refused.remedy or again}"
        raise UnreadablePicture(words, not refused.remedy) from None
    except FileNotFoundError:
        if item.path.is_symlink():
            raise FileNotFoundError(f"{where} is a link to {item.path.readlink()}, which is not there") from None
        raise FileNotFoundError(f"{where} is missing; extract the data set again") from None
    except (OSError, *BROKEN_ARCHIVE) as error:
        if isinstance(error, OSError) and error.errno is not None:
            words = f"cannot be read ({error.strerror}); look at its rights and at the disk"
            raise OSError(error.errno, words, where) from None
        raise UnreadablePicture(f"{where}: not a readable picture ({error}); {again}") from None


def _decoded(item: Item, reading: Reading) -> Image.Image:
    if item.member is None:
        return rgb(item.path, reading)
    if item.path.suffix in (".zip", ".tar"):
        return rgb(io.BytesIO(bytes_of(item.path, item.member)), reading)
    return in_eight_bits(Image.fromarray(rows_of(item.path)[int(item.member)]))


def bytes_of(archive: Path, member: str) -> bytes:
    """What a member of a zip archive, or the "offset:size" of a tar archive, holds."""
    if archive.suffix == ".zip":
        return _opened_zip(archive).read(member)
    offset, size = map(int, member.split(":"))
    with archive.open("rb") as file:
        file.seek(offset)
        content = file.read(size)
    if len(content) < size:
        raise EOFError(f"the archive ends after {len(content)} of {size} bytes")
    return content


@lru_cache(maxsize=16)
def _opened_zip(archive: Path) -> ZipFile:
    """An archive kept open: its list of members is read once, and threads may read members side by side."""
    return ZipFile(archive)
