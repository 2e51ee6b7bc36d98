"""Grad-CAM of CLIP's image towers."""

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F

from reprompt.clip.backbones import Backbone
from reprompt.clip.weights import build, freeze
from reprompt.evaluation.measures.grad_cam import heatmaps

TEXT = {"width": 32, "heads": 2, "layers": 2}


@pytest.fixture(scope="module")
def resnet() -> Backbone:
    torch.manual_seed(3)
    model = build({"image_size": 64, "layers": [1, 1, 1, 1], "width": 16, "head_width": 32}, TEXT, joint_width=24)
    return Backbone("resnet", freeze(model), 64, (0.5,) * 3, (0.25,) * 3, weights_sha256="random")


@pytest.fixture(params=["vit", "resnet"])
def backbone(request, tiny, resnet) -> Backbone:
    return {"vit": tiny, "resnet": resnet}[request.param]


@pytest.fixture
def seen(backbone):
    """Class features, pixels and labels of three images."""
    stream = torch.Generator().manual_seed(1)
    side = backbone.image_size
    return (
        torch.randn(5, 24, generator=stream),
        torch.randn(3, 3, side, side, generator=stream),
        torch.tensor([4, 0, 2]),
    )


def by_hand(backbone: Backbone, class_features, pixels, label: int) -> np.ndarray:
    """One image, the paper's two equations: channels weighted by their mean gradient, and what is positive of it."""
    tower, kept = backbone.model.visual, {}
    layer = tower.layer4 if hasattr(tower, "layer4") else tower.transformer.resblocks[-1].ln_1
    hook = layer.register_forward_hook(lambda _module, _inputs, output: kept.update(activation=output))
    feature = F.normalize(tower(pixels[None].clone().requires_grad_(True)), dim=-1)
    hook.remove()
    score = 100 * (feature @ F.normalize(class_features, dim=-1).T)[0, label]
    (gradient,) = torch.autograd.grad(score, kept["activation"])
    activation, gradient = kept["activation"][0].detach(), gradient[0]
    if activation.ndim == 2:  # tokens: the class token left out
        side = int((len(activation) - 1) ** 0.5)
        activation, gradient = (t[1:].T.reshape(-1, side, side) for t in (activation, gradient))
    heat = (gradient.mean((1, 2), keepdim=True) * activation).sum(0).clamp(min=0).numpy()
    heat = heat - heat.min()
    return cv2.resize(heat / (heat.max() + 1e-7), (pixels.shape[-1], pixels.shape[-2]))


def test_heat_agrees_with_the_equations_worked_by_hand(backbone, seen):
    class_features, pixels, labels = seen
    maps = heatmaps(backbone, class_features, pixels, labels)
    assert maps.shape == (3, backbone.image_size, backbone.image_size) and maps.dtype == np.float32
    for image, label in enumerate(labels):
        heat = by_hand(backbone, class_features, pixels[image], int(label))
        assert np.abs(maps[image] - (heat - heat.min()) / (heat.max() - heat.min() + 1e-7)).max() < 1e-4


def test_heat_lies_between_zero_and_one_and_reaches_both(backbone, seen):
    maps = heatmaps(backbone, *seen)
    assert maps.min() == 0 and maps.max() == pytest.approx(1, abs=1e-4)


def test_the_length_of_class_features_does_not_matter(backbone, seen):
    class_features, pixels, labels = seen
    scaled = heatmaps(backbone, 7 * class_features, pixels, labels)
    assert np.abs(scaled - heatmaps(backbone, class_features, pixels, labels)).max() < 1e-4


def test_an_image_is_judged_by_itself(backbone, seen):
    class_features, pixels, labels = seen
    together, alone = heatmaps(backbone, *seen), heatmaps(backbone, class_features, pixels[1:2], labels[1:2])
    assert np.abs(together[1] - alone[0]).max() < 1e-4


def test_the_backbone_stays_frozen_and_keeps_no_hooks(backbone, seen):
    heatmaps(backbone, *seen)
    assert not any(parameter.requires_grad for parameter in backbone.model.parameters())
    assert not any(module._forward_hooks for module in backbone.model.modules())
