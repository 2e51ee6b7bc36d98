"""The image-text pairs that are clustered, wherever they come from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from reprompt.corpus.quality import Truth


@dataclass(frozen=True)
class CorpusPairs:
    """N image-text pairs. `images` gives the pictures (n, H, W, 3), uint8, of some of them.

    `image_features` (N, E) are those of all, of any length, and may be a memory map. `sha256` tells these pairs from
    others. `truth` is None where nothing is known but picture and caption.
    """

    captions: Sequence[str]
    images: Callable[[Sequence[int]], np.ndarray]
    image_features: np.ndarray
    sha256: str
    truth: Truth | None = None
