"""Random streams, one per purpose.

A stream is derived from a seed and the words that say what it is for, so adding a draw to one purpose cannot move
another, and a run's numbers do not depend on which other runs share its process.
"""

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


def stream_seed(seed: int, *purpose: object) -> int:
    """A 63-bit seed for (seed, purpose): the same on every machine, different for every purpose.

    >>> stream_seed(1, "draw", "dtd") == stream_seed(1, "draw", "dtd")
    True
    >>> stream_seed(1, "draw", "dtd") == stream_seed(1, "batches", "dtd")
    False
    """
    text = "/".join([str(seed), *map(str, purpose)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def torch_stream(seed: int, *purpose: object) -> "torch.Generator":
    """A torch generator on the CPU for (seed, purpose)."""
    import torch  # seconds, which draws do without

    return torch.Generator().manual_seed(stream_seed(seed, *purpose))


def numpy_stream(seed: int, *purpose: object) -> np.random.Generator:
    """A NumPy generator for (seed, purpose)."""
    return np.random.default_rng(stream_seed(seed, *purpose))
