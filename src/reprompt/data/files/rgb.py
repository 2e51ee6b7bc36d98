"""From picture files as people have them to red, green and blue of 8 bits: one answer for each kind (docs/images.md).

Of 8-bit pictures it is Pillow's `convert("RGB")`, as in CLIP's and CoOp's code: alpha is dropped, colour profiles are
not applied, of an animation the first frame counts. What that would spoil in silence is scaled or refused: Pillow makes
all white of 16-bit grey. Nothing is drafted, and a truncated picture is never shown half.
"""

import io
import re
import struct
import warnings
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.ExifTags import Base
from PIL.TiffImagePlugin import BITSPERSAMPLE, PHOTOMETRIC_INTERPRETATION

from reprompt.cells.parameters import LARGEST_IMAGE

MEGA = 10**6
# All that Pillow raises on a broken picture.
BROKEN = (
    *(OSError, SyntaxError, ValueError, EOFError, TypeError, KeyError, IndexError, AttributeError, OverflowError),
    *(RuntimeError, struct.error, zlib.error),
)
TURNS = {  # what brings a picture upright, by its EXIF orientation; 1 is upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SAVED_AS_USUAL = "save it as JPEG, or as PNG of 8 or 16 bits"
BEGINNINGS = {  # of files in the place of a picture: what they are, and what helps if not to get them again
    b"<!doctype html": ("it is a web page", ""),
    b"<html": ("it is a web page", ""),
    b"<?xml": ("it is XML; a drawing has no pixels", SAVED_AS_USUAL),
    b"<svg": ("it is an SVG drawing, which has no pixels", SAVED_AS_USUAL),
    b"version https://git-lfs": ("it is a pointer of Git LFS", "git lfs pull"),
}
HEIC = (b"ftypheic", b"ftypheix", b"ftyphevc", b"ftypmif1", b"ftypmsf1")  # from byte 4 on


@dataclass(frozen=True)
class Reading:
    """How pictures are read: at most `largest` megapixels, and turned `upright` by their EXIF orientation or not."""

    largest: int = LARGEST_IMAGE
    upright: bool = False


class Refused(ValueError):
    """No picture, or one that has no one right answer. `remedy` is empty where the same file, got again, may help."""

    def __init__(self, what: str, remedy: str = ""):
        super().__init__(what)
        self.remedy = remedy


def rgb(source: Path | io.BytesIO, reading: Reading) -> Image.Image:
    """A whole picture in RGB. Raises Refused, or an OSError of the disk: FileNotFoundError, PermissionError."""
    _limit(reading.largest)
    try:
        with Image.open(source) as picture:
            _refuse_larger(picture, reading.largest)
            picture.load()
            turn = TURNS.get(picture.getexif().get(Base.Orientation)) if reading.upright else None
            decoded = in_eight_bits(picture)
            return decoded if turn is None else decoded.transpose(turn)
    except (Refused, MemoryError):
        raise
    except Image.DecompressionBombError as error:  # more than twice the limit
        raise _too_large(f"{int(re.search(r'[0-9]+', str(error))[0]):,} pixels", reading.largest) from None
    except UnidentifiedImageError:
        raise _unidentified(source) from None
    except BROKEN as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise Refused(f"not a readable picture ({error})") from None


def in_eight_bits(picture: Image.Image) -> Image.Image:
    """A loaded picture of any mode in RGB. Raises Refused where it has more bits and no known white."""
    if picture.mode not in ("I", "F") and not picture.mode.startswith("I;16"):
        picture.info.pop("transparency", None)  # is dropped in any case, and Pillow would warn of it
        return picture.convert("RGB")
    white = _white(picture)
    if white is None:
        kind = "floating-point numbers" if picture.mode == "F" else "integers of more than 8 bits"
        raise Refused(f"a picture of {kind}, and nothing says which of them is white", SAVED_AS_USUAL)
    values = np.asarray(picture).astype(np.uint32)
    if picture.format == "TIFF" and picture.tag_v2.get(PHOTOMETRIC_INTERPRETATION) == 0:  # the least value is white
        values = white - values
    return Image.fromarray(((255 * values + white // 2) // white).astype(np.uint8)).convert("RGB")


def _white(picture: Image.Image) -> int | None:
    """The value of white, where the format or the file says it."""
    if picture.format in ("PPM", "PNG"):  # Pillow scales the one to this, and gave the other mode I before 10.3
        return 65535 if picture.mode != "F" else None
    if not picture.mode.startswith("I;16"):
        return None
    if picture.format == "TIFF":
        return 2 ** picture.tag_v2[BITSPERSAMPLE][0] - 1
    return 65535 if picture.format in ("JPEG2000", None) else None  # None: a row of an array


@lru_cache(maxsize=1)
def _limit(largest: int) -> None:
    """Make Pillow's own limit ours, for frames within a file; it would warn of what is refused here with its remedy."""
    Image.MAX_IMAGE_PIXELS = largest * MEGA
    warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


def _refuse_larger(picture: Image.Image, largest: int) -> None:
    width, height = picture.size
    if width * height > largest * MEGA:
        raise _too_large(f"{width:,} x {height:,} pixels", largest)


def _too_large(what: str, largest: int) -> Refused:
    return Refused(
        f"{what} are more than the {largest:,} megapixels of data.largest_image",
        "set that higher (of `reprompt data status`, --largest-image), or make the picture smaller",
    )


def _unidentified(source: Path | io.BytesIO) -> Refused:
    """What there is in the place of a picture, by its first bytes."""
    if isinstance(source, Path):
        with source.open("rb") as file:
            beginning = file.read(64)
    else:
        beginning = source.getvalue()[:64]
    if not beginning:
        return Refused("not a readable picture (it is empty)")
    if beginning[4:12] in HEIC:
        return Refused("not a readable picture (it is HEIC, which Pillow does not read)", SAVED_AS_USUAL)
    for begins, (what, remedy) in BEGINNINGS.items():
        if beginning.lstrip(b"\xef\xbb\xbf \r\n\t").lower().startswith(begins):
            return Refused(f"not a readable picture ({what})", remedy)
    return Refused("not a readable picture (no kind that Pillow reads, or its beginning is damaged)")
