"""Captions whose groups are known, with embeddings that are a function of the caption alone."""

from collections.abc import Sequence
from zlib import crc32

import numpy as np
import pytest

from reprompt.corpus.sentences import Embed
from reprompt.corpus.topics import TopicModel

WIDTH = 24
NOUNS = ("cat", "boat", "flag", "lily", "tram", "soup")


def embedded(captions: Sequence[str]) -> np.ndarray:
    """Embeddings (n, WIDTH) around the centre of the caption's first word, of length 1."""
    rows = []
    for caption in captions:
        centre = np.random.default_rng(crc32(caption.split()[0].encode())).normal(size=WIDTH)
        rows.append(centre + 0.25 * np.random.default_rng(crc32(caption.encode())).normal(size=WIDTH))
    embeddings = np.asarray(rows, np.float32)
    return embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)


@pytest.fixture(scope="session")
def embed() -> Embed:
    """The embeddings of captions."""
    return embedded


@pytest.fixture(scope="session")
def captions() -> list[str]:
    """Four hundred captions of six groups in mixed order; a third of them occur before."""
    distinct = [f"{noun} number {i}" for i in range(45) for noun in NOUNS]
    return [*distinct, *distinct[:130]]


@pytest.fixture(scope="session")
def model(captions, clustering) -> TopicModel:
    """Topics of the first 120 captions; the first fit compiles, which takes longer than all tests."""
    return TopicModel(captions[:120], embedded(captions[:120]), clustering.topics)
