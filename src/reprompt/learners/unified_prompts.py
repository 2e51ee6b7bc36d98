"""UPT: text and visual prompts that pass through one small transformer. MVLPT section 3.2, arXiv:2211.11720.

    paper         here        meaning
    U = [P_t,P_v] tokens      all prompts, text first, projected to the block's width                     eq. 3
    SA, FFN       mix_*       one pre-norm block with a single head; QuickGELU inside                     eq. 4
    ~P_t, ~P_v    mixed       projected back and used as context and as visual prompts

`attention` is the one switch. "tokens" is what the paper says: every prompt token attends to all of them. "itself" is
what the released code computes: it hands the block its axes swapped, so every token attends only to itself and text
and visual prompts do not meet. The paper's eq. 4 prints the residual around the layer norm; the code's block, here
too, is x + SA(LN(x)), then x + FFN(LN(x)).
Visual prompts enter after `ln_pre`; the name stands in the middle in the released scripts.

    R runs, M context vectors, J layers, N visual prompts per layer, P the block's width
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from reprompt.clip.backbones import Backbone
from reprompt.clip.prompts import ClassPrompts
from reprompt.clip.savings import ALL_SAVINGS, Savings
from reprompt.clip.text import encode_prompts
from reprompt.clip.vision import encode_images, require_tokens
from reprompt.initialisation.context import initial_context, random_vectors
from reprompt.learners.affine import affine, default_affine
from reprompt.learners.learner import Params
from reprompt.learners.outcome import Outcome
from reprompt.learners.visual_start import enters_before_norm, visual_prompts


class Learner:
    """Classifies by unified prompts.

    Settings: `context_length` M, `position`, `class_specific`, `visual_length` N, `visual_depth` J, `visual_start`,
    `placement`, `mix_width` P, `attention`.
    """

    sees = "pixels"
    images_at_once = 32

    def __init__(self, backbone: Backbone, class_names: list[str], settings: dict, savings: Savings = ALL_SAVINGS):
        self.backbone, self.settings, self.savings = backbone, settings, savings
        self.tower = require_tokens(backbone.model, "unified prompts")
        self.prompts = ClassPrompts.of(backbone.model, class_names, settings.get("position", "end"))
        self.classes = len(class_names)

    def start(self, how: str, stream: torch.Generator) -> Params:
        """context (M, D) or (K, M, D), visual (J, N, W), the four projections and the block."""
        length, text, image = self.settings["context_length"], self.backbone.text_width, self.tower.proj.shape[0]
        mix = self.settings["mix_width"]
        if self.settings.get("class_specific", False):
            context = random_vectors(self.classes, length, text, stream=stream)
        else:
            context = initial_context(self.backbone, how, length, stream)
        bound = (6 / (mix + 3 * mix)) ** 0.5  # PyTorch starts attention with Xavier's rule and zero biases
        attention_in = bound * (2 * torch.rand(3 * mix, mix, generator=stream) - 1)
        attention_out = default_affine("mix_attention_out", mix, mix, stream)["mix_attention_out_weight"]
        return {
            "context": context,
            "visual": visual_prompts(self.tower, self.settings, stream),
            **default_affine("text_in", text, mix, stream),
            **default_affine("text_out", mix, text, stream),
            **default_affine("visual_in", image, mix, stream),
            **default_affine("visual_out", mix, image, stream),
            "mix_attention_in_weight": attention_in,
            "mix_attention_out_weight": attention_out,
            "mix_attention_in_bias": torch.zeros(3 * mix),
            "mix_attention_out_bias": torch.zeros(mix),
            **default_affine("mix_fc_1", mix, 4 * mix, stream),
            **default_affine("mix_fc_2", 4 * mix, mix, stream),
            **{f"mix_norm_{n}_weight": torch.ones(mix) for n in (1, 2)},
            **{f"mix_norm_{n}_bias": torch.zeros(mix) for n in (1, 2)},
        }

    def forward(self, params: Params, images: Tensor) -> Outcome:
        """All learned tensors with a leading run axis and pixels -> features and logits."""
        context, visual = params["context"], params["visual"]
        text_tokens, visual_tokens = context.flatten(1, -2), visual.flatten(1, -2)
        tokens = [_project(text_tokens, params, "text_in"), _project(visual_tokens, params, "visual_in")]
        mixed = mix(torch.cat(tokens, dim=1), params, self.settings["attention"])
        of_text, of_visual = mixed.split([text_tokens.shape[1], visual_tokens.shape[1]], dim=1)
        context = _project(of_text, params, "text_out").view_as(context)
        visual = _project(of_visual, params, "visual_out").view_as(visual)
        model = self.backbone.model
        classes = encode_prompts(model, *self.prompts.around(context), savings=self.savings)
        features = encode_images(model, images, visual, enters_before_norm(self.settings), self.savings)
        return Outcome(features, classes, self.backbone.scale)


def mix(tokens_RNP: Tensor, params: Params, attention: str) -> Tensor:
    """Equation 4, one pre-norm block with a single head over the prompt tokens: same shape out."""
    normalised = _norm(tokens_RNP, params, "mix_norm_1")
    queries, keys, values = affine(normalised, params, "mix_attention_in").chunk(3, dim=-1)
    if attention == "tokens":
        values = (queries @ keys.transpose(1, 2) / keys.shape[-1] ** 0.5).softmax(dim=-1) @ values
    elif attention != "itself":  # a single key has weight one
        raise ValueError(f"attention {attention!r}: 'tokens' (the paper) or 'itself' (the released code)")
    x = tokens_RNP + affine(values, params, "mix_attention_out")
    hidden = affine(_norm(x, params, "mix_norm_2"), params, "mix_fc_1")
    return x + affine(hidden * torch.sigmoid(1.702 * hidden), params, "mix_fc_2")


def _project(tokens: Tensor, params: Params, name: str) -> Tensor:
    """A projection, if there is one: the released code has none where the widths agree."""
    return affine(tokens, params, name) if f"{name}_weight" in params else tokens


def _norm(x: Tensor, params: Params, name: str) -> Tensor:
    normalised = F.layer_norm(x, x.shape[-1:])
    return normalised * params[f"{name}_weight"][:, None] + params[f"{name}_bias"][:, None]
