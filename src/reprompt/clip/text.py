"""The text tower over embeddings: the plain path, and the exact fast path of a fleet.

The causal mask makes two savings exact. Nothing after a prompt's end token can change its feature, so a prompt is cut
there. And what all classes share at the front (start token and context, when the name comes last) is the same for
every class at every layer, so its keys and values are computed once per run; each class costs only its own tokens. In
the last block only the end position counts. Deep text prompts replace the context before a layer; they belong to the
shared front, so the same holds for them.

    R runs, K classes, P prefix tokens, L own tokens of the longest class, S positions, D text width, E joint width,
    H heads, C = D / H, Q asking positions
"""

import torch
import torch.nn.functional as F
from open_clip import get_tokenizer
from open_clip.model import CLIP
from torch import Tensor

from reprompt.clip.blocks import Heads, activation_bytes, through
from reprompt.clip.savings import ALL_SAVINGS, Savings
from reprompt.clip.weights import CONTEXT_LENGTH

_tokenize = get_tokenizer("ViT-B-32")  # CLIP's byte-pair encoding: the same for every CLIP of OpenAI's


def tokenize(texts: list[str]) -> Tensor:
    """Token ids (N, 77) of `texts`; a text that does not fit is an error, never cut."""
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
    tokens_NS = tokenize(texts).to(model.positional_embedding.device)
    ends_N = tokens_NS.argmax(dim=1)
    length = int(ends_N.max()) + 1 if savings.cut_at_end else CONTEXT_LENGTH
    x = model.token_embedding(tokens_NS[:, :length]) + model.positional_embedding[:length]
    x = model.transformer(x, attn_mask=model.attn_mask[:length, :length])
    return _features(model, x[torch.arange(len(x)), ends_N], torch.promote_types(x.dtype, torch.float32))


def encode_prompts(
    model: CLIP,
    prefix_RPD: Tensor,
    own_RKLD: Tensor,
    ends_K: Tensor,
    deep_RJMD: Tensor | None = None,
    savings: Savings = ALL_SAVINGS,
) -> Tensor:
    """Normalised class features (R, K, E) of prompts given as token embeddings.

    A prompt is the prefix that all classes share followed by the class's own tokens (R or 1, K, L, D), read at
    `ends_K` of these. `deep_RJMD` holds what replaces the M tokens after the start token before block 1, 2, ... J.
    """
    longest = int(ends_K.max()) + 1
    shared = prefix_RPD.shape[1]
    if shared + longest > CONTEXT_LENGTH:
        raise ValueError(
            f"{shared} tokens of context and {longest} of the longest class exceed CLIP's {CONTEXT_LENGTH}"
        )
    learned_type, dtype = prefix_RPD.dtype, model.positional_embedding.dtype
    prefix_RPD, own_RKLD = prefix_RPD.to(dtype), own_RKLD[:, :, :longest].to(dtype)
    deep = [] if deep_RJMD is None else list(deep_RJMD.to(dtype).unbind(1))
    encode = _encode_shared if savings.shared_prefix else _encode_each
    return _features(model, encode(model, prefix_RPD, own_RKLD, ends_K, deep, savings), learned_type)


def _features(model: CLIP, read_out: Tensor, dtype: torch.dtype) -> Tensor:
    return F.normalize((model.ln_final(read_out) @ model.text_projection).to(dtype), dim=-1)


def _encode_each(
    model: CLIP, prefix_RPD: Tensor, own_RKLD: Tensor, ends_K: Tensor, deep: list[Tensor], savings: Savings
) -> Tensor:
    """Every prompt by itself, through open_clip's own blocks: (R, K, D) at the end tokens."""
    (runs, shared, _), (_, classes, longest, _) = prefix_RPD.shape, own_RKLD.shape
    length = shared + longest if savings.cut_at_end else CONTEXT_LENGTH
    prompts = [prefix_RPD[:, None].expand(-1, classes, -1, -1), own_RKLD.expand(runs, -1, -1, -1)]
    x = F.pad(torch.cat(prompts, dim=2).flatten(0, 1), (0, 0, 0, length - shared - longest))
    x = x + model.positional_embedding[:length]
    mask, ends = model.attn_mask[:length, :length], (ends_K + shared).repeat(runs)
    recompute = _recompute(model, x.shape[0] * length, savings)
    for layer, block in enumerate(model.transformer.resblocks):
        if 1 <= layer <= len(deep):
            fresh = deep[layer - 1].repeat_interleave(classes, dim=0)
            x = torch.cat([x[:, :1], fresh, x[:, 1 + fresh.shape[1] :]], dim=1)
        x = through(lambda x, block=block: block(x, attn_mask=mask), x, recompute=recompute)
    return x[torch.arange(len(x), device=x.device), ends].unflatten(0, (runs, classes))


def _encode_shared(
    model: CLIP, prefix_RPD: Tensor, own_RKLD: Tensor, ends_K: Tensor, deep: list[Tensor], savings: Savings
) -> Tensor:
    """The fast path: (R, K, D) at the end tokens."""
    (runs, shared, width), (_, classes, longest, _) = prefix_RPD.shape, own_RKLD.shape
    length = longest if savings.cut_at_end else CONTEXT_LENGTH - shared
    positions = model.positional_embedding
    prefix = prefix_RPD + positions[:shared]
    own = F.pad(own_RKLD, (0, 0, 0, length - longest)) + positions[shared : shared + length]
    prefix_mask, own_mask = model.attn_mask[:shared, :shared], model.attn_mask[:length, :length]
    ends = ends_K.view(1, classes, 1, 1)
    blocks = list(model.transformer.resblocks)
    recompute = _recompute(model, runs * (shared + classes * length), savings)
    for layer, block in enumerate(blocks):
        if 1 <= layer <= len(deep):
            prefix = torch.cat([prefix[:, :1], deep[layer - 1], prefix[:, 1 + deep[layer - 1].shape[1] :]], dim=1)
        last = block is blocks[-1]

        def step(prefix: Tensor, own: Tensor, block=block, last=last) -> tuple[Tensor, Tensor]:
            heads = Heads(block)
            prefix_queries, prefix_keys, prefix_values = heads.all_three(block.ln_1(prefix))
            normalised = block.ln_1(own)
            keys, values = heads.keys_and_values(normalised)
            asking, mask = normalised, own_mask
            if last and savings.read_out_only:
                asking, own = (x.gather(2, ends.expand(len(x), -1, 1, width)) for x in (normalised, own))
                mask = own_mask[ends_K][:, None]  # (K, 1, L): each class asks from its own end token
            queries = heads.queries(asking) * heads.scale  # (R or 1, H, K, Q, C)
            # Every class looks at the one shared prefix (R, H, K x Q, P) and at its own tokens (R, H, K, Q, L).
            of_all = queries.flatten(2, 3)
            to_prefix = (of_all @ prefix_keys.transpose(-1, -2)).unflatten(2, queries.shape[2:4])
            to_own = queries @ keys.transpose(-1, -2) + mask
            weights = torch.cat([to_prefix, to_own.expand(runs, -1, -1, -1, -1)], dim=-1).softmax(dim=-1)
            of_prefix = (weights[..., :shared].flatten(2, 3) @ prefix_values).unflatten(2, queries.shape[2:4])
            own = heads.finish(own, of_prefix + weights[..., shared:] @ values)
            if not last:
                within = prefix_queries * heads.scale @ prefix_keys.transpose(-1, -2) + prefix_mask
                within = within.softmax(dim=-1)
                prefix = heads.finish(prefix, within @ prefix_values)
            return prefix, own

        prefix, own = through(step, prefix, own, recompute=recompute)
    if own.shape[2] > 1:
        own = own.gather(2, ends.expand(runs, -1, 1, width))
    return own.squeeze(2)


def _recompute(model: CLIP, tokens: int, savings: Savings) -> bool:
    """Whether a pass over that many tokens keeps too much for the backward pass."""
    positions = model.positional_embedding
    kept = activation_bytes(len(model.transformer.resblocks), tokens, positions.shape[1], positions.element_size())
    return kept > savings.recompute_above
