"""CLIP-Adapter: the formula of its paper, and zero-shot CLIP where the adapter has no share."""

import numpy as np

from reprompt.learners import clip_adapter
from reprompt.learners.templates import class_features

PHOTO = ("a photo of a {}.",)


def test_the_adapted_feature_is_the_papers(kind_of, exact, pixels, names):
    kind = kind_of("CLIP-Adapter")
    params, output = kind.params(), kind.output(kind.params(), pixels)
    frozen = kind_of("cosine classifier")
    features = frozen.output(frozen.params(), pixels).images.numpy()
    classes = class_features(exact, names, PHOTO).numpy()
    for run in range(2):
        down, up = (params[name][run].numpy() for name in ("down", "up"))
        raw = 3.7 * features[run]  # no bias, so length does not matter
        adapted = 0.4 * np.maximum(np.maximum(raw @ down.T, 0) @ up.T, 0) + 0.6 * raw
        expected = float(exact.scale) * (adapted / np.linalg.norm(adapted, axis=1, keepdims=True)) @ classes.T
        assert np.abs(output.logits[run].numpy() - expected).max() < 1e-10


def test_a_ratio_of_zero_is_zero_shot_clip(kind_of, exact, pixels, names):
    kind = kind_of(module=clip_adapter, settings={"adapter_ratio": 0})
    output, frozen = kind.output(kind.params(), pixels), kind_of("cosine classifier")
    features = frozen.output(frozen.params(), pixels).images
    assert (output.logits - exact.scale * features @ class_features(exact, names, PHOTO).T).abs().max() < 1e-10
