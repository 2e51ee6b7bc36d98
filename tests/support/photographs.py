"""Folders of pictures as people have them: photographs of mixed sizes, orientations and modes, and digits by hand."""

import io
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits, load_sample_image

FLOWER, CHINA = (Image.fromarray(load_sample_image(name)) for name in ("flower.jpg", "china.jpg"))
SCENES = {  # where in scikit-learn's two photographs the classes lie: left, upper, right, lower
    "red petals": (FLOWER, (150, 60, 420, 330)),
    "green leaves": (FLOWER, (0, 250, 300, 427)),
    "temple roof": (CHINA, (120, 80, 460, 250)),
    "pale sky": (CHINA, (0, 0, 640, 110)),
}
ROTATED = 6  # an EXIF orientation


def photographs(folder: Path, each: int, seed: int = 0) -> Path:
    """A folder per scene with so many JPEGs: cuts of photographs in many sizes, aspects, qualities, modes and turns."""
    stream = np.random.default_rng(seed)
    for name, (picture, box) in SCENES.items():
        (folder / name).mkdir(parents=True)
        for number in range(each):
            content = _cut(picture, box, stream, number)
            (folder / name / f"IMG {number:03d}.{'JPG' if number % 3 else 'jpeg'}").write_bytes(content)
    return folder


def _cut(picture: Image.Image, box: tuple[int, int, int, int], stream: np.random.Generator, number: int) -> bytes:
    left, upper, right, lower = box
    width, height = (int(stream.integers(40, side + 1 - 40)) for side in (right - left, lower - upper))
    x, y = int(stream.integers(left, right - width)), int(stream.integers(upper, lower - height))
    cut = picture.crop((x, y, x + width, y + height)).resize(tuple(stream.integers(60, 240, 2).tolist()))
    settings = {"quality": int(stream.integers(60, 96)), "progressive": bool(number % 2)}
    if number % 4 == 1:
        cut = cut.convert("L")
    elif number % 4 == 2:
        cut = cut.convert("CMYK")
    elif number % 4 == 3:
        exif = Image.Exif()
        exif[0x0112] = ROTATED
        cut, settings = cut.transpose(Image.Transpose.ROTATE_90), settings | {"exif": exif}
    file = io.BytesIO()
    cut.save(file, "JPEG", **settings)
    return file.getvalue()


def digits(folder: Path) -> Path:
    """Scikit-learn's 1,797 handwritten digits, a folder each: 8 x 8 pixels, grey."""
    names = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    of_digits = load_digits()
    for number, (values, digit) in enumerate(zip(of_digits.images, of_digits.target, strict=True)):
        path = folder / names[digit] / f"{number:04d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.round(values * 255 / 16).astype(np.uint8)).save(path)
    return folder


def plain(folder: Path, sizes: dict[str, int], seed: int = 0) -> Path:
    """A folder per class with so many small pictures of noise, no two alike."""
    stream = np.random.default_rng(seed)
    for name, count in sizes.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            coarse = Image.fromarray(stream.integers(0, 256, (6, 6, 3), np.uint8))
            coarse.resize((32, 24)).save(folder / name / f"{number}.png")
    return folder
