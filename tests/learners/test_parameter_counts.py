"""How much each learner learns on ViT-B/16, as the papers print it or their code counts."""

import pytest
import torch

from reprompt.clip.backbones import Backbone
from reprompt.clip.prompts import ClassPrompts
from reprompt.clip.savings import Savings
from reprompt.clip.weights import build
from reprompt.learners import (
    cocoop,
    coop,
    cosine,
    ivlp,
    maple,
    upt,
    vpt,
)

UPT = {"context_length": 4, "visual_length": 4, "visual_depth": 12, "mix_width": 128, "attention": "tokens"}
IVLP = {"context_length": 2, "visual_length": 2, "text_depth": 12}


@pytest.fixture(scope="module")
def vit_b_16() -> Backbone:
    """Shapes without numbers: counting needs no weights."""
    with torch.device("meta"):
        model = build(
            {"image_size": 224, "patch_size": 16, "width": 768, "layers": 12, "head_width": 64},
            {"width": 512, "heads": 8, "layers": 12},
            joint_width=512,
        )
    return Backbone("ViT-B-16", model, 224, (0.5,) * 3, (0.25,) * 3, weights_sha256="none")


@pytest.mark.parametrize(
    ("module", "settings", "count"),
    [
        (coop, {"context_length": 16}, 8_192),
        (coop, {"context_length": 4}, 2_048),
        (coop, {"context_length": 4, "class_specific": True}, 3 * 2_048),
        (cocoop, {"context_length": 4}, 35_360),
        (vpt, {"visual_length": 16, "visual_depth": 1}, 12_288),
        (vpt, {"visual_length": 16, "visual_depth": 12}, 147_456),
        (vpt, {"visual_length": 8, "visual_depth": 12}, 73_728),
        (ivlp, {**IVLP, "visual_depth": 12}, 30_720),
        (ivlp, {**IVLP, "context_length": 4, "visual_depth": 0}, 24_576),
        (maple, {"context_length": 2, "depth": 9}, 3_555_072),
        (upt, UPT, 566_400),
        (cosine, {}, 3 * 512),
    ],
)
def test_a_learner_learns_as_many_numbers_as_published(vit_b_16, monkeypatch, module, settings, count):
    monkeypatch.setattr(ClassPrompts, "of", lambda *_, **__: None)  # class texts play no role in a start
    learner = module.Learner(vit_b_16, ["a", "b", "c"], module.Settings(**settings), Savings(fixed_text_once=False))
    start = learner.start("random", torch.Generator())
    assert sum(tensor.numel() for tensor in start.values()) == count
