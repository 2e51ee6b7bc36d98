"""What an image tower has before its projection to the joint space, and that projection.

B images, W width before the projection, E joint width
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from open_clip.model import CLIP
from open_clip.modified_resnet import ModifiedResNet
from torch import Tensor

from reprompt.clip.vision import require_tokens, stem


class Projection(NamedTuple):
    """Features are x W + b: `weight` (W, E), and `bias`, (E,) or, of a ViT, 0."""

    weight: Tensor
    bias: Tensor


def projection_of(model: CLIP, dtype: torch.dtype) -> Projection:
    """The projection of a CLIP's image tower: of a ViT, or of the attention pool of a ResNet."""
    if isinstance(model.visual, ModifiedResNet):
        output = model.visual.attnpool.c_proj
        return Projection(output.weight.detach().T.to(dtype), output.bias.detach().to(dtype))
    weight = require_tokens(model, "a learned projection").proj.detach().to(dtype)
    return Projection(weight, weight.new_zeros(()))


@torch.no_grad()
def unprojected_features(model: CLIP, pixels: Tensor) -> Tensor:
    """What the tower has of images (..., 3, H, W) before its projection: (..., W)."""
    tower, images = model.visual, pixels.flatten(0, -4)
    if not isinstance(tower, ModifiedResNet):
        x = tower.transformer(stem(model, images))
        return tower.ln_post(x[:, 0]).unflatten(0, pixels.shape[:-3])
    x = images.to(tower.conv1.weight.dtype)
    for layer in (tower.stem, tower.layer1, tower.layer2, tower.layer3, tower.layer4):
        x = layer(x)
    return _pooled(tower.attnpool, x).unflatten(0, pixels.shape[:-3])


def _pooled(pool: torch.nn.Module, x: Tensor) -> Tensor:
    """The attention pool of a ResNet but for its output layer: (B, W, H', W') -> (B, W)."""
    x = x.flatten(2).permute(2, 0, 1)
    x = torch.cat([x.mean(dim=0, keepdim=True), x]) + pool.positional_embedding[:, None]
    queries, keys, values = pool.q_proj(x[:1]), pool.k_proj(x), pool.v_proj(x)  # (1 or S, B, W)
    of_heads = (part.unflatten(-1, (pool.num_heads, -1)).permute(1, 2, 0, 3) for part in (queries, keys, values))
    return F.scaled_dot_product_attention(*of_heads).squeeze(2).flatten(1)
