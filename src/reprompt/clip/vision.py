"""The image tower over tokens, with visual prompts as an argument: the plain path and the exact fast one.

Attention among image tokens has no mask and prompts have no position, so it does not matter where among the patches a
prompt stands, only which layers it enters and whether it passes the first layer norm (`ln_pre`). Three savings are
exact. A deep prompt that the next layer replaces is never asked for its own output: it only lends keys and values,
the same for all images of a run. In the last block only the class token counts. And the tokens before the first block
do not depend on prompts (`stem`).

    R runs, B images, T image tokens (class token first), J layers with prompts, N prompts per layer, W tower width,
    E joint width, H heads
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from open_clip.model import CLIP
from open_clip.transformer import VisionTransformer
from torch import Tensor

from reprompt.clip.blocks import Heads, keeps_too_much, through
from reprompt.clip.savings import ALL_SAVINGS, Savings
from reprompt.clip.updates import LowRank, updated_blocks


def require_tokens(model: CLIP, what: str) -> VisionTransformer:
    """The image tower. Raises ValueError unless it is made of tokens and read at its class token, as in CLIP's ViTs."""
    tower = model.visual
    if not isinstance(tower, VisionTransformer):
        raise ValueError(f"{what} need an image tower made of tokens (ViT); {type(tower).__name__} has none")
    if tower.pool_type != "tok" or tower.attn_pool is not None:
        raise ValueError(f"{what} need an image tower that is read at its class token; this one pools its tokens")
    return tower


def stem(model: CLIP, pixels: Tensor) -> Tensor:
    """What enters the first block: (..., 3, H, W) -> (..., T, W), class token first, after `ln_pre`."""
    tower = model.visual
    patches = tower.conv1(pixels.flatten(0, -4).to(tower.conv1.weight.dtype)).flatten(2).transpose(1, 2)
    tokens = torch.cat([tower.class_embedding.expand(len(patches), 1, -1), patches], dim=1)
    return tower.ln_pre(tokens + tower.positional_embedding).unflatten(0, pixels.shape[:-3])


def encode_prompted_images(
    model: CLIP,
    pixels_RBCHW: Tensor,
    prompts_RJNW: Tensor,
    before_norm: bool,
    savings: Savings = ALL_SAVINGS,
) -> Tensor:
    """Normalised features (R, B, E) of images (R or 1, B, 3, H, W) under the visual prompts of R runs.

    `prompts_RJNW[:, j]` enters before block j and replaces what came out of block j - 1 at the prompts' places; after
    layer J the last prompts go on through the tower. `before_norm` puts the first layer's prompts before `ln_pre`
    (MaPLe's repository), else after it (MVLPT's).
    """
    tower = model.visual
    prompts = list(prompts_RJNW.to(tower.proj.dtype).unbind(1))
    if before_norm:
        prompts[0] = tower.ln_pre(prompts[0])
    tokens = stem(model, pixels_RBCHW)
    encode = _encode_fast if savings.replaced_prompts else _encode_plain
    read_out = encode(tower, tokens.expand(len(prompts_RJNW), -1, -1, -1), prompts, savings)
    return F.normalize((tower.ln_post(read_out) @ tower.proj).to(prompts_RJNW.dtype), dim=-1)


def encode_updated_images(
    model: CLIP, pixels_RBCHW: Tensor, updates: Sequence[LowRank], savings: Savings = ALL_SAVINGS
) -> Tensor:
    """Normalised features (R, B, E) of images (R or 1, B, 3, H, W) by a tower with the updates of R runs."""
    tower, runs, kind = model.visual, len(updates[0].down), updates[0].down.dtype
    tokens = stem(model, pixels_RBCHW).expand(runs, -1, -1, -1)
    blocks = updated_blocks(tower.transformer, updates)
    x = tokens.flatten(0, 1)
    recompute = keeps_too_much(tower.transformer, x.shape[0] * x.shape[1], x, savings)
    for block in blocks:
        only_class_token = block is blocks[-1] and savings.read_out_only

        def step(x: Tensor, block=block, only_class_token=only_class_token) -> Tensor:
            heads, normalised = Heads(block), block.ln_1(x)
            if only_class_token:
                x, queries = x[:, :1], heads.queries(normalised[:, :1])
                keys, values = heads.keys_and_values(normalised)
            else:
                queries, keys, values = heads.split(heads.project(normalised))
            return heads.finish(x, heads.join(F.scaled_dot_product_attention(queries, keys, values)))

        x = through(step if savings.replaced_prompts else block, x, recompute=recompute)
    read_out = x[:, 0].unflatten(0, tokens.shape[:2])
    return F.normalize((tower.ln_post(read_out) @ tower.proj).to(kind), dim=-1)


def _encode_plain(tower: VisionTransformer, tokens: Tensor, prompts: list[Tensor], savings: Savings) -> Tensor:
    """Prompts appended and replaced as the papers' code does, through open_clip's own blocks: (R, B, W)."""
    runs, images = tokens.shape[:2]
    x, count = tokens.flatten(0, 1), prompts[0].shape[1]
    x = torch.cat([x, prompts[0].repeat_interleave(images, dim=0)], dim=1)
    recompute = keeps_too_much(tower.transformer, x.shape[0] * x.shape[1], x, savings)
    for layer, block in enumerate(tower.transformer.resblocks):
        if 1 <= layer < len(prompts):
            x = torch.cat([x[:, :-count], prompts[layer].repeat_interleave(images, dim=0)], dim=1)
        x = through(block, x, recompute=recompute)
    return x[:, 0].unflatten(0, (runs, images))


def _encode_fast(tower: VisionTransformer, tokens: Tensor, prompts: list[Tensor], savings: Savings) -> Tensor:
    """Prompts that are about to be replaced only lend keys and values: (R, B, W)."""
    runs, images = tokens.shape[:2]
    blocks = list(tower.transformer.resblocks)
    x = tokens.flatten(0, 1)
    recompute = keeps_too_much(tower.transformer, x.shape[0] * (x.shape[1] + prompts[0].shape[1]), x, savings)
    for layer, block in enumerate(blocks):
        fresh = prompts[layer] if layer < len(prompts) else None
        only_class_token = block is blocks[-1] and savings.read_out_only
        if fresh is not None and layer + 1 == len(prompts) and not only_class_token:
            x = torch.cat([x, fresh.repeat_interleave(images, dim=0)], dim=1)  # from here on they are tokens
            fresh = None

        def step(x: Tensor, *fresh: Tensor, block=block, only_class_token=only_class_token) -> Tensor:
            heads = Heads(block)
            normalised = block.ln_1(x)
            if only_class_token:
                x, queries = x[:, :1], heads.queries(normalised[:, :1])
                keys, values = heads.keys_and_values(normalised)
            else:
                queries, keys, values = heads.split(heads.project(normalised))
            if fresh:
                of_prompts = heads.keys_and_values(block.ln_1(fresh[0]))  # (R, H, N, C)
                lent = [part.repeat_interleave(images, dim=0) for part in of_prompts]
                keys, values = torch.cat([keys, lent[0]], dim=2), torch.cat([values, lent[1]], dim=2)
            return heads.finish(x, heads.join(F.scaled_dot_product_attention(queries, keys, values)))

        x = through(step, x, *([] if fresh is None else [fresh]), recompute=recompute)
    return x[:, 0].unflatten(0, (runs, images))
