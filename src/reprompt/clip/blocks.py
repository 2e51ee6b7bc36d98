"""One residual attention block of open_clip, taken apart: who asks, who is looked at, and what follows.

The fast paths of both towers need queries of some tokens against keys and values of others. The weights are the
block's own, perhaps with an update for every run beside them (updates.py); nothing is patched. `block(x)` itself is
the plain path.

    R runs, S positions, D width, H heads, C = D / H
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from reprompt.clip.savings import Savings

# Kept for the backward pass by one block, in multiples of its width: 14 to 16 in the text tower, 7 to 9 in the image
# tower, measured with saved-tensor hooks (frozen weights need no inputs).
FLOATS_PER_TOKEN = 16


class Heads:
    """The projections of one block, over any leading axes: (R, ..., S, D) <-> (R, H, ..., S, C)."""

    def __init__(self, block: nn.Module):
        self.block, self.update = block, getattr(block, "update", None)
        self.weight, self.bias = block.attn.in_proj_weight, block.attn.in_proj_bias
        self.width, self.heads = block.attn.embed_dim, block.attn.num_heads
        self.scale = (self.width // self.heads) ** -0.5

    def project(self, x: Tensor) -> Tensor:
        """Queries, keys and values of normalised tokens side by side, in one product: (..., D) -> (..., 3 D)."""
        projected = F.linear(x, self.weight, self.bias)
        if self.update is None:
            return projected
        parts = zip("qkv", projected.chunk(3, dim=-1), strict=True)
        return torch.cat([self._updated(matrix, part, x) for matrix, part in parts], dim=-1)

    def queries(self, x: Tensor) -> Tensor:
        """Queries of normalised tokens, not yet scaled: (R, ..., S, D) -> (R, H, ..., S, C)."""
        queries = F.linear(x, self.weight[: self.width], self.bias[: self.width])
        return self._split(self._updated("q", queries, x))

    def keys_and_values(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values of normalised tokens: (R, ..., S, D) -> twice (R, H, ..., S, C)."""
        keys, values = F.linear(x, self.weight[self.width :], self.bias[self.width :]).chunk(2, dim=-1)
        return self._split(self._updated("k", keys, x)), self._split(self._updated("v", values, x))

    def split(self, projected: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values of what `project` gave: (R, ..., S, 3 D) -> three times (R, H, ..., S, C)."""
        return tuple(self._split(part) for part in projected.chunk(3, dim=-1))

    def join(self, mixed: Tensor) -> Tensor:
        """What the heads mixed, side by side again: (R, H, ..., S, C) -> (R, ..., S, D)."""
        return mixed.movedim(1, -2).flatten(-2)

    def finish(self, x: Tensor, mixed: Tensor) -> Tensor:
        """The rest of the block: output projection, residual, feed-forward; all are (R, ..., S, D)."""
        x = x + self._updated("o", self.block.attn.out_proj(mixed), mixed)
        return x + self.block.mlp(self.block.ln_2(x))

    def _updated(self, matrix: str, projected: Tensor, x: Tensor) -> Tensor:
        """What a matrix of the block makes of tokens x, and what its update adds, if there is one."""
        added = None if self.update is None else self.update.of(matrix, x)
        return projected if added is None else projected + added

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).movedim(-2, 1)


def keeps_too_much(transformer: nn.Module, tokens: int, x: Tensor, savings: Savings) -> bool:
    """Whether what the backward pass through all blocks keeps of that many tokens like `x` is better computed anew.

    Attention weights are not counted.
    """
    kept = FLOATS_PER_TOKEN * len(transformer.resblocks) * tokens * x.shape[-1] * x.element_size()
    return kept > savings.recompute_above


def through(step: Callable, *inputs: Tensor, recompute: bool):
    """`step(*inputs)`, its activations kept or recomputed in the backward pass."""
    if recompute and torch.is_grad_enabled():
        return checkpoint(step, *inputs, use_reentrant=False)
    return step(*inputs)
