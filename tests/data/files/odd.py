"""Pictures as people have them: files of every kind, each with the pixels that it has to become, or why it is refused.

The pixels are found without Pillow's conversions: from the array that the file was written of.
"""

import io
import struct
import zlib
from dataclasses import dataclass

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 24, 18


@dataclass(frozen=True)
class Odd:
    """A file's bytes and the pixels (H, W, 3) it becomes, of which each may differ by `within`; or a part of the error.

    A refused one that can be had whole by getting it again is `again`.
    """

    content: bytes
    pixels: np.ndarray | None = None
    within: int = 0
    error: str = ""
    again: bool = False


def written(picture: Image.Image, kind: str, **settings: object) -> bytes:
    """The picture as a file of a kind."""
    file = io.BytesIO()
    picture.save(file, kind, **settings)
    return file.getvalue()


def png(width: int, height: int, depth: int, colour: int, rows: bytes, *chunks: bytes) -> bytes:
    """A PNG of any bit depth and colour type, of rows that begin with the number of a filter."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    rest = b"".join(chunk(part[:4], part[4:]) for part in chunks)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + rest
        + chunk(b"IDAT", zlib.compress(rows, 1))
        + chunk(b"IEND", b"")
    )


def tiff(values: np.ndarray, white: str = "most", bits: int = 16, sample: int = 1) -> bytes:
    """An uncompressed TIFF of values (H, W), whose type has so many `bits`; `sample` is TIFF's SampleFormat."""
    height, width = values.shape
    data = values.tobytes()
    entries = [
        (256, 4, width),
        (257, 4, height),
        (258, 3, bits),
        (259, 3, 1),
        (262, 3, 0 if white == "least" else 1),
        (273, 4, 8 + 2 + 10 * 12 + 4),
        (277, 3, 1),
        (278, 4, height),
        (279, 4, len(data)),
        (339, 3, sample),
    ]
    directory = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + directory + struct.pack("<I", 0) + data


def colours() -> np.ndarray:
    """Pixels (H, W, 3) of every strength, another in each corner."""
    across, down = np.meshgrid(np.linspace(0, 255, WIDTH), np.linspace(0, 255, HEIGHT))
    return np.stack([across, down, 255 - across], -1).round().astype(np.uint8)


def grey(values: np.ndarray) -> np.ndarray:
    """Values (H, W) as pixels (H, W, 3)."""
    return np.repeat(values[..., None].astype(np.uint8), 3, axis=2)


def scaled(values: np.ndarray, white: int) -> np.ndarray:
    """Pixels of grey values of which `white` is the largest that there is."""
    return grey(np.round(values.astype(float) * 255 / white))


def ramp(white: int = 65535) -> np.ndarray:
    """Values (H, W) from 0 to white."""
    return np.linspace(0, white, WIDTH * HEIGHT).astype(np.uint16).reshape(HEIGHT, WIDTH)


def readable() -> dict[str, Odd]:
    """What becomes a picture, by what it is."""
    rgb, deep = colours(), ramp()
    picture = Image.fromarray(rgb)
    luma = rgb[..., 0]
    hidden = Image.fromarray(np.zeros((HEIGHT, WIDTH), np.uint8))  # wholly transparent
    palette = rgb // 64 * 64 + 32  # of 64 colours
    indices = (palette // 64 @ np.array([16, 4, 1])).astype(np.uint8)
    of_palette = Image.fromarray(indices)
    of_palette.putpalette([(n >> shift & 3) * 64 + 32 for n in range(64) for shift in (4, 2, 0)])
    exif = Image.Exif()
    exif[0x0112] = 6
    rows16 = b"".join(b"\0" + row.astype(">u2").tobytes() for row in deep)
    colour16 = np.stack([deep, deep[::-1], 65535 - deep], -1)
    colour_rows16 = b"".join(b"\0" + row.astype(">u2").tobytes() for row in colour16)
    ink = np.concatenate([rgb, np.full((HEIGHT, WIDTH, 1), 51, np.uint8)], -1)  # cyan, magenta, yellow, black
    from_ink = np.round((255.0 - rgb) * (255 - 51) / 255)
    other = Image.fromarray(rgb[::-1])
    lines = "\n".join(" ".join(map(str, row)) for row in ramp(1000))
    return {
        "colour": Odd(written(picture, "PNG"), rgb),
        "grey": Odd(written(Image.fromarray(luma), "PNG"), grey(luma)),
        "black and white": Odd(written(Image.fromarray(luma > 127), "PNG"), grey(np.where(luma > 127, 255, 0))),
        "palette": Odd(written(of_palette, "PNG"), palette),
        "palette, transparent": Odd(written(of_palette, "PNG", transparency=bytes(range(64))), palette),
        "alpha": Odd(written(Image.merge("RGBA", (*picture.split(), hidden)), "PNG"), rgb),
        "grey with alpha": Odd(written(Image.merge("LA", (Image.fromarray(luma), hidden)), "PNG"), grey(luma)),
        "transparent colour": Odd(written(picture, "PNG", transparency=(0, 0, 255)), rgb),
        "16-bit grey PNG": Odd(png(WIDTH, HEIGHT, 16, 0, rows16), scaled(deep, 65535)),
        "16-bit colour PNG": Odd(
            png(WIDTH, HEIGHT, 16, 2, colour_rows16), np.round(colour16 / 257).astype(np.uint8), 1
        ),
        "16-bit TIFF": Odd(tiff(deep.astype("<u2")), scaled(deep, 65535)),
        "16-bit TIFF, white is 0": Odd(tiff(deep.astype("<u2"), white="least"), scaled(65535 - deep, 65535)),
        "16-bit JPEG 2000": Odd(written(Image.fromarray(deep), "JPEG2000"), scaled(deep, 65535)),
        "10-bit PGM": Odd(f"P2 {WIDTH} {HEIGHT} 1000\n{lines}\n".encode(), scaled(ramp(1000), 1000)),
        "16-bit PGM": Odd(f"P5 {WIDTH} {HEIGHT} 65535\n".encode() + deep.astype(">u2").tobytes(), scaled(deep, 65535)),
        "CMYK TIFF": Odd(written(Image.frombytes("CMYK", (WIDTH, HEIGHT), ink.tobytes()), "TIFF"), from_ink, 1),
        "rotated by EXIF": Odd(written(picture, "PNG", exif=exif), rgb),
        "GIF of two pictures": Odd(
            written(of_palette, "GIF", save_all=True, append_images=[other.convert("P")]), palette
        ),
        "WebP of two pictures": Odd(
            written(picture, "WEBP", save_all=True, append_images=[other], lossless=True, exact=True), rgb
        ),
        "TIFF of two pages": Odd(written(picture, "TIFF", save_all=True, append_images=[other]), rgb),
    }


def refused() -> dict[str, Odd]:
    """What is refused, by what it is, with the largest of pictures at one megapixel."""
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (80, 60, 3), np.uint8))
    halves = {
        "JPEG": written(noise, "JPEG"),
        "progressive JPEG": written(noise, "JPEG", progressive=True),
        "CMYK JPEG": written(noise.convert("CMYK"), "JPEG"),
        "PNG": written(noise, "PNG"),
        "GIF": written(noise, "GIF"),
        "WebP": written(noise, "WEBP"),
        "BMP": written(noise, "BMP"),
        "TIFF": written(noise, "TIFF"),
        "compressed TIFF": written(noise, "TIFF", compression="tiff_lzw"),
        "JPEG 2000": written(noise, "JPEG2000"),
    }
    whole = written(noise, "JPEG")
    floats = Image.fromarray(ramp().astype(np.float32) / 65535)
    return {
        **{
            f"half a {kind}": Odd(content[: len(content) // 2], error="not a readable picture", again=True)
            for kind, content in halves.items()
        },
        "nine tenths of a JPEG": Odd(whole[: len(whole) * 9 // 10], error="truncated", again=True),
        "empty": Odd(b"", error="it is empty", again=True),
        "a web page": Odd(b"\n<!DOCTYPE html><html>please log in</html>", error="it is a web page", again=True),
        "a pointer": Odd(b"version https://git-lfs.github.com/spec/v1\n", error="a pointer of Git LFS); git lfs pull"),
        "a drawing": Odd(b"<svg xmlns='http://www.w3.org/2000/svg'/>", error="SVG drawing.*save it as JPEG"),
        "HEIC": Odd(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", error="it is HEIC, which Pillow does not read"),
        "rubbish": Odd(bytes(range(200)), error="no kind that Pillow reads", again=True),
        "a float TIFF": Odd(
            written(floats, "TIFF"), error="floating-point numbers, and nothing says which.*save it as"
        ),
        "a 32-bit TIFF": Odd(tiff(ramp().astype("<i4"), bits=32, sample=2), error="integers of more than 8 bits"),
        "a signed 16-bit TIFF": Odd(tiff(ramp(32767).astype("<i2"), sample=2), error="integers of more than 8 bits"),
        "too large": Odd(
            png(1200, 1000, 8, 0, b"\0" * 1000 * 1201),
            error=r"1,200 x 1,000 pixels are more than the 1 megapixels of data.largest_image; set that higher",
        ),
        "far too large": Odd(png(14000, 14000, 8, 0, b""), error=r"196,000,000 pixels are more than the 1 megapixels"),
    }
