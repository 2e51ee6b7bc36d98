"""Augmented views of training images: CLIP's random resized crop and flip, drawn from a stream of their own."""

import math

import numpy as np
from PIL import Image

ASPECT = (3 / 4, 4 / 3)


def crop_box(
    width: int, height: int, smallest: float, stream: np.random.Generator
) -> tuple[float, float, float, float]:
    """A box of `smallest` ... 1 of the area and an aspect of 3/4 ... 4/3, as in torchvision's RandomResizedCrop."""
    for _ in range(10):
        area = width * height * stream.uniform(smallest, 1)
        aspect = math.exp(stream.uniform(*map(math.log, ASPECT)))
        w, h = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if 0 < w <= width and 0 < h <= height:
            left, top = stream.integers(width - w + 1), stream.integers(height - h + 1)
            return left, top, left + w, top + h
    side = min(width, height)
    return (width - side) // 2, (height - side) // 2, (width + side) // 2, (height + side) // 2


def augmented(images: np.ndarray, smallest_crop: float, flip: float, stream: np.random.Generator) -> np.ndarray:
    """One view of each image: (N, H, W, 3) uint8 -> the same shape. Bicubic, in PIL, as the papers' code does."""
    height, width = images.shape[1:3]
    views = np.empty_like(images)
    for n, pixels in enumerate(images):
        box = crop_box(width, height, smallest_crop, stream)
        view = Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC, box=box)
        views[n] = np.asarray(view)[:, ::-1] if stream.random() < flip else np.asarray(view)
    return views
