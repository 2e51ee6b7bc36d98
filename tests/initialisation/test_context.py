"""Where a text context starts."""

from dataclasses import dataclass

import pytest
import torch

from reprompt.clip.text import tokenize
from reprompt.initialisation.context import initial_context, phrase_vectors, random_vectors
from reprompt.initialisation.own import start


def test_a_random_start_is_normal_with_coops_spread():
    vectors = random_vectors(100, 400, stream=torch.Generator().manual_seed(1))
    assert vectors.mean().item() == pytest.approx(0, abs=5e-4)
    assert vectors.std().item() == pytest.approx(0.02, rel=0.02)


def test_the_same_stream_gives_the_same_start_and_moves_on(tiny):
    stream = torch.Generator().manual_seed(1)
    first, second = (initial_context(tiny, "random", 4, stream) for _ in range(2))
    assert torch.equal(first, initial_context(tiny, "random", 4, torch.Generator().manual_seed(1)))
    assert not torch.equal(first, second)


def test_a_phrase_is_its_rows_of_the_token_table(tiny):
    phrase = initial_context(tiny, "a photo of a", 4, torch.Generator())
    assert torch.equal(phrase, tiny.model.token_embedding.weight[tokenize(["a photo of a"])[0, 1:5]])
    assert not phrase.requires_grad


def test_a_phrase_uses_no_randomness(tiny):
    stream = torch.Generator().manual_seed(1)
    before = stream.get_state()
    initial_context(tiny, "a photo of a", 4, stream)
    assert torch.equal(stream.get_state(), before)


def test_a_phrase_from_a_tower_in_half_precision_is_single(tiny):
    half = tiny.to("cpu", torch.bfloat16)
    assert phrase_vectors(half, "a photo").dtype == torch.float32
    assert (phrase_vectors(half, "a photo") - phrase_vectors(tiny, "a photo")).abs().max() < 0.01


def test_a_phrase_of_another_length_is_an_error(tiny):
    with pytest.raises(ValueError, match="'a photo of a' has 4 tokens, but context_length is 16"):
        initial_context(tiny, "a photo of a", 16, torch.Generator())


def test_a_learner_is_asked_for_its_start():
    @dataclass
    class Echo:
        def start(self, how, stream):
            return {"how": how, "stream": stream}

    stream = torch.Generator()
    assert start(Echo(), "a photo", stream, {}) == {"how": "a photo", "stream": stream}
