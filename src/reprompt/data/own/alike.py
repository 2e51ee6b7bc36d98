"""Pictures that are nearly the same: copies, bursts, crops. They have to be on one side of a split.

Two pictures are, where their hashes differ in at most `BITS` of 64 and their thumbnails agree, or where the features
that a CLIP has of them do. What is like a third is in one group with it.

    N pictures, E numbers of a feature
"""

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from reprompt.data.own.look import Look

BITS = 6
THUMBNAILS = 0.97  # the cosine from which thumbnails agree
FEATURES = 0.97  # and from which features do: OpenAI's CLIPs have less of different pictures of one thing
AT_ONCE = 1024  # pictures that are compared with all others at once


def groups_of(looks: Sequence[Look], features: np.ndarray | None = None, cosine: float = FEATURES) -> np.ndarray:
    """The group (N,) of every picture, numbered from 0 in the order of its first; features are (N, E), of length 1."""
    pairs = [*_by_hash(looks)] + ([] if features is None else [*_by_features(features, cosine)])
    ones, others = np.concatenate([np.empty((0, 2), int), *pairs]).T
    links = coo_array((np.ones(len(ones), bool), (ones, others)), shape=(len(looks), len(looks)))
    return connected_components(links, directed=False)[1]


def _by_hash(looks: Sequence[Look]) -> Iterator[np.ndarray]:
    """Pairs (n, 2) of pictures that look alike, or are."""
    hashes = np.array([look.hash for look in looks], np.uint64)
    pixels = np.array([look.pixels for look in looks], np.int64)
    thumbnails = np.stack([look.thumbnail for look in looks])
    for start in range(0, len(looks), AT_ONCE):
        rows = slice(start, start + AT_ONCE)
        near = np.bitwise_count(hashes[rows, None] ^ hashes) <= BITS
        alike = near & (thumbnails[rows] @ thumbnails.T >= THUMBNAILS)
        yield _earlier(alike | (pixels[rows, None] == pixels), start)


def _by_features(features: np.ndarray, cosine: float) -> Iterator[np.ndarray]:
    for start in range(0, len(features), AT_ONCE):
        yield _earlier(features[start : start + AT_ONCE] @ features.T >= cosine, start)


def _earlier(alike: np.ndarray, start: int) -> np.ndarray:
    """Of a block of rows from `start` on the pairs whose first is the later picture, each once."""
    rows, columns = np.nonzero(alike)
    pairs = np.stack([rows + start, columns], axis=1)
    return pairs[pairs[:, 0] > pairs[:, 1]]
