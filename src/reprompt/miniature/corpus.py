"""The corpus: rendered pictures with captions, a known share of them mismatched. The counterpart of CC3M."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from random import Random
from typing import NamedTuple
from zlib import crc32

import numpy as np

from reprompt.miniature.canvas import SIZE
from reprompt.miniature.captions import caption
from reprompt.miniature.parallel import in_order
from reprompt.miniature.world import FAMILIES, Conditions, render

STYLES = (  # a repeated one is likelier
    "sketch",
    "sketch",
    "painting",
    "low resolution",
    "low resolution",
    "grayscale",
    "grayscale",
    "dark",
    "blurry",
    "blurry",
    "inverted",
)
TINTS = {
    "bluish": (0.7, 0.88, 1.12),
    "reddish": (1.12, 0.75, 0.75),
    "greenish": (0.78, 1.08, 0.78),
    "yellowish": (1.08, 1.0, 0.65),
}
CHUNK = 500  # pairs that a worker renders at a time


class Pair(NamedTuple):
    """A picture (40, 40, 3) and what belongs to it."""

    image: np.ndarray
    caption: str
    family: str
    concept: str


@dataclass(frozen=True)
class RenderedCorpus:
    """N image-text pairs. Families and concepts are those of the pictures, which a mismatched caption does not tell."""

    images: np.ndarray  # (N, 40, 40, 3), uint8
    captions: list[str]
    families: list[str]
    concepts: list[str]
    mismatched: np.ndarray  # (N,), bool: the caption belongs to another picture

    @property
    def sha256(self) -> str:
        """Hash of all pixels and captions."""
        digest = hashlib.sha256(np.ascontiguousarray(self.images))
        digest.update("\n".join(self.captions).encode())
        return digest.hexdigest()


@cache
def concept_frequencies(family: str) -> tuple[list[str], list[float]]:
    """The concepts of a family from frequent to rare, and their weights: some names are seen ten times as often."""
    concepts = list(FAMILIES[family].concepts)
    Random(crc32(FAMILIES[family].key.encode())).shuffle(concepts)
    return concepts, [1 / (rank + 4) ** 0.8 for rank in range(len(concepts))]


def _two_places(rng: Random) -> list[tuple[float, float]]:
    places = [(0.28, rng.uniform(0.3, 0.7)), (0.72, rng.uniform(0.3, 0.7))]
    rng.shuffle(places)
    return places


def _written_lines(word: str, rng: Random) -> tuple[str, ...]:
    if rng.random() < 0.5:
        return f"{rng.choice(('a', 'so', 'very', 'the'))} {word}", "movie"
    return "a", word, "film"


def render_pair(family: str, concept: str, rng: Random) -> Pair:
    """A picture of `concept` under a web picture's conditions, and its caption."""
    style = rng.choice(STYLES) if rng.random() < 0.3 else ""
    tint = rng.choice(tuple(TINTS)) if rng.random() < 0.1 else ""
    conditions = Conditions(
        style=style,
        tint=TINTS.get(tint),
        clutter=rng.choice((1, 1, 2)) if rng.random() < 0.12 else 0,
        occlusion=1 if rng.random() < 0.08 else 0,
        noise=rng.choice((3, 5, 9, 14)),
    )
    also = ""
    if family == "objects" and rng.random() < 0.2:
        also = rng.choice(concept_frequencies(family)[0])
        here, there = _two_places(rng)
        conditions = replace(conditions, size="small", at=here, also=((also, there),))
    if family == "words" and rng.random() < 0.4:
        conditions = replace(conditions, lines=_written_lines(concept, rng))
    image, attributes = render(family, concept, rng.getrandbits(31), conditions)
    # A tint is a style for the caption where the picture has no other.
    attributes = replace(attributes, style=attributes.style or tint, also=also)
    return Pair(image, caption(family, concept, attributes, rng), family, concept)


def _pair(index: int, seed: int) -> Pair:
    rng = Random(seed * 7919 + index)
    family = rng.choices(list(FAMILIES), [family.share for family in FAMILIES.values()])[0]
    concept = rng.choices(*concept_frequencies(family))[0]
    return render_pair(family, concept, rng)


def _pairs(span: tuple[int, int], seed: int) -> list[Pair]:
    return [_pair(index, seed) for index in range(*span)]


def render_corpus(
    pairs: int,
    seed: int,
    mismatched_share: float,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> RenderedCorpus:
    """Render `pairs` image-text pairs; 160,000 of them take 770 MB and some two core-minutes.

    The captions of `mismatched_share` of the pairs, rounded down, are passed around among them.
    `progress` is called with the number of finished pairs and of all pairs.
    """
    images = np.empty((pairs, SIZE, SIZE, 3), np.uint8)
    captions, families, concepts = [], [], []
    spans = [(start, min(pairs, start + CHUNK)) for start in range(0, pairs, CHUNK)]
    for rendered in in_order(partial(_pairs, seed=seed), spans, workers):
        start = len(captions)
        images[start : start + len(rendered)] = [pair.image for pair in rendered]
        captions += [pair.caption for pair in rendered]
        families += [pair.family for pair in rendered]
        concepts += [pair.concept for pair in rendered]
        if progress:
            progress(len(captions), pairs)

    chosen = Random(seed + 1).sample(range(pairs), int(mismatched_share * pairs))
    passed_on = [captions[index] for index in chosen[1:] + chosen[:1]]
    mismatched = np.zeros(pairs, bool)
    for index, other in zip(chosen, passed_on, strict=True):
        captions[index] = other
        mismatched[index] = True
    return RenderedCorpus(images, captions, families, concepts, mismatched)
