"""How many numbers learners say that they learn, against the tensors that they start with and MVLPT's code."""

import pytest
import torch

from reprompt.cells.axes import Widths
from reprompt.evidence.adaptation import VIT_B_16
from reprompt.learners import clap, clip_adapter, clip_lora, coop, cosine, ivlp, maple, prolip, taskres, upt, vpt

UPT = {"context_length": 4, "visual_length": 4, "visual_depth": 12, "mix_width": 128, "attention": "itself"}


@pytest.mark.parametrize("changes", [{}, {"mix_heads": 4}, {"mix_layers": 3}, {"mix_heads": 2, "mix_width": 6}])
def test_the_block_of_upt_is_counted_whole(tiny, names, changes):
    settings = {"context_length": 3, "visual_length": 2, "visual_depth": 2, "mix_width": 8, "attention": "tokens"}
    assert counted(tiny, names, upt, settings | changes) == started(tiny, names, upt, settings | changes)


@pytest.mark.parametrize(
    ("module", "settings"),
    [
        (coop, {"context_length": 5}),
        (coop, {"context_length": 5, "class_specific": True}),
        (vpt, {"visual_length": 2, "visual_depth": 2}),
        (vpt, {"visual_length": 2, "visual_depth": 2, "project_width": 5}),
        (ivlp, {"context_length": 3, "visual_length": 2, "text_depth": 2, "visual_depth": 2}),
        (ivlp, {"context_length": 3, "visual_length": 2, "text_depth": 2, "visual_depth": 0}),
        (cosine, {}),
        (clip_adapter, {}),
        (taskres, {}),
        (clap, {}),
        (prolip, {}),
        (clip_lora, {"lora_text_layers": 2, "lora_image_layers": 1, "lora_rank": 3}),
        (clip_lora, {"lora_text_layers": 2, "lora_image_layers": 2, "lora_towers": "image"}),
    ],
)
def test_the_count_is_that_of_the_tensors(tiny, names, module, settings):
    assert counted(tiny, names, module, settings) == started(tiny, names, module, settings)


def test_of_couplings_only_the_biases_are_left_out(tiny, names):
    settings = {"context_length": 2, "depth": 2}
    assert started(tiny, names, maple, settings) - counted(tiny, names, maple, settings) == 2 * 32


@pytest.mark.parametrize(
    ("module", "settings", "count"),
    [
        (coop, {"context_length": 16}, 8_192),
        (vpt, {"visual_length": 16, "visual_depth": 12}, 147_456),
        (ivlp, {"context_length": 4, "visual_length": 4, "text_depth": 9, "visual_depth": 9}, 46_080),  # PromptSRC
        (ivlp, {"context_length": 4, "visual_length": 4, "text_depth": 3, "visual_depth": 3}, 15_360),
        (upt, UPT, 566_400),
        (clip_adapter, {}, 131_072),
        (prolip, {}, 393_216),
        (clip_lora, {"lora_text_layers": 12, "lora_image_layers": 12}, 184_320),
        (upt, {**UPT, "mix_heads": 8}, 566_400),
        (upt, {**UPT, "mix_layers": 2}, 566_400 + 198_272),
    ],
)
def test_vit_b_16_has_the_counts_of_the_released_code(module, settings, count):
    assert module.Settings(**settings).learned_numbers(VIT_B_16) == count


def test_the_towers_need_not_be_of_one_width():
    settings = {"context_length": 1, "visual_length": 1, "visual_depth": 1, "mix_width": 1, "attention": "itself"}
    # by hand: 2 + 3 of prompts, (2 + 1) + (2 + 2) and (3 + 1) + (3 + 3) of projections, 12 + 13 of the block
    assert upt.Settings(**settings).learned_numbers(Widths(2, 3, 2, 1)) == 5 + 7 + 10 + 25


def counted(tiny, names, module, settings):
    return module.Settings(**settings).learned_numbers(Widths(32, 32, tiny.joint_width, len(names)))


def started(tiny, names, module, settings):
    learner = module.Learner(tiny, names, module.Settings(**settings))
    return sum(tensor.numel() for tensor in learner.start("random", torch.Generator().manual_seed(1)).values())
