"""The text tower over embeddings: the plain path, and the exact fast path of a fleet.

The causal mask makes two savings exact. Nothing after a prompt's end token can change its feature, so a prompt is cut
there. And start token + context are the same for every class when the name comes last, so their keys and values are
computed once per run; each class costs only the tokens of its name. In the last block only the end position counts.

    R runs, K classes, P prefix tokens (start + context), L tokens of the longest name (with "." and end token),
    S positions, D text width, E joint width, H heads, C = D / H
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from open_clip import get_tokenizer
from open_clip.model import CLIP
from torch import Tensor, nn

from reprompt.clip.backbones import CONTEXT_LENGTH

_tokenize = get_tokenizer("ViT-B-32")  # CLIP's byte-pair encoding: the same for every CLIP of OpenAI's


@dataclass(frozen=True)
class Savings:
    """Which exact savings are on; tests switch them off to compare with the plain path."""

    cut_at_end: bool = True
    shared_prefix: bool = True
    last_block_at_end: bool = True


ALL_SAVINGS = Savings()
NO_SAVINGS = Savings(cut_at_end=False, shared_prefix=False, last_block_at_end=False)


def tokenize(texts: list[str]) -> Tensor:
    """Token ids (N, 77) of `texts`; a text that does not fit is an error, never cut."""
    tokens = _tokenize(texts, context_length=CONTEXT_LENGTH + 1)
    too_long = (tokens[:, CONTEXT_LENGTH] != 0).nonzero().flatten().tolist()
    if too_long:
        raise ValueError(f"{texts[too_long[0]]!r} has more than CLIP's {CONTEXT_LENGTH} tokens: shorten the class name")
    return tokens[:, :CONTEXT_LENGTH]


def encode_texts(model: CLIP, texts: list[str], savings: Savings = ALL_SAVINGS) -> Tensor:
    """Normalised features (N, E) of plain texts."""
    tokens_NS = tokenize(texts)
    return encode_embeddings(model, model.token_embedding(tokens_NS), tokens_NS.argmax(dim=1), savings)


def encode_embeddings(model: CLIP, prompts_NSD: Tensor, ends_N: Tensor, savings: Savings = ALL_SAVINGS) -> Tensor:
    """Normalised features (N, E) of prompts given as token embeddings, read at their `ends_N`."""
    length = int(ends_N.max()) + 1 if savings.cut_at_end else prompts_NSD.shape[1]
    x = prompts_NSD[:, :length] + model.positional_embedding[:length]
    x = model.transformer(x, attn_mask=model.attn_mask[:length, :length])
    x = model.ln_final(x[torch.arange(len(x)), ends_N])
    return F.normalize(x @ model.text_projection, dim=-1)


@dataclass(frozen=True)
class NamePrompts:
    """The frozen parts of the prompts "[start] [context] name . [end]" of K classes.

    `start_D` is the start token, `names_KLD` the embeddings after the context, `ends_K` the end token's place in them.
    """

    start_D: Tensor
    names_KLD: Tensor
    ends_K: Tensor

    @classmethod
    def of(cls, model: CLIP, class_names: list[str]) -> "NamePrompts":
        """Tokenize `class_names`; underscores mean blanks."""
        tokens_KS = tokenize([f"{name.replace('_', ' ')}." for name in class_names])
        embeddings = model.token_embedding(tokens_KS)
        return cls(embeddings[0, 0], embeddings[:, 1:], tokens_KS.argmax(dim=1) - 1)

    def encode(self, model: CLIP, context_RMD: Tensor, savings: Savings = ALL_SAVINGS) -> Tensor:
        """Normalised class features (R, K, E) of R contexts (R, M, D)."""
        runs, tokens, width = context_RMD.shape
        longest = int(self.ends_K.max()) + 1
        if 1 + tokens + longest > CONTEXT_LENGTH:
            raise ValueError(
                f"{tokens} context tokens and the longest class name ({longest} tokens) exceed {CONTEXT_LENGTH}"
            )
        prefix_RPD = torch.cat([self.start_D.expand(runs, 1, width), context_RMD], dim=1)
        if savings.shared_prefix:
            return _encode_shared_prefix(model, prefix_RPD, self.names_KLD[:, :longest], self.ends_K, savings)
        classes, length = len(self.ends_K), CONTEXT_LENGTH - prefix_RPD.shape[1]
        prompts = torch.cat(
            [
                prefix_RPD[:, None].expand(-1, classes, -1, -1),
                self.names_KLD[:, :length].expand(runs, -1, -1, -1),
            ],
            dim=2,
        )
        ends = (self.ends_K + prefix_RPD.shape[1]).repeat(runs)
        return encode_embeddings(model, prompts.flatten(0, 1), ends, savings).unflatten(0, (runs, classes))


def _encode_shared_prefix(
    model: CLIP, prefix_RPD: Tensor, names_KLD: Tensor, ends_K: Tensor, savings: Savings
) -> Tensor:
    """The fast path: (R, P, D) and (K, L, D) -> (R, K, E)."""
    runs, shared, _ = prefix_RPD.shape
    classes, length, _ = names_KLD.shape
    positions = model.positional_embedding
    prefix = prefix_RPD + positions[:shared]
    names = (names_KLD + positions[shared : shared + length]).expand(runs, -1, -1, -1)
    prefix_mask, name_mask = model.attn_mask[:shared, :shared], model.attn_mask[:length, :length]
    ends = ends_K.view(1, classes, 1, 1)
    blocks = list(model.transformer.resblocks)
    for block in blocks:
        heads = _Heads(block)
        prefix_keys, prefix_values = heads.keys_and_values(block.ln_1(prefix))
        normalised = block.ln_1(names)
        keys, values = heads.keys_and_values(normalised)
        asking, mask = normalised, name_mask
        if block is blocks[-1] and savings.last_block_at_end:
            asking = normalised.gather(2, ends.expand(runs, -1, 1, normalised.shape[-1]))
            names = names.gather(2, ends.expand(runs, -1, 1, names.shape[-1]))
            mask = name_mask[ends_K][:, None]  # (K, 1, L): each class asks from its own end token
        queries = heads.queries(asking)
        # (R, H, K, Q, P) and (R, H, K, Q, L): every name looks at the one shared prefix and at its own tokens
        to_prefix = queries @ prefix_keys.transpose(-1, -2).unsqueeze(2)
        to_names = queries @ keys.transpose(-1, -2) + mask
        weights = torch.cat([to_prefix, to_names], dim=-1).softmax(dim=-1)
        mixed = weights[..., :shared] @ prefix_values.unsqueeze(2) + weights[..., shared:] @ values
        names = heads.finish(names, mixed)
        if block is not blocks[-1]:
            within = (heads.queries(block.ln_1(prefix)) @ prefix_keys.transpose(-1, -2) + prefix_mask).softmax(dim=-1)
            prefix = heads.finish(prefix, within @ prefix_values)
    if names.shape[2] > 1:
        names = names.gather(2, ends.expand(runs, -1, 1, names.shape[-1]))
    return F.normalize(model.ln_final(names.squeeze(2)) @ model.text_projection, dim=-1)


class _Heads:
    """The projections of one residual attention block, over any leading axes: (R, ..., S, D) <-> (R, H, ..., S, C)."""

    def __init__(self, block: nn.Module):
        self.block = block
        self.weight, self.bias = block.attn.in_proj_weight, block.attn.in_proj_bias
        self.width, self.heads = block.attn.embed_dim, block.attn.num_heads

    def queries(self, x: Tensor) -> Tensor:
        scale = (self.width // self.heads) ** -0.5
        return self._split(F.linear(x, self.weight[: self.width], self.bias[: self.width])) * scale

    def keys_and_values(self, x: Tensor) -> tuple[Tensor, Tensor]:
        keys, values = F.linear(x, self.weight[self.width :], self.bias[self.width :]).chunk(2, dim=-1)
        return self._split(keys), self._split(values)

    def finish(self, x: Tensor, mixed: Tensor) -> Tensor:
        """The rest of the block: output projection, residual, feed-forward."""
        x = x + self.block.attn.out_proj(mixed.movedim(1, -2).flatten(-2))
        return x + self.block.mlp(self.block.ln_2(x))

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).movedim(-2, 1)
