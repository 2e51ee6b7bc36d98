"""The start of a text context: CoOp's random vectors, or the embeddings of a phrase."""

import torch
from torch import Tensor

from reprompt.clip.backbones import Backbone
from reprompt.clip.text import tokenize

SPREAD = 0.02  # CoOp's standard deviation


def initial_context(backbone: Backbone, how: str, length: int, stream: torch.Generator) -> Tensor:
    """A context (M, D): `how` is "random" for N(0, 0.02^2), or a phrase of exactly M tokens."""
    if how == "random":
        return SPREAD * torch.randn(length, backbone.model.token_embedding.embedding_dim, generator=stream)
    tokens = tokenize([how])[0]
    phrase = tokens[1 : int(tokens.argmax())]
    if len(phrase) != length:
        raise ValueError(f"initialisation {how!r} has {len(phrase)} tokens, but context_length is {length}")
    return backbone.model.token_embedding(phrase).detach().clone()


def start(backbone: Backbone, settings: dict, stream: torch.Generator) -> dict[str, Tensor]:
    """The learned tensors of one run at their start."""
    return {"context": initial_context(backbone, settings["initialisation"], settings["context_length"], stream)}
