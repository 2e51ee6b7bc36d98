"""Counts from settings against the tensors that learners start with, and against what MVLPT's code counts."""

import subprocess
import sys

import pytest
import torch

from reprompt.learners import text_context, unified_prompts, visual_prompts
from reprompt.learners.parameters import prompt_parameters

MODULES = {"coop": text_context, "vpt": visual_prompts, "upt": unified_prompts}
SETTINGS = {"context_length": 3, "visual_length": 2, "visual_depth": 2, "mix_width": 8, "attention": "tokens"}
UPT = {"context_length": 4, "visual_length": 4, "visual_depth": 12, "mix_width": 128}


@pytest.mark.parametrize("learner", MODULES)
@pytest.mark.parametrize(
    "changes",
    [
        *({}, {"context_length": 5, "visual_length": 1}, {"visual_depth": 1, "mix_width": 24}),
        *({"mix_heads": 4}, {"mix_layers": 3}, {"mix_heads": 2, "mix_layers": 2, "mix_width": 6}),
    ],
)
def test_the_count_is_that_of_the_tensors(tiny, names, learner, changes):
    settings = SETTINGS | changes
    start = MODULES[learner].Learner(tiny, names, settings).start("random", torch.Generator().manual_seed(1))
    assert prompt_parameters(learner, settings, 32, 32) == sum(tensor.numel() for tensor in start.values())


@pytest.mark.parametrize(
    ("learner", "settings", "count"),
    [
        ("coop", {"context_length": 16}, 8_192),
        ("coop", {"context_length": 4}, 2_048),
        ("vpt", {"visual_length": 16, "visual_depth": 1}, 12_288),
        ("vpt", {"visual_length": 16, "visual_depth": 12}, 147_456),
        ("upt", UPT, 566_400),
        ("upt", {**UPT, "mix_heads": 8}, 566_400),
        ("upt", {**UPT, "mix_layers": 2}, 566_400 + 198_272),
    ],
)
def test_vit_b_16_has_the_counts_of_the_released_code(learner, settings, count):
    assert prompt_parameters(learner, settings, text_width=512, image_width=768) == count


def test_the_towers_need_not_be_of_one_width():
    settings = {"context_length": 1, "visual_length": 1, "visual_depth": 1, "mix_width": 1}
    # by hand: 2 + 3 of prompts, (2 + 1) + (2 + 2) and (3 + 1) + (3 + 3) of projections, 12 + 13 of the block
    assert prompt_parameters("upt", settings, text_width=2, image_width=3) == 5 + 7 + 10 + 25


def test_a_learner_that_is_none_is_an_error():
    with pytest.raises(ValueError, match="no prompt learner 'mcoop': coop, vpt, upt"):
        prompt_parameters("mcoop", SETTINGS, 512, 768)


def test_counting_needs_no_torch():
    code = "import sys, reprompt.learners.parameters; raise SystemExit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
