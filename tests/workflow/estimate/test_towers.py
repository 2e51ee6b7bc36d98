"""The formulas against PyTorch's own operation counter, on towers so small that counting takes no time."""

import open_clip
import pytest
import torch

from reprompt.benchmarks.steps.measurement import operations
from reprompt.cells.parameters import OpenClipBackbone
from reprompt.clip.text import encode_prompts, encode_texts, tokenize
from reprompt.clip.vision import encode_prompted_images
from reprompt.clip.weights import build, freeze
from reprompt.planning.parameters import load_parameters
from reprompt.workflow.estimate.towers import ResNet, Vit, _towers, towers_of

TEXT = {"width": 64, "heads": 2, "layers": 3}
VIT = {"image_size": 48, "patch_size": 8, "width": 64, "layers": 4, "head_width": 32}
RESNET = {"image_size": 64, "layers": [2, 1, 2, 1], "width": 16, "head_width": 64}
CLOSE = 0.02


def model_of(vision):
    torch.manual_seed(0)
    return freeze(build(vision, TEXT, 48)), _towers(vision, TEXT, 48)


def counted(work):
    """Operations forward, and backward to what is learned."""
    forward, features = operations(work)
    backward, _ = operations(lambda: features.sum().backward())
    return forward, backward


@pytest.mark.parametrize(("runs", "prefix", "classes"), [(1, 17, 20), (3, 5, 50), (12, 5, 8)])
def test_class_prompts_cost_what_the_counter_counts(runs, prefix, classes):
    model, towers = model_of(VIT)
    ends = torch.tensor([2 + n % 4 for n in range(classes)])
    front = torch.randn(runs, prefix, 64, requires_grad=True)
    own = torch.randn(1, classes, 6, 64)
    forward, backward = counted(lambda: encode_prompts(model, front, own, ends))
    computed = towers.text.prompts(runs, prefix, classes, float((ends + 1).float().mean()), int(ends.max()) + 1)
    assert computed.forward.operations == pytest.approx(forward, rel=CLOSE)
    assert computed.backward.operations == pytest.approx(backward, rel=CLOSE)


def test_plain_texts_cost_what_the_counter_counts():
    model, towers = model_of(VIT)
    texts = ["a photo of a cat.", "a photo of a dog.", "a photo of a fox."]
    length = int(tokenize(texts).argmax(dim=1).max()) + 1
    forward, _ = operations(lambda: encode_texts(model, texts))
    assert towers.text.texts(len(texts), length).operations == pytest.approx(forward, rel=CLOSE)


@pytest.mark.parametrize(("runs", "images", "prompts", "depth"), [(1, 4, 4, 1), (2, 3, 5, 4), (3, 2, 2, 3)])
def test_prompted_images_cost_what_the_counter_counts(runs, images, prompts, depth):
    model, towers = model_of(VIT)
    pixels, learned = torch.randn(runs, images, 3, 48, 48), torch.randn(runs, depth, prompts, 64, requires_grad=True)
    forward, backward = counted(lambda: encode_prompted_images(model, pixels, learned, before_norm=True))
    computed = towers.image.prompted(runs, images, prompts, depth)
    assert computed.forward.operations == pytest.approx(forward, rel=CLOSE)
    assert computed.backward.operations == pytest.approx(backward, rel=CLOSE)


@pytest.mark.parametrize("vision", [VIT, RESNET], ids=["ViT", "ResNet"])
def test_features_cost_what_the_counter_counts(vision):
    model, towers = model_of(vision)
    pixels = torch.randn(3, 3, vision["image_size"], vision["image_size"])
    forward, _ = operations(lambda: model.visual(pixels))
    assert towers.image.features(3).operations == pytest.approx(forward, rel=CLOSE)


@pytest.mark.parametrize("vision", [VIT, RESNET], ids=["ViT", "ResNet"])
def test_weights_are_counted(vision):
    model, towers = model_of(vision)
    assert towers.parameters == pytest.approx(sum(p.numel() for p in model.parameters()), rel=1e-3)


@pytest.mark.parametrize(
    ("name", "weights"),
    [("RN50", 102.0), ("RN101", 119.7), ("ViT-B-32", 151.3), ("ViT-B-16", 149.6), ("ViT-L-14", 427.6)],
)
def test_the_papers_backbones_have_as_many_weights_as_published(name, weights):
    backbone = OpenClipBackbone(source="open_clip", model=f"{name}-quickgelu", pretrained="openai")
    towers = towers_of(backbone)
    assert towers.parameters / 1e6 == pytest.approx(weights, rel=2e-3)
    assert isinstance(towers.image, ResNet if name.startswith("RN") else Vit)


def test_vit_b_16_costs_what_is_published():
    towers = towers_of(load_parameters("params.yaml", "paper").backbones["ViT-B-16"])
    assert towers.image.features(1).operations / 2e9 == pytest.approx(17.6, rel=0.02), "multiply-adds of a ViT-B/16"


def test_a_resnet_and_a_vit_have_no_gradient_where_nothing_is_learned():
    towers = _towers(RESNET, TEXT, 48)
    assert not hasattr(towers.image, "prompted"), "ResNets take no visual prompts"


def test_an_unknown_architecture_is_named():
    with pytest.raises(ValueError, match="no architecture 'ViT-Z-99'"):
        towers_of(OpenClipBackbone(source="open_clip", model="ViT-Z-99", pretrained="openai"))


def test_no_weights_are_loaded(monkeypatch):
    monkeypatch.setattr(open_clip, "create_model", lambda *_, **__: pytest.fail("built a model"))
    towers_of(OpenClipBackbone(source="open_clip", model="ViT-L-14-quickgelu", pretrained="openai"))
