"""The text tower over embeddings: the plain path, and the exact fast path of a fleet.

The causal mask makes two savings exact. Nothing after a prompt's end token can change its feature, so a prompt is cut
there. And what all classes share at the front (start token and context, when the name comes last) is the same for
every class at every layer, so its keys and values are computed once per run; each class costs only its own tokens. In
the last block only the end position counts. Deep text prompts replace the context before a layer; they belong to the
shared front, so the same holds for them. Where every class has vectors of its own from some layer on (TCP), the front
is shared up to that layer, and from there on each class costs all of its tokens.

    R runs, K classes, M context vectors, P prefix tokens, L own tokens of the longest class, S positions, D text width,
    E joint width, H heads, C = D / H, Q asking positions, T own tokens of all classes
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import torch
import torch.nn.functional as F
from open_clip import get_tokenizer
from open_clip.model import CLIP
from torch import Tensor

from reprompt.clip.blocks import Heads, keeps_too_much, through
from reprompt.clip.savings import ALL_SAVINGS, Savings
from reprompt.clip.weights import CONTEXT_LENGTH

_tokenize = get_tokenizer("ViT-B-32")  # CLIP's byte-pair encoding: the same for every CLIP of OpenAI's


def tokenize(texts: list[str]) -> Tensor:
    """Token ids (N, 77) of `texts`. Raises ValueError for one that does not fit; none is cut."""
    tokens = _tokenize(texts, context_length=CONTEXT_LENGTH + 1)
    too_long = (tokens[:, CONTEXT_LENGTH] != 0).nonzero().flatten().tolist()
    if too_long:
        raise ValueError(f"{texts[too_long[0]]!r} has more than CLIP's {CONTEXT_LENGTH} tokens: shorten the class name")
    return tokens[:, :CONTEXT_LENGTH]


def detokenize(tokens: Tensor) -> str:
    """The words of token ids (S,)."""
    return _tokenize.decode(tokens.tolist()).strip()


def encode_texts(model: CLIP, texts: list[str], savings: Savings = ALL_SAVINGS) -> Tensor:
    """Normalised features (N, E) of plain texts."""
    return F.normalize(projected_texts(model, texts, savings), dim=-1)


def projected_texts(model: CLIP, texts: list[str], savings: Savings = ALL_SAVINGS) -> Tensor:
    """Features (N, E) of plain texts as the projection leaves them, of whatever length."""
    tokens_NS = tokenize(texts).to(model.positional_embedding.device)
    ends_N = tokens_NS.argmax(dim=1)
    length = int(ends_N.max()) + 1 if savings.cut_at_end else CONTEXT_LENGTH
    x = model.token_embedding(tokens_NS[:, :length]) + model.positional_embedding[:length]
    x = model.transformer(x, attn_mask=model.attn_mask[:length, :length])
    return _projected(model, x[torch.arange(len(x)), ends_N], torch.promote_types(x.dtype, torch.float32))


@dataclass(frozen=True)
class Entering:
    """What enters the text tower before a block, in place of the M tokens after the start token.

    `vectors` are the same for all classes (R, M, D), or each class's own (R, K, M, D). `share` of them is mixed with
    1 - `share` of what was there.
    """

    vectors: Tensor
    share: float = 1.0

    def into(self, x: Tensor) -> Tensor:
        """Tokens (..., S, D), start token first, with the vectors in their places."""
        vectors, behind = self.vectors.to(x.dtype), 1 + self.vectors.shape[-2]
        if self.share != 1:
            vectors = self.share * vectors + (1 - self.share) * x[..., 1:behind, :]
        return torch.cat([x[..., :1, :], vectors, x[..., behind:, :]], dim=-2)

    def of_each(self, classes: int) -> "Entering":
        """The same with vectors (R, K, M, D) for each of K classes."""
        if self.vectors.ndim == 4:
            return self
        return replace(self, vectors=self.vectors[:, None].expand(-1, classes, -1, -1))


def layer_by_layer(deep_RJMD: Tensor | None) -> dict[int, Entering]:
    """Deep prompts (R, J, M, D) as what enters before block 1, 2, ... J."""
    return {} if deep_RJMD is None else {j + 1: Entering(deep) for j, deep in enumerate(deep_RJMD.unbind(1))}


def encode_prompts(
    model: CLIP,
    prefix_RPD: Tensor,
    own_RKLD: Tensor,
    ends_K: Tensor,
    entering: Mapping[int, Entering] = MappingProxyType({}),
    savings: Savings = ALL_SAVINGS,
) -> Tensor:
    """Normalised class features (R, K, E) of prompts given as token embeddings.

    A prompt is the prefix that all classes share followed by the class's own tokens (R or 1, K, L, D), read at
    `ends_K` of these. `entering` says what enters before which block, counted from 0. Raises ValueError for a prompt of
    more than CLIP's 77 tokens, and where something enters before the first block or where there is none.
    """
    layers = len(model.transformer.resblocks)
    if wrong := [layer for layer in entering if not 1 <= layer < layers]:
        raise ValueError(f"prompts enter before block {wrong[0]} of the text tower: it takes them at 1 to {layers - 1}")
    longest = int(ends_K.max()) + 1
    shared = prefix_RPD.shape[1]
    if shared + longest > CONTEXT_LENGTH:
        raise ValueError(
            f"{shared} tokens of context and {longest} of the longest class exceed CLIP's {CONTEXT_LENGTH}"
        )
    learned_type, dtype = prefix_RPD.dtype, model.positional_embedding.dtype
    prefix_RPD, own_RKLD = prefix_RPD.to(dtype), own_RKLD[:, :, :longest].to(dtype)
    encode = _encode_shared if savings.shared_prefix else _encode_each
    read_out = encode(model, prefix_RPD, own_RKLD, ends_K, entering, savings)
    return F.normalize(_projected(model, read_out, learned_type), dim=-1)


def _projected(model: CLIP, read_out: Tensor, dtype: torch.dtype) -> Tensor:
    """What was read at the end tokens, as features: (..., D) -> (..., E)."""
    return (model.ln_final(read_out) @ model.text_projection).to(dtype)


def _encode_each(
    model: CLIP,
    prefix_RPD: Tensor,
    own_RKLD: Tensor,
    ends_K: Tensor,
    entering: Mapping[int, Entering],
    savings: Savings,
) -> Tensor:
    """Every prompt by itself, through open_clip's own blocks: (R, K, D) at the end tokens."""
    (runs, shared, _), (_, classes, longest, _) = prefix_RPD.shape, own_RKLD.shape
    length = shared + longest if savings.cut_at_end else CONTEXT_LENGTH
    prompts = [prefix_RPD[:, None].expand(-1, classes, -1, -1), own_RKLD.expand(runs, -1, -1, -1)]
    x = F.pad(torch.cat(prompts, dim=2).flatten(0, 1), (0, 0, 0, length - shared - longest))
    x = x + model.positional_embedding[:length]
    mask, ends = model.attn_mask[:length, :length], (ends_K + shared).repeat(runs)
    recompute = keeps_too_much(model.transformer, x.shape[0] * length, x, savings)
    for layer, block in enumerate(model.transformer.resblocks):
        if layer in entering:
            x = entering[layer].of_each(classes).into(x.unflatten(0, (runs, classes))).flatten(0, 1)
        x = through(lambda x, block=block: block(x, attn_mask=mask), x, recompute=recompute)
    return x[torch.arange(len(x), device=x.device), ends].unflatten(0, (runs, classes))


@dataclass(frozen=True)
class Rows:
    """The own tokens of K classes one after another, T of them, without the padding of K x L places.

    `tokens` (T,) is each token's place among K x L, `places` (K x L,) the token at each place; padding repeats the end
    token, which it can: nothing before it looks there. Both are None where nothing is left out.
    """

    tokens: Tensor | None
    places: Tensor | None
    ends: Tensor

    @classmethod
    def of(cls, ends_K: Tensor, length: int, packed: bool) -> "Rows":
        """The rows of classes that end at `ends_K` of `length` places; unpacked rows keep their padding."""
        firsts = torch.arange(len(ends_K), device=ends_K.device)
        if not packed or (ends_K == length - 1).all():
            return cls(None, None, firsts * length + ends_K)
        place = torch.arange(length, device=ends_K.device)
        firsts = firsts + ends_K.cumsum(0) - ends_K  # a class has ends + 1 tokens
        tokens = (place <= ends_K[:, None]).flatten().nonzero().flatten()
        return cls(tokens, (firsts[:, None] + torch.minimum(place, ends_K[:, None])).flatten(), firsts + ends_K)

    def pack(self, places_RKLD: Tensor) -> Tensor:
        """(R, K, L, D) -> (R, T, D)."""
        flat = places_RKLD.flatten(1, 2)
        return flat if self.tokens is None else flat.index_select(1, self.tokens)

    def unpack(self, tokens_RTD: Tensor) -> Tensor:
        """(R, T, D) -> (R, K, L, D)."""
        placed = tokens_RTD if self.places is None else tokens_RTD.index_select(1, self.places)
        return placed.unflatten(1, (len(self.ends), -1))


@dataclass(frozen=True)
class Layout:
    """P tokens that all K classes share, and behind them, in `rows`, the own tokens of each, of at most `length`."""

    shared: int
    ends_K: Tensor
    length: int
    rows: Rows

    @classmethod
    def of(cls, shared: int, ends_K: Tensor, length: int, packed: bool) -> "Layout":
        """The layout of classes whose own tokens end at `ends_K` of `length` places."""
        return cls(shared, ends_K, length, Rows.of(ends_K, length, packed))

    def apart(self, x_RTD: Tensor) -> Tensor:
        """Every class with a copy of what was shared before its own tokens: (R, P + T, D) -> (R, K, P + L, D)."""
        prefix, own = x_RTD[:, : self.shared], self.rows.unpack(x_RTD[:, self.shared :])
        return torch.cat([prefix[:, None].expand(-1, own.shape[1], -1, -1), own], dim=2)


def _encode_shared(
    model: CLIP,
    prefix_RPD: Tensor,
    own_RKLD: Tensor,
    ends_K: Tensor,
    entering: Mapping[int, Entering],
    savings: Savings,
) -> Tensor:
    """The fast path: (R, K, D) at the end tokens.

    Prefix and own tokens are rows of one tensor, so that every linear layer reads its weights once: with few classes
    reading them is what costs.
    """
    (runs, shared, _), (_, classes, longest, _) = prefix_RPD.shape, own_RKLD.shape
    length = longest if savings.cut_at_end else CONTEXT_LENGTH - shared
    layout, positions = Layout.of(shared, ends_K, length, savings.packed), model.positional_embedding
    own = layout.rows.pack(F.pad(own_RKLD, (0, 0, 0, length - longest)) + positions[shared : shared + length])
    x = torch.cat([prefix_RPD + positions[:shared], own.expand(runs, -1, -1)], dim=1)  # (R, P + T, D)
    blocks = list(model.transformer.resblocks)
    recompute = keeps_too_much(model.transformer, runs * x.shape[1], x, savings)
    for layer, block in enumerate(blocks):
        if layer in entering and (entering[layer].vectors.ndim == 4 or not layout.shared):
            apart = entering[layer].of_each(classes).into(layout.apart(x))
            layout = Layout.of(0, layout.ends_K + layout.shared, apart.shape[2], savings.packed)
            x = layout.rows.pack(apart)
            recompute = keeps_too_much(model.transformer, runs * x.shape[1], x, savings)
        elif layer in entering:
            x = entering[layer].into(x)
        only_ends = block is blocks[-1] and savings.read_out_only

        def step(x: Tensor, block=block, only_ends=only_ends, layout=layout) -> Tensor:
            shared, rows, ends_K = layout.shared, layout.rows, layout.ends_K
            prefix_mask, own_mask = (model.attn_mask[:size, :size] for size in (shared, layout.length))
            heads = Heads(block)
            projected = heads.project(block.ln_1(x))  # (R, P + T, 3 D)
            prefix_queries, prefix_keys, prefix_values = heads.split(projected[:, :shared])  # (R, H, P, C)
            queries, keys, values = heads.split(rows.unpack(projected[:, shared:]))  # (R, H, K, L, C)
            mask = own_mask
            if only_ends:
                asking = ends_K.view(1, 1, classes, 1, 1).expand(*queries.shape[:3], 1, queries.shape[-1])
                queries, mask = queries.gather(3, asking), own_mask[ends_K][:, None]  # each class from its own end
            # Every class looks at the one shared prefix (R, H, K x Q, P) and at its own tokens (R, H, K, Q, L).
            queries = queries * heads.scale
            to_prefix = (queries.flatten(2, 3) @ prefix_keys.transpose(-1, -2)).unflatten(2, queries.shape[2:4])
            to_own = queries @ keys.transpose(-1, -2) + mask
            weights = torch.cat([to_prefix, to_own], dim=-1).softmax(dim=-1)
            of_prefix = (weights[..., :shared].flatten(2, 3) @ prefix_values).unflatten(2, queries.shape[2:4])
            mixed = heads.join(of_prefix + weights[..., shared:] @ values)  # (R, K, Q, D)
            if only_ends:
                return heads.finish(x.index_select(1, shared + rows.ends), mixed.squeeze(2))
            within = prefix_queries * heads.scale @ prefix_keys.transpose(-1, -2) + prefix_mask
            front = heads.join(within.softmax(dim=-1) @ prefix_values)
            return heads.finish(x, torch.cat([front, rows.pack(mixed)], dim=1))

        x = through(step, x, recompute=recompute)
    return x if savings.read_out_only else x.index_select(1, layout.shared + layout.rows.ends)
