"""Blocks whose weights differ from run to run: low-rank updates as an argument, beside a tower that stays as it is.

R runs, S positions, D width, r rank, M updated matrices of a block
"""

from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Literal

import torch
import torch.nn.functional as F
from open_clip.model import CLIP
from torch import Tensor, nn

Matrix = Literal["q", "k", "v", "o"]  # of queries, keys, values, and of what the heads mixed


@dataclass(frozen=True)
class LowRank:
    """W x becomes W x + scale B A x in the named matrices of one block: `down` A (R, M, r, D), `up` B (R, M, D, r)."""

    matrices: tuple[Matrix, ...]
    down: Tensor
    up: Tensor
    scale: float

    def of(self, matrix: Matrix, x: Tensor) -> Tensor | None:
        """What is added to W x, whose first axis is R, or R times others; None where the matrix has no update."""
        if matrix not in self.matrices:
            return None
        place, rows = self.matrices.index(matrix), x.reshape(len(self.down), -1, x.shape[-1])
        down, up = (part[:, place].to(x.dtype).transpose(1, 2) for part in (self.down, self.up))
        return (self.scale * (rows @ down @ up)).view_as(x)

    def merged(self, matrix: Matrix, run: int) -> Tensor | float:
        """scale B A of one run (D, D); 0 where the matrix has no update."""
        if matrix not in self.matrices:
            return 0.0
        place = self.matrices.index(matrix)
        return self.scale * self.up[run, place] @ self.down[run, place]


class UpdatedBlock:
    """A residual attention block of open_clip with its update, which the fast paths take apart as they do the block."""

    def __init__(self, block: nn.Module, update: LowRank):
        self.block, self.update = block, update
        self.ln_1, self.attn, self.ln_2, self.mlp = block.ln_1, block.attn, block.ln_2, block.mlp

    def __call__(self, x: Tensor, attn_mask: Tensor | None = None) -> Tensor:
        """The plain path (R times others, S, D): every run with its weights added up, through PyTorch's attention."""
        mixed = [self._attended(part, run, attn_mask) for run, part in enumerate(x.chunk(len(self.update.down)))]
        x = x + torch.cat(mixed)
        return x + self.mlp(self.ln_2(x))

    def _attended(self, x: Tensor, run: int, mask: Tensor | None) -> Tensor:
        """The attention of one run's tokens (N, S, D)."""
        attention, tokens = self.attn, self.ln_1(x).transpose(0, 1)
        parts = attention.in_proj_weight.chunk(3)
        weights = [part + self._merged(matrix, run, part) for matrix, part in zip("qkv", parts, strict=True)]
        output = attention.out_proj.weight + self._merged("o", run, attention.out_proj.weight)
        mixed, _ = F.multi_head_attention_forward(
            *(tokens, tokens, tokens, attention.embed_dim, attention.num_heads),
            *(torch.cat(weights), attention.in_proj_bias, None, None, False, 0.0, output, attention.out_proj.bias),
            need_weights=False,
            attn_mask=mask,
        )
        return mixed.transpose(0, 1)

    def _merged(self, matrix: Matrix, run: int, weight: Tensor) -> Tensor | float:
        merged = self.update.merged(matrix, run)
        return merged if isinstance(merged, float) else merged.to(weight.dtype)


def updated_text(model: CLIP, updates: Sequence[LowRank]) -> SimpleNamespace:
    """The text tower as the paths of text.py read it, with the update of every block."""
    blocks = updated_blocks(model.transformer, updates)
    return SimpleNamespace(
        transformer=SimpleNamespace(resblocks=blocks),
        positional_embedding=model.positional_embedding,
        attn_mask=model.attn_mask,
        ln_final=model.ln_final,
        text_projection=model.text_projection,
    )


def updated_blocks(transformer: nn.Module, updates: Sequence[LowRank]) -> list[nn.Module | UpdatedBlock]:
    """The blocks of a tower, the first ones updated. Raises ValueError for more updates than blocks."""
    blocks = list(transformer.resblocks)
    if len(updates) > len(blocks):
        raise ValueError(f"{len(updates)} layers to update exceed the {len(blocks)} of the tower: lower lora_*_layers")
    updated = [UpdatedBlock(*both) for both in zip(blocks, updates, strict=False)]
    return [*updated, *blocks[len(updates) :]]


def updates_of(matrices: tuple[Matrix, ...], down: Tensor, up: Tensor, scale: float) -> list[LowRank]:
    """The update of every block: A (R, J, M, r, D) and B (R, J, M, D, r) of J blocks."""
    return [LowRank(matrices, a, b, scale) for a, b in zip(down.unbind(1), up.unbind(1), strict=True)]
