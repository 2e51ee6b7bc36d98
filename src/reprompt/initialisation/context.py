"""The start of a text context: CoOp's random vectors, or the embeddings of a phrase, perhaps behind zeros."""

import torch
from torch import Tensor

from reprompt.cells.tuning import ALIGNED
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
    """A context (M, D): `initialisation` is "random", a phrase of M tokens, or "... phrase" of at most M.

    The latter is ProGrad's released start: the phrase stands last, zeros before it. That code counts words for tokens,
    so that a phrase with a comma loses its last word out of the context, into frozen text; here it is all in it. Raises
    ValueError for a phrase of another length.
    """
    if initialisation == "random":
        return random_vectors(length, backbone.text_width, stream=stream)
    phrase = phrase_vectors(backbone, initialisation.removeprefix(ALIGNED))
    missing = length - len(phrase)
    if missing < 0 or (missing and not initialisation.startswith(ALIGNED)):
        raise ValueError(f"initialisation {initialisation!r} has {len(phrase)} tokens, but context_length is {length}")
    return torch.cat([phrase.new_zeros(missing, phrase.shape[1]), phrase])
