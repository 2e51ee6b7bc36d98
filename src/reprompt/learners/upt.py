"""UPT: text and visual prompts that pass through one small transformer. MVLPT section 3.2, arXiv:2211.11720.

    paper         here        meaning
    U = [P_t,P_v] tokens      all prompts, text first, projected to the block's width                     eq. 3
    SA, FFN       mix_*       pre-norm blocks, by default one with a single head; QuickGELU inside        eq. 4
    ~P_t, ~P_v    mixed       projected back and used as context and as visual prompts

`attention` is the one switch. "tokens" is what the paper says: every prompt token attends to all of them. "itself" is
what the released code computes: it hands the block its axes swapped, so every token attends only to itself and text
and visual prompts do not meet. The paper's eq. 4 prints the residual around the layer norm; the code's block, here
too, is x + SA(LN(x)), then x + FFN(LN(x)).
Figure 6 varies the block: `mix_heads` split its width among heads, `mix_layers` blocks follow each other, `mix_width`
is P. Where tokens attend to themselves alone heads make no difference: a single key has weight one in every head.
Visual prompts enter after `ln_pre`; the name stands in the middle in the released scripts.

    R runs, M context vectors, J layers, N visual prompts per layer, S tokens, P the block's width, H its heads
"""

from typing import Literal

import torch
import torch.nn.functional as F
from pydantic import PositiveInt
from torch import Tensor

from reprompt.cells.axes import ImagePromptSettings, TextPrompts, Widths
from reprompt.clip.backbones import Backbone
from reprompt.clip.params import Params
from reprompt.clip.prompts import ClassPrompts
from reprompt.clip.savings import ALL_SAVINGS, Savings
from reprompt.clip.text import encode_prompts
from reprompt.clip.vision import encode_prompted_images, require_tokens
from reprompt.initialisation.context import initial_context, random_vectors
from reprompt.learners.affine import affine, default_affine
from reprompt.learners.output import LearnerOutput
from reprompt.learners.visual_start import enters_before_norm, visual_prompts


class Settings(ImagePromptSettings):
    """`context_length` M, `visual_length` N, `visual_depth` J, and the block: `mix_width` P, `mix_heads` H, layers."""

    label = "UPT"
    images_at_once = 32

    context_length: PositiveInt
    position: Literal["end", "middle", "front"] = "end"
    class_specific: bool = False
    mix_width: PositiveInt
    mix_heads: PositiveInt = 1
    mix_layers: PositiveInt = 1
    attention: Literal["itself", "tokens"]

    @property
    def text_prompts(self) -> TextPrompts:
        return TextPrompts(self.context_length, position=self.position, per_class=self.class_specific)

    def beside_prompts(self, widths: Widths) -> int:
        """Projections and blocks."""
        mix = self.mix_width
        projections = sum((width + 1) * mix + (mix + 1) * width for width in (widths.text, widths.image))
        return projections + self.mix_layers * (12 * mix**2 + 13 * mix)


class Learner:
    """Classifies by unified prompts."""

    sees = "pixels"
    images_at_once = Settings.images_at_once

    def __init__(self, backbone: Backbone, class_names: list[str], settings: Settings, savings: Savings = ALL_SAVINGS):
        self.backbone, self.settings, self.savings = backbone, settings, savings
        self.tower = require_tokens(backbone.model, "unified prompts")
        self.prompts = ClassPrompts.of(backbone.model, class_names, settings.position)
        self.classes = len(class_names)

    def start(self, initialisation: str, stream: torch.Generator) -> Params:
        """context (M, D) or (K, M, D), visual (J, N, W), the four projections and the blocks.

        Further blocks are drawn last, so that the first starts the same however many there are.
        """
        length, text, image = self.settings.context_length, self.backbone.text_width, self.tower.proj.shape[0]
        mix = self.settings.mix_width
        if self.settings.class_specific:
            context = random_vectors(self.classes, length, text, stream=stream)
        else:
            context = initial_context(self.backbone, initialisation, length, stream)
        attention = _attention_start(block_name(1), mix, stream)
        params = {
            "context": context,
            "visual": visual_prompts(self.tower, self.settings, stream),
            **default_affine("text_in", text, mix, stream),
            **default_affine("text_out", mix, text, stream),
            **default_affine("visual_in", image, mix, stream),
            **default_affine("visual_out", mix, image, stream),
            **attention,
            **_rest_of_block_start(block_name(1), mix, stream),
        }
        for block in map(block_name, range(2, self.settings.mix_layers + 1)):
            params |= _attention_start(block, mix, stream) | _rest_of_block_start(block, mix, stream)
        return params

    def forward(self, params: Params, images: Tensor) -> LearnerOutput:
        """All learned tensors with a leading run axis and pixels -> features and logits."""
        context, visual = params["context"], params["visual"]
        text_tokens, visual_tokens = context.flatten(1, -2), visual.flatten(1, -2)
        tokens = [_project(text_tokens, params, "text_in"), _project(visual_tokens, params, "visual_in")]
        block = self.settings.attention, self.settings.mix_heads, self.settings.mix_layers
        mixed = mix(torch.cat(tokens, dim=1), params, *block)
        of_text, of_visual = mixed.split([text_tokens.shape[1], visual_tokens.shape[1]], dim=1)
        context = _project(of_text, params, "text_out").view_as(context)
        visual = _project(of_visual, params, "visual_out").view_as(visual)
        model = self.backbone.model
        classes = encode_prompts(model, *self.prompts.around(context), savings=self.savings)
        features = encode_prompted_images(model, images, visual, enters_before_norm(self.settings), self.savings)
        return LearnerOutput(features, classes, self.backbone.scale)


def block_name(layer: int) -> str:
    """How the tensors of a block are called, layers counted from 1: mix_fc_1_weight, then mix_2_fc_1_weight."""
    return "mix" if layer == 1 else f"mix_{layer}"


def mix(tokens_RSP: Tensor, params: Params, attention: str, heads: int = 1, layers: int = 1) -> Tensor:
    """The blocks one after another over the prompt tokens: same shape out."""
    for layer in range(1, layers + 1):
        tokens_RSP = mix_block(tokens_RSP, params, attention, heads, block_name(layer))
    return tokens_RSP


def mix_block(x_RSP: Tensor, params: Params, attention: str, heads: int, block: str) -> Tensor:
    """Equation 4, one pre-norm block over the prompt tokens: same shape out. Raises ValueError for other attention."""
    projected = affine(_norm(x_RSP, params, f"{block}_norm_1"), params, f"{block}_attention_in")
    queries, keys, values = (_by_head(part, heads) for part in projected.chunk(3, dim=-1))
    if attention == "tokens":
        values = (queries @ keys.transpose(-1, -2) / keys.shape[-1] ** 0.5).softmax(dim=-1) @ values
    elif attention != "itself":  # a single key has weight one
        raise ValueError(f"attention {attention!r}: 'tokens' (the paper) or 'itself' (the released code)")
    x = x_RSP + affine(values.transpose(1, 2).flatten(2), params, f"{block}_attention_out")
    hidden = affine(_norm(x, params, f"{block}_norm_2"), params, f"{block}_fc_1")
    return x + affine(hidden * torch.sigmoid(1.702 * hidden), params, f"{block}_fc_2")


def _attention_start(block: str, width: int, stream: torch.Generator) -> Params:
    """One run's attention as PyTorch starts it: Xavier's rule for queries, keys and values, and zero biases."""
    bound = (6 / (width + 3 * width)) ** 0.5
    attention_in = bound * (2 * torch.rand(3 * width, width, generator=stream) - 1)
    attention_out = default_affine(f"{block}_attention_out", width, width, stream)[f"{block}_attention_out_weight"]
    return {
        f"{block}_attention_in_weight": attention_in,
        f"{block}_attention_out_weight": attention_out,
        f"{block}_attention_in_bias": torch.zeros(3 * width),
        f"{block}_attention_out_bias": torch.zeros(width),
    }


def _rest_of_block_start(block: str, width: int, stream: torch.Generator) -> Params:
    """One run's feed-forward layers, four times as wide inside, and both norms."""
    return {
        **default_affine(f"{block}_fc_1", width, 4 * width, stream),
        **default_affine(f"{block}_fc_2", 4 * width, width, stream),
        **{f"{block}_norm_{n}_weight": torch.ones(width) for n in (1, 2)},
        **{f"{block}_norm_{n}_bias": torch.zeros(width) for n in (1, 2)},
    }


def _by_head(x_RSP: Tensor, heads: int) -> Tensor:
    """(R, S, P) -> (R, H, S, P / H). Raises ValueError where the heads do not divide the width."""
    if x_RSP.shape[-1] % heads:
        raise ValueError(f"mix_heads {heads} does not divide mix_width {x_RSP.shape[-1]}")
    return x_RSP.unflatten(-1, (heads, -1)).transpose(1, 2)


def _project(tokens: Tensor, params: Params, name: str) -> Tensor:
    """A projection, if there is one: the released code has none where the widths agree."""
    return affine(tokens, params, name) if f"{name}_weight" in params else tokens


def _norm(x: Tensor, params: Params, name: str) -> Tensor:
    normalised = F.layer_norm(x, x.shape[-1:])
    return normalised * params[f"{name}_weight"][:, None] + params[f"{name}_bias"][:, None]
