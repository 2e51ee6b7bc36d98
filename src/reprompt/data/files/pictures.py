"""Opening the picture of an item, wherever it lies: a file, a member of an archive, or a row of an array.

Pictures are turned into RGB as they are opened, before anything else is done to them, as CoOp's code does. Nothing is
drafted, nothing is turned by its EXIF orientation, and a truncated picture is never shown half.
"""

import io
import struct
from functools import lru_cache
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from PIL import Image

from reprompt.data.files.arrays import rows_of
from reprompt.data.files.listing import Item

# All that Pillow raises on a broken picture.
BROKEN = (OSError, SyntaxError, ValueError, EOFError, struct.error, IndexError, Image.DecompressionBombError)


class UnreadablePicture(ValueError):
    """A picture is there but cannot be decoded."""


def picture_of(item: Item) -> Image.Image:
    """The picture, in RGB. Raises FileNotFoundError, or UnreadablePicture that names it and says what to do."""
    where = str(item.path) if item.member is None else f"{item.path} ({item.member})"
    remedy = "replace the file, or extract its archive again" if item.member is None else "get the archive again"
    try:
        if item.member is None:
            return decoded(item.path)
        if item.path.suffix in (".zip", ".tar"):
            return decoded(io.BytesIO(bytes_of(item.path, item.member)))
        return Image.fromarray(rows_of(item.path)[int(item.member)]).convert("RGB")
    except FileNotFoundError:
        raise FileNotFoundError(f"{where} is missing; extract the data set again") from None
    except (*BROKEN, KeyError, BadZipFile) as error:
        raise UnreadablePicture(f"{where}: not a readable picture ({error}); {remedy}") from None


def decoded(source: Path | io.BytesIO) -> Image.Image:
    """Decode a whole picture to RGB."""
    with Image.open(source) as picture:
        return picture.convert("RGB")


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
