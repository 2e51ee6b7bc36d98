"""Mismatched pairs leave the corpus: CLIP's image-text similarity and a threshold for it.

GRAM (arXiv:2303.06571) drops mismatched pairs by a model that it does not name; here it is the CLIP to be tuned.
The corpus is read in chunks; what remains of a chunk are its similarities, so memory grows by two numbers per pair.

    N pairs, C pairs of a chunk, E joint width
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from open_clip.model import CLIP

from reprompt.cells.clustering import Filtering
from reprompt.clip.text import encode_texts

CAPTIONS_AT_A_TIME = 256  # that go through the text tower together


@dataclass(frozen=True)
class Similarities:
    """Cosines of N pictures with their `own` caption and with `another` one, that of the pair before: (N,) each.

    The others are pairs known to be mismatched, so they say how high chance reaches; the first picture has the last
    caption.
    """

    own: np.ndarray
    another: np.ndarray


def similarities(
    image_features: np.ndarray,
    captions: Sequence[str],
    model: CLIP,
    chunk: int,
) -> Similarities:
    """Similarities of N pairs, `chunk` of them at a time.

    `image_features` (N, E) are of any length and may be a memory map. Raises ValueError for a caption of more than
    CLIP's 77 tokens, and where there are not as many features as captions.
    """
    pairs = len(captions)
    if len(image_features) != pairs:
        raise ValueError(f"{len(image_features)} image features for {pairs} captions: there must be one for each")
    cosines = Similarities(np.empty(pairs, np.float32), np.empty(pairs, np.float32))
    before = caption_features(model, captions[-1:])
    for start in range(0, pairs, chunk):
        here = slice(start, min(start + chunk, pairs))
        images_CE = np.array(image_features[here], np.float32)
        images_CE /= np.linalg.norm(images_CE, axis=1, keepdims=True)
        texts_CE = caption_features(model, captions[here])
        cosines.own[here] = np.einsum("ce,ce->c", images_CE, texts_CE)
        cosines.another[here] = np.einsum("ce,ce->c", images_CE, np.concatenate([before, texts_CE[:-1]]))
        before = texts_CE[-1:]
    return cosines


def caption_features(model: CLIP, captions: Sequence[str]) -> np.ndarray:
    """Normalised features (C, E) of the captions of a chunk: equal ones are encoded once, short ones together."""
    distinct = sorted(set(captions), key=lambda caption: (len(caption), caption))
    parts = [distinct[start : start + CAPTIONS_AT_A_TIME] for start in range(0, len(distinct), CAPTIONS_AT_A_TIME)]
    with torch.inference_mode():
        features = np.concatenate([encode_texts(model, part).float().cpu().numpy() for part in parts])
    row_of = {caption: row for row, caption in enumerate(distinct)}
    return features[[row_of[caption] for caption in captions]]


def threshold_of(cosines: Similarities, settings: Filtering) -> float:
    """The least similarity with which a pair stays. No rule looks at which pairs really are mismatched."""
    if settings.rule == "similarity":
        return settings.value
    if settings.rule == "above_random":
        return float(np.quantile(cosines.another, settings.value))
    stay = math.ceil(settings.value * len(cosines.own))
    return float(np.partition(cosines.own, -stay)[-stay])


def kept_pairs(cosines: Similarities, threshold: float) -> np.ndarray:
    """Which pairs stay: (N,) bool."""
    return cosines.own >= threshold
