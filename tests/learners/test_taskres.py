"""TaskRes: a residual on raw class features."""

import numpy as np
import pytest
import torch

from reprompt.clip.text import encode_texts, projected_texts
from reprompt.learners import taskres
from reprompt.tasks.class_texts import PHOTO, SEVEN

EIGHT = (*SEVEN, PHOTO)


def test_a_class_is_its_raw_text_and_a_share_of_its_residual(kind_of, exact, pixels, names):
    kind = kind_of(module=taskres, settings={"class_texts": EIGHT, "residual_share": 0.7})
    params = kind.params()
    output = kind.output(params, pixels)
    spoken = [name.replace("_", " ") for name in names]
    raw = np.mean([projected_texts(exact.model, [t.format(n) for n in spoken]).numpy() for t in EIGHT], axis=0)
    for run in range(2):
        moved = raw + 0.7 * params["residual"][run].numpy()
        expected = moved / np.linalg.norm(moved, axis=1, keepdims=True)
        assert np.abs(output.classes[run].numpy() - expected).max() < 1e-12


def test_it_starts_at_zero_shot_clip(kind_of, exact, pixels, names):
    kind = kind_of("TaskRes")
    start = {name: tensor[None].double() for name, tensor in kind.learner().start("random", torch.Generator()).items()}
    texts = encode_texts(exact.model, [PHOTO.format(name.replace("_", " ")) for name in names])
    assert (kind.output(start, pixels[:1]).classes[0] - texts).abs().max() < 1e-12


@pytest.mark.parametrize(("underscores", "differ"), [("spaces", False), ("kept", True)])
def test_the_released_code_keeps_underscores(kind_of, pixels, underscores, differ):
    kind = kind_of(module=taskres, settings={"underscores": underscores})
    zero = {"residual": torch.zeros(1, 4, 32, dtype=torch.float64)}
    one, two = (kind.output(zero, pixels[:1], names=["a", "b", "c", name]).classes for name in ("C-130_x", "C-130 x"))
    assert bool((one - two).abs().max() > 1e-6) == differ
