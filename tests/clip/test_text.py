"""The text tower's fast path equals the plain one."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from reprompt.clip.prompts import ClassPrompts
from reprompt.clip.savings import ALL_SAVINGS, NO_SAVINGS
from reprompt.clip.text import Entering, detokenize, encode_prompts, encode_texts, layer_by_layer, tokenize

NAMES = ["cat", "a very long class name indeed", "dog", "C-130 aircraft"]


def shared_context(tiny, context, savings=ALL_SAVINGS, deep=None, names=NAMES):
    return encode_prompts(
        tiny.model, *ClassPrompts.of(tiny.model, names).around(context), layer_by_layer(deep), savings
    )


def with_own_vectors(tiny, context, own, share=1.0, savings=ALL_SAVINGS):
    """Vectors (R, K, M, D) of every class before the second block."""
    parts = ClassPrompts.of(tiny.model, NAMES).around(context)
    return encode_prompts(tiny.model, *parts, {1: Entering(own, share)}, savings)


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize(
    "savings",
    [
        ALL_SAVINGS,
        *(replace(ALL_SAVINGS, **{name: False}) for name in ("cut_at_end", "shared_prefix", "read_out_only")),
        replace(ALL_SAVINGS, recompute_above=0),
    ],
)
def test_every_saving_is_exact_in_features_and_gradients(tiny, savings, deep):
    context, second = torch.randn(2, 3, 5, 32, generator=torch.Generator().manual_seed(1))
    results = []
    for switches in (savings, NO_SAVINGS):
        leaves = [context.clone().requires_grad_(True), second[:, None].clone().requires_grad_(True)]
        features = shared_context(tiny, leaves[0], switches, leaves[1] if deep else None)
        loss = (features * torch.arange(features.numel()).view_as(features) / 100).sum()
        results.append((features.detach(), *torch.autograd.grad(loss, leaves[: 1 + deep])))
    for fast, plain in zip(*results, strict=True):
        assert (fast - plain).abs().max() < 1e-5 * plain.abs().max()


def test_deep_prompts_replace_the_context_before_a_layer(tiny):
    """The slow, obvious version: open_clip's own blocks on the 77 embeddings of one class."""
    context, second = torch.randn(2, 4, 32)
    features = shared_context(tiny, context[None], deep=second[None, None])[0]
    for name, feature in zip(NAMES, features, strict=True):
        tokens = tokenize([f"x x x x {name}."])[0]
        x = tiny.model.token_embedding(tokens)
        x = torch.cat([x[:1], context, x[5:]]) + tiny.model.positional_embedding
        first, last = tiny.model.transformer.resblocks
        x = first(x[None], attn_mask=tiny.model.attn_mask)[0]
        x = last(torch.cat([x[:1], second, x[5:]])[None], attn_mask=tiny.model.attn_mask)[0]
        alone = tiny.model.ln_final(x)[tokens.argmax()] @ tiny.model.text_projection
        assert (feature - F.normalize(alone, dim=-1)).abs().max() < 1e-5


@pytest.mark.parametrize("share", [1.0, 0.3])
@pytest.mark.parametrize(
    "savings",
    [
        ALL_SAVINGS,
        *(replace(ALL_SAVINGS, **{name: False}) for name in ("cut_at_end", "packed", "read_out_only")),
        replace(ALL_SAVINGS, recompute_above=0),
    ],
)
def test_vectors_of_each_class_go_through_the_fast_path_as_through_the_plain_one(tiny, savings, share):
    stream = torch.Generator().manual_seed(2)
    context, own = torch.randn(2, 3, 32, generator=stream), torch.randn(2, 4, 3, 32, generator=stream)
    results = []
    for switches in (savings, NO_SAVINGS):
        leaves = [context.clone().requires_grad_(True), own.clone().requires_grad_(True)]
        features = with_own_vectors(tiny, *leaves, share, switches)
        loss = (features * torch.arange(features.numel()).view_as(features) / 100).sum()
        results.append((features.detach(), *torch.autograd.grad(loss, leaves)))
    for fast, plain in zip(*results, strict=True):
        assert (fast - plain).abs().max() < 1e-5 * plain.abs().max()


def test_vectors_of_each_class_are_mixed_with_what_stands_in_their_places(tiny):
    """The slow, obvious version: open_clip's own blocks on the 77 embeddings of one class."""
    context, own = torch.randn(3, 32), torch.randn(4, 3, 32)
    features = with_own_vectors(tiny, context[None], own[None], share=0.3)[0]
    for name, of_class, feature in zip(NAMES, own, features, strict=True):
        tokens = tokenize([f"x x x {name}."])[0]
        x = tiny.model.token_embedding(tokens)
        x = torch.cat([x[:1], context, x[4:]]) + tiny.model.positional_embedding
        first, last = tiny.model.transformer.resblocks
        x = first(x[None], attn_mask=tiny.model.attn_mask)[0]
        x = torch.cat([x[:1], 0.3 * of_class + 0.7 * x[1:4], x[4:]])
        x = last(x[None], attn_mask=tiny.model.attn_mask)[0]
        alone = tiny.model.ln_final(x)[tokens.argmax()] @ tiny.model.text_projection
        assert (feature - F.normalize(alone, dim=-1)).abs().max() < 1e-5


@pytest.mark.parametrize("layer", [0, 2])
def test_prompts_enter_before_blocks_that_there_are_and_not_before_the_first(tiny, layer):
    parts = ClassPrompts.of(tiny.model, NAMES).around(torch.randn(1, 3, 32))
    with pytest.raises(ValueError, match=rf"before block {layer} of the text tower: it takes them at 1 to 1"):
        encode_prompts(tiny.model, *parts, {layer: Entering(torch.randn(1, 3, 32))})


def test_cut_texts_equal_full_texts_and_open_clips_own(tiny):
    texts = [f"a photo of a {name}." for name in NAMES]
    cut, full = encode_texts(tiny.model, texts), encode_texts(tiny.model, texts, NO_SAVINGS)
    theirs = tiny.model.encode_text(tokenize(texts), normalize=True)
    assert (cut - full).abs().max() < 1e-6
    assert (cut - theirs).abs().max() < 1e-6


def test_the_words_of_a_template_as_context_are_zero_shot(tiny):
    phrase = tokenize(["a photo of a"])[0, 1:5]
    prompted = shared_context(tiny, tiny.model.token_embedding(phrase)[None])[0]
    assert (prompted - encode_texts(tiny.model, [f"a photo of a {name}." for name in NAMES])).abs().max() < 1e-6


def test_permuting_classes_permutes_features(tiny):
    context, order = torch.randn(2, 4, 32), [2, 0, 3, 1]
    permuted = shared_context(tiny, context, names=[NAMES[k] for k in order])
    assert (permuted - shared_context(tiny, context)[:, order]).abs().max() < 1e-6


def test_a_class_does_not_depend_on_the_others(tiny):
    """The longest name decides how far all prompts reach; the others must not notice."""
    context = torch.randn(2, 4, 32)
    alone = shared_context(tiny, context, names=["cat"])
    assert (alone[:, 0] - shared_context(tiny, context)[:, 0]).abs().max() < 1e-6


def test_words_come_back_from_their_tokens():
    tokens = tokenize(["a photo of a cat"])[0]
    assert detokenize(tokens[1 : int(tokens.argmax())]) == "a photo of a cat"


def test_a_text_that_does_not_fit_is_an_error(tiny):
    with pytest.raises(ValueError, match="77 tokens"):
        tokenize(["word " * 80])
    with pytest.raises(ValueError, match="exceed CLIP's 77"):
        shared_context(tiny, torch.zeros(1, 75, 32), names=["cat"])


def test_the_longest_prompt_that_fits_is_read_like_any_other(tiny):
    context = torch.randn(1, 73, 32)  # start, 73, "cat", ".", end
    fast, plain = (shared_context(tiny, context, s, names=["cat"]) for s in (ALL_SAVINGS, NO_SAVINGS))
    assert (fast - plain).abs().max() < 1e-6
