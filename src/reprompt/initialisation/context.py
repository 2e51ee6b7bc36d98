"""The start of a text context: CoOp's random vectors, or the embeddings of a phrase."""

import torch
from torch import Tensor

from reprompt.clip.backbones import Backbone
from reprompt.clip.text import tokenize

SPREAD = 0.02  # CoOp's standard deviation


def random_vectors(*shape: int, stream: torch.Generator) -> Tensor:
    """N(0, 0.02^2) of a shape, in single precision: the start of every prompt of the CoOp family."""
    return SPREAD * torch.randn(*shape, generator=stream)


def phrase_vectors(backbone: Backbone, phrase: str) -> Tensor:
    """The embeddings (M, D) of a phrase's tokens, on the CPU and in the precision of what is learned."""
    tokens = tokenize([phrase])[0]
    table = backbone.model.token_embedding.weight
    return table[tokens[1 : int(tokens.argmax())].to(table.device)].detach().to("cpu", backbone.learned_dtype)


def initial_context(backbone: Backbone, initialisation: str, length: int, stream: torch.Generator) -> Tensor:
    """A context (M, D): `initialisation` is "random", or a phrase of M tokens; ValueError where it has others."""
    if initialisation == "random":
        return random_vectors(length, backbone.text_width, stream=stream)
    phrase = phrase_vectors(backbone, initialisation)
    if len(phrase) != length:
        raise ValueError(f"initialisation {initialisation!r} has {len(phrase)} tokens, but context_length is {length}")
    return phrase
