"""The text tower's fast path equals the plain one."""

import pytest
import torch

from reprompt.clip.text import ALL_SAVINGS, NO_SAVINGS, NamePrompts, Savings, encode_texts, tokenize

NAMES = ["cat", "a very long class name indeed", "dog", "C-130 aircraft"]


@pytest.mark.parametrize(
    "savings",
    [ALL_SAVINGS, Savings(cut_at_end=False), Savings(shared_prefix=False), Savings(last_block_at_end=False)],
)
def test_every_saving_is_exact_in_features_and_gradients(tiny, savings):
    prompts = NamePrompts.of(tiny.model, NAMES)
    context = torch.randn(3, 5, 32, generator=torch.Generator().manual_seed(1))
    results = []
    for one in (savings, NO_SAVINGS):
        leaf = context.clone().requires_grad_(True)
        features = prompts.encode(tiny.model, leaf, one)
        (features * torch.arange(features.numel()).view_as(features) / 100).sum().backward()
        results.append((features.detach(), leaf.grad))
    (fast, fast_grad), (plain, plain_grad) = results
    assert (fast - plain).abs().max() < 1e-5
    assert (fast_grad - plain_grad).abs().max() < 1e-5 * plain_grad.abs().max()


def test_cut_texts_equal_full_texts_and_open_clips_own(tiny):
    texts = [f"a photo of a {name}." for name in NAMES]
    cut, full = encode_texts(tiny.model, texts), encode_texts(tiny.model, texts, NO_SAVINGS)
    theirs = tiny.model.encode_text(tokenize(texts), normalize=True)
    assert (cut - full).abs().max() < 1e-6
    assert (cut - theirs).abs().max() < 1e-6


def test_the_words_of_a_template_as_context_are_zero_shot(tiny):
    phrase = tokenize(["a photo of a"])[0, 1:5]
    context = tiny.model.token_embedding(phrase)[None]
    prompted = NamePrompts.of(tiny.model, NAMES).encode(tiny.model, context)[0]
    assert (prompted - encode_texts(tiny.model, [f"a photo of a {name}." for name in NAMES])).abs().max() < 1e-6


def test_permuting_classes_permutes_features(tiny):
    context = torch.randn(2, 4, 32)
    order = [2, 0, 3, 1]
    features = NamePrompts.of(tiny.model, NAMES).encode(tiny.model, context)
    permuted = NamePrompts.of(tiny.model, [NAMES[k] for k in order]).encode(tiny.model, context)
    assert (permuted - features[:, order]).abs().max() < 1e-6


def test_a_text_that_does_not_fit_is_an_error(tiny):
    with pytest.raises(ValueError, match="77 tokens"):
        tokenize(["word " * 80])
    with pytest.raises(ValueError, match="exceed 77"):
        NamePrompts.of(tiny.model, ["cat"]).encode(tiny.model, torch.zeros(1, 75, 32))
