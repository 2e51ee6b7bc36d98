"""MaPLe: its special case IVLP, its couplings, and what it refuses."""

import pytest
import torch

from reprompt.learners import maple


def test_constant_couplings_at_depth_one_are_ivlp(kind_of, pixels):
    """With weight zero and bias b every visual prompt is b, whatever the text."""
    maple, ivlp = kind_of("MaPLe 1"), kind_of("IVLP 2 + 2, frozen words")
    params = maple.params()
    params["coupling_weight"] = torch.zeros_like(params["coupling_weight"])
    actual = maple.logits_and_gradients(params, pixels)
    visual = params["coupling_bias"][:, :, None].expand(-1, -1, 2, -1)  # (R, 1, M, W)
    ivlp = kind_of(module=ivlp.module, settings={**ivlp.settings, "text_depth": 1, "visual_depth": 1, "words": ""})
    expected = ivlp.logits_and_gradients({"context": params["context"], "visual": visual}, pixels)
    for name in ("logits", "context"):
        assert (actual[name] - expected[name]).abs().max() < 1e-10 * expected[name].abs().max()
    assert (actual["coupling_bias"][:, 0] - expected["visual"].sum((1, 2))).abs().max() < 1e-8


def test_visual_prompts_are_projected_text_prompts_at_every_depth(kind_of, pixels):
    maple = kind_of("MaPLe 2")
    params = maple.params()
    text = torch.cat([params["context"][:, None], params["deep_context"]], dim=1)
    weight, bias = params["coupling_weight"], params["coupling_bias"]
    visual = torch.stack([text[:, k] @ weight[:, k].mT + bias[:, k, None] for k in range(2)], dim=1)
    ivlp = kind_of("IVLP 2 + 2, frozen words")
    given = {"context": params["context"], "deep_context": params["deep_context"], "visual": visual}
    assert (maple.output(params, pixels).logits - ivlp.output(given, pixels).logits).abs().max() < 1e-10


def test_deep_couplings_start_as_copies_of_one_layer(kind_of):
    settings = {"context_length": 2, "depth": 3}
    start = kind_of(module=maple, settings=settings).learner().start("random", torch.Generator())
    assert start["coupling_weight"].shape == (3, 32, 32)
    for name in ("coupling_weight", "coupling_bias"):
        assert torch.equal(start[name][1], start[name][2]) and not torch.equal(start[name][0], start[name][1])


def test_a_depth_beyond_the_shorter_tower_is_refused(kind_of):
    with pytest.raises(ValueError, match="depth 4 exceeds the 3 layers"):
        kind_of(module=maple, settings={"context_length": 2, "depth": 4}).learner()
