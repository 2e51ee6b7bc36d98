"""Where a context stands: the words of a text put there are that text."""

import pytest
import torch

from reprompt.clip.prompts import ClassPrompts
from reprompt.clip.text import encode_prompts, encode_texts, tokenize

NAMES = ["cat", "a very long class name indeed", "C-130_aircraft"]
WRITTEN = {"end": "a photo of some {}.", "middle": "a photo {} of some.", "front": "{} a photo of some."}


def vectors(tiny, *phrases):
    """The embeddings of phrases of as many tokens each (..., M, D)."""
    tokens = tokenize(list(phrases))
    return tiny.model.token_embedding(tokens[:, 1 : int(tokens[0].argmax())]).squeeze(0)


def encode(tiny, context, position="end", words="", names=NAMES):
    parts = ClassPrompts.of(tiny.model, names, position, words).around(context)
    return encode_prompts(tiny.model, *parts)


@pytest.mark.parametrize("position", WRITTEN)
def test_a_phrase_as_context_is_the_text_with_the_phrase_there(tiny, position):
    texts = [WRITTEN[position].format(name.replace("_", " ")) for name in NAMES]
    features = encode(tiny, vectors(tiny, "a photo of some")[None], position)[0]
    assert (features - encode_texts(tiny.model, texts)).abs().max() < 1e-6


@pytest.mark.parametrize("position", WRITTEN)
def test_a_phrase_per_class_is_the_text_of_that_class(tiny, position):
    words = [("a", "photo", "of", "some"), ("one", "picture", "with", "the"), ("this", "art", "shows", "my")]
    context = vectors(tiny, *(" ".join(four) for four in words))[None]
    before = {"end": 4, "middle": 2, "front": 0}[position]
    texts = [
        " ".join([*four[:before], name.replace("_", " "), *four[before:]]) + "."
        for four, name in zip(words, NAMES, strict=True)
    ]
    assert (encode(tiny, context, position)[0] - encode_texts(tiny.model, texts)).abs().max() < 1e-6


def test_of_an_odd_context_the_larger_half_stands_behind_the_name(tiny):
    features = encode(tiny, vectors(tiny, "a photo of")[None], "middle")[0, 0]
    assert (features - encode_texts(tiny.model, ["a cat photo of."])[0]).abs().max() < 1e-6


def test_frozen_words_stand_between_context_and_name(tiny):
    features = encode(tiny, vectors(tiny, "a photo")[None], words="of some")[0]
    texts = [f"a photo of some {name.replace('_', ' ')}." for name in NAMES]
    assert (features - encode_texts(tiny.model, texts)).abs().max() < 1e-6


@pytest.mark.parametrize("position", WRITTEN)
def test_a_context_of_nothing_is_the_name_alone(tiny, position):
    texts = [f"{name.replace('_', ' ')}." for name in NAMES]
    features = encode(tiny, torch.zeros(1, 0, 32), position)[0]
    assert (features - encode_texts(tiny.model, texts)).abs().max() < 1e-6


@pytest.mark.parametrize("position", WRITTEN)
def test_what_all_classes_share_is_as_long_as_the_position_allows(tiny, position):
    prefix, own, ends = ClassPrompts.of(tiny.model, NAMES, position).around(torch.randn(2, 4, 32))
    assert prefix.shape[:2] == (2, {"end": 5, "middle": 3, "front": 1}[position])
    assert own.shape[1] == len(NAMES) and ends.tolist() == [prefix_end - prefix.shape[1] for prefix_end in (7, 12, 12)]


def test_the_gradient_of_a_context_reaches_every_vector(tiny):
    for position in WRITTEN:
        context = torch.randn(2, 5, 32, requires_grad=True)
        encode(tiny, context, position).square().mul(torch.arange(24)).sum().backward()
        assert (context.grad.abs().amax(-1) > 1e-6).all()


def test_frozen_words_need_the_name_last_and_a_shared_context(tiny):
    with pytest.raises(ValueError, match="the name must come last"):
        ClassPrompts.of(tiny.model, NAMES, "middle", "of some")
    with pytest.raises(ValueError, match="no paper has both"):
        encode(tiny, torch.zeros(1, 3, 2, 32), words="of some")


def test_what_follows_the_name_may_be_another_ending(tiny):
    context = vectors(tiny, "a photo of some")[None]
    prompts = ClassPrompts.of(tiny.model, NAMES, words="person doing", ending=", a type of pet.")
    features = encode_prompts(tiny.model, *prompts.around(context))[0]
    written = "a photo of some person doing {}, a type of pet."
    texts = [written.format(name.replace("_", " ")) for name in NAMES]
    assert (features - encode_texts(tiny.model, texts)).abs().max() < 1e-5
