"""What happens to a finished drawing: a style, then the camera's contrast, tint and grain."""

from collections.abc import Callable
from random import Random

import numpy as np
from PIL import Image, ImageFilter

from reprompt.miniature.canvas import SIZE
from reprompt.miniature.conditions import Conditions


def _pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image).astype(np.float32)


def _grey(pixels: np.ndarray) -> np.ndarray:
    return pixels.mean(2, keepdims=True)


def plain(image: Image.Image) -> np.ndarray:
    """The image as it is."""
    return _pixels(image)


def sketch(image: Image.Image) -> np.ndarray:
    """Dark edges on light paper, with a quarter of the shading."""
    grey = _pixels(image).mean(2)
    down = np.abs(np.diff(grey, axis=0, prepend=grey[:1]))
    across = np.abs(np.diff(grey, axis=1, prepend=grey[:, :1]))
    strokes = 245 - np.clip((down + across) * 2.2, 0, 225) * 0.85 - (255 - grey) * 0.25
    return np.repeat(strokes[:, :, None], 3, 2)


def painting(image: Image.Image) -> np.ndarray:
    """Four levels per channel, each channel mixed with its neighbour."""
    level = 64.0
    flat = np.floor(_pixels(image) / level) * level + level / 2
    bleeding = np.array([[0.75, 0.25, 0], [0, 0.75, 0.25], [0.25, 0, 0.75]], np.float32)
    return flat @ bleeding * 1.05


def low_resolution(image: Image.Image) -> np.ndarray:
    """Reduced to 13 x 13 pixels and enlarged again."""
    coarse = image.resize((SIZE // 3, SIZE // 3), Image.Resampling.BILINEAR)
    return _pixels(coarse.resize((SIZE, SIZE), Image.Resampling.BILINEAR))


def grayscale(image: Image.Image) -> np.ndarray:
    """No colour."""
    return np.repeat(_grey(_pixels(image)), 3, 2)


def dark(image: Image.Image) -> np.ndarray:
    """A third of the light."""
    return _pixels(image) * 0.32


def blurry(image: Image.Image) -> np.ndarray:
    """Out of focus."""
    return _pixels(image.filter(ImageFilter.GaussianBlur(1.6)))


def inverted(image: Image.Image) -> np.ndarray:
    """A negative."""
    return 255 - _pixels(image)


# image (SIZE x SIZE, RGB) -> pixels (SIZE, SIZE, 3), float32, not yet clipped
STYLES: dict[str, Callable[[Image.Image], np.ndarray]] = {
    "": plain,
    "sketch": sketch,
    "painting": painting,
    "low resolution": low_resolution,
    "grayscale": grayscale,
    "dark": dark,
    "blurry": blurry,
    "inverted": inverted,
}


def photograph(image: Image.Image, conditions: Conditions, rng: Random, grain: np.random.Generator) -> np.ndarray:
    """Style, contrast, brightness, tint and sensor noise: image -> (SIZE, SIZE, 3), uint8.

    `rng` draws contrast, brightness and, where the conditions leave it open, the noise; `grain` the noise itself.
    """
    pixels = STYLES[conditions.style](image)
    if conditions.shading:
        pixels = (1 - conditions.shading) * pixels + conditions.shading * _grey(_pixels(image))
    pixels = (pixels - 128) * rng.uniform(0.8, 1.15) + 128 + rng.uniform(-18, 18)
    if conditions.tint:
        pixels = pixels * np.array(conditions.tint, np.float32)
    deviation = rng.choice((3, 5, 9)) if conditions.noise is None else conditions.noise
    pixels = pixels + grain.standard_normal(pixels.shape, dtype=np.float32) * deviation
    return np.clip(pixels, 0, 255).astype(np.uint8)
