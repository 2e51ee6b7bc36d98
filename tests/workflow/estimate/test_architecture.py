"""Backbones without weights: the architectures that are published, and none of their numbers."""

import open_clip
import pytest

from reprompt.cells.parameters import OpenClipBackbone
from reprompt.planning.parameters import load_parameters
from reprompt.workflow.estimate import steps
from reprompt.workflow.estimate.architecture import sizes_of, without_weights
from reprompt.workflow.estimate.trace import META


def open_clips(model):
    return OpenClipBackbone(source="open_clip", model=model, pretrained="openai")


@pytest.mark.parametrize(
    ("name", "weights"),
    [("RN50", 102.0), ("RN101", 119.7), ("ViT-B-32", 151.3), ("ViT-B-16", 149.6), ("ViT-L-14", 427.6)],
)
def test_the_papers_backbones_have_as_many_weights_as_published(name, weights):
    parameters, table, side, _ = sizes_of(without_weights(open_clips(f"{name}-quickgelu")))
    assert parameters / 1e6 == pytest.approx(weights, rel=2e-3)
    assert table in (49408 * 512, 49408 * 768) and side == 224


def test_vit_b_16_costs_what_is_published():
    backbone = without_weights(load_parameters("params.yaml", "paper").backbones["ViT-B-16"])
    work = steps.encoding(backbone, 1).work
    assert (work.operations + work.batched) / 2e9 == pytest.approx(17.6, rel=0.02), "multiply-adds of a ViT-B/16"


def test_a_backbone_is_frozen_and_has_no_numbers():
    weights = list(without_weights(load_parameters("params.yaml", "smoke").backbones["ViT-B-16"]).model.parameters())
    assert all(weight.device == META and not weight.requires_grad for weight in weights)


def test_an_unknown_architecture_is_named():
    with pytest.raises(ValueError, match="no architecture 'ViT-Z-99'"):
        without_weights(open_clips("ViT-Z-99"))


def test_no_weights_are_loaded(monkeypatch):
    monkeypatch.setattr(open_clip, "create_model", lambda *_, **__: pytest.fail("built a model"))
    without_weights(open_clips("ViT-B-16"))
