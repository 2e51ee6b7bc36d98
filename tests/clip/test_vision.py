"""The image tower under visual prompts: its fast path equals the plain one."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from reprompt.clip.savings import ALL_SAVINGS, NO_SAVINGS
from reprompt.clip.vision import encode_prompted_images, require_tokens
from reprompt.clip.weights import build


@pytest.fixture
def images():
    return torch.randn(3, 2, 3, 40, 40, generator=torch.Generator().manual_seed(1))


def prompts(layers, length=4):
    return torch.randn(3, layers, length, 32, generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize("before_norm", [True, False])
@pytest.mark.parametrize("layers", [1, 2])
def test_prompts_stand_among_the_patches_and_are_replaced_layer_by_layer(tiny, images, layers, before_norm):
    """The slow, obvious version: one image at a time, prompts right behind the class token."""
    visual, tower = prompts(layers), tiny.model.visual
    features = encode_prompted_images(tiny.model, images, visual, before_norm)
    for r, b in ((0, 0), (1, 1), (2, 0)):
        patches = tower.conv1(images[r, b][None]).flatten(2)[0].T
        tokens = torch.cat([tower.class_embedding[None], patches]) + tower.positional_embedding
        if before_norm:
            x = tower.ln_pre(torch.cat([tokens[:1], visual[r, 0], tokens[1:]]))
        else:
            tokens = tower.ln_pre(tokens)
            x = torch.cat([tokens[:1], visual[r, 0], tokens[1:]])
        for layer, block in enumerate(tower.transformer.resblocks):
            if 1 <= layer < layers:
                x = torch.cat([x[:1], visual[r, layer], x[5:]])
            x = block(x[None])[0]
        alone = F.normalize(tower.ln_post(x[0]) @ tower.proj, dim=-1)
        assert (features[r, b] - alone).abs().max() < 1e-5


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize(
    "savings",
    [
        ALL_SAVINGS,
        replace(ALL_SAVINGS, read_out_only=False),
        replace(ALL_SAVINGS, replaced_prompts=False),
        replace(ALL_SAVINGS, recompute_above=0),
    ],
)
def test_every_saving_is_exact_in_features_and_gradients(tiny, images, savings, layers):
    results = []
    for switches in (savings, NO_SAVINGS):
        leaf = prompts(layers).requires_grad_(True)
        features = encode_prompted_images(tiny.model, images, leaf, True, switches)
        (features * torch.arange(features.numel()).view_as(features) / 100).sum().backward()
        results.append((features.detach(), leaf.grad))
    for fast, plain in zip(*results, strict=True):
        assert (fast - plain).abs().max() < 1e-5 * plain.abs().max()


def test_no_prompts_are_the_frozen_tower(tiny, images):
    features = encode_prompted_images(tiny.model, images, torch.zeros(3, 1, 0, 32), True)
    theirs = F.normalize(tiny.model.visual(images.flatten(0, 1)), dim=-1).unflatten(0, (3, 2))
    assert (features - theirs).abs().max() < 1e-6


@pytest.mark.parametrize("savings", [ALL_SAVINGS, NO_SAVINGS])
def test_prompts_whose_layer_is_not_reached_do_not_matter(tiny, images, savings):
    four = prompts(4)
    all_four, the_first_two = (
        encode_prompted_images(tiny.model, images, p, True, savings) for p in (four, four[:, :2])
    )
    assert (all_four - the_first_two).abs().max() < 1e-6


def test_before_and_after_the_norm_agree_when_the_norm_is_applied_by_hand(tiny, images):
    visual = prompts(2)
    normed = torch.cat([tiny.model.visual.ln_pre(visual[:, :1]), visual[:, 1:]], dim=1)
    before, after = (
        encode_prompted_images(tiny.model, images, visual, True),
        encode_prompted_images(tiny.model, images, normed, False),
    )
    assert (before - after).abs().max() < 1e-6


def test_the_order_of_prompts_in_a_layer_does_not_matter(tiny, images):
    visual = prompts(2)
    one, two = (encode_prompted_images(tiny.model, images, p, True) for p in (visual, visual[:, :, [2, 0, 3, 1]]))
    assert (one - two).abs().max() < 1e-6


def test_images_that_all_runs_see_need_no_copies(tiny, images):
    visual, same = prompts(2), images[:1].expand(3, -1, -1, -1, -1)
    one, two = (encode_prompted_images(tiny.model, seen, visual, True) for seen in (images[:1], same))
    assert (one - two).abs().max() < 1e-6


def test_a_tower_without_tokens_is_refused():
    vision = {"image_size": 40, "layers": [1, 1, 1, 1], "width": 16, "head_width": 32}
    resnet = build(vision, {"width": 32, "heads": 2, "layers": 1}, joint_width=24)
    with pytest.raises(ValueError, match=r"visual prompts need an image tower made of tokens \(ViT\)"):
        require_tokens(resnet, "visual prompts")


def test_a_tower_that_is_not_read_at_its_class_token_is_refused(tiny):
    vision = {"image_size": 40, "patch_size": 8, "width": 32, "layers": 1, "head_width": 16, "pool_type": "avg"}
    pooled = build(vision, {"width": 32, "heads": 2, "layers": 1}, joint_width=24)
    with pytest.raises(ValueError, match="read at its class token"):
        require_tokens(pooled, "visual prompts")
