"""The image pipelines, against torchvision's, bit for bit."""

import numpy as np
import pytest
import torch
from open_clip import image_transform
from PIL import Image
from torchvision.transforms import (
    CenterCrop,
    Compose,
    InterpolationMode,
    RandomResizedCrop,
    Resize,
)
from torchvision.transforms import functional as theirs

from reprompt.data.files.transforms import centred, prepared, squashed
from reprompt.data.preparation import Preparation
from reprompt.data.views import central_box, random_box, random_view

BICUBIC = InterpolationMode.BICUBIC
SHAPES = [(500, 375), (375, 500), (224, 224), (231, 224), (48, 48), (640, 225), (33, 1000), (20, 20), (299, 300)]


def photograph(width, height, seed=0):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    return Image.fromarray(pixels)


@pytest.mark.parametrize("size", [224, 40, 37])
@pytest.mark.parametrize("shape", SHAPES)
def test_centred_is_torchvisions_resize_and_centre_crop(shape, size):
    picture = photograph(*shape)
    expected = Compose([Resize(size, BICUBIC), CenterCrop(size)])(picture)
    assert np.array_equal(centred(picture, size), np.asarray(expected))


@pytest.mark.parametrize("shape", SHAPES)
def test_squashed_is_torchvisions_resize_to_a_square(shape):
    picture = photograph(*shape)
    assert np.array_equal(squashed(picture, 224), np.asarray(Resize((224, 224), BICUBIC)(picture)))


@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
@pytest.mark.parametrize(("resize", "mode"), [("centred", "shortest"), ("squashed", "squash"), ("padded", "longest")])
@pytest.mark.parametrize("shape", SHAPES)
def test_pictures_are_prepared_as_by_open_clips_own_transform(shape, resize, mode, interpolation):
    picture, as_it_is = photograph(*shape), {"mean": (0.0,) * 3, "std": (1.0,) * 3}
    transform = image_transform(37, is_train=False, resize_mode=mode, interpolation=interpolation, **as_it_is)
    expected = (transform(picture) * 255).round().to(torch.uint8).permute(1, 2, 0)
    assert np.array_equal(prepared(picture, Preparation(37, resize, interpolation)), expected.numpy())


@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
@pytest.mark.parametrize("flip", [0.0, 1.0])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_view_is_torchvisions_resized_crop_of_the_same_box_and_its_flip(shape, flip, interpolation):
    picture, preparation = photograph(*shape), Preparation(interpolation=interpolation)
    for seed in range(5):
        view = random_view(picture, preparation, 0.08, flip, np.random.default_rng(seed))
        left, top, right, bottom = random_box(*shape, 0.08, np.random.default_rng(seed))
        expected = theirs.resized_crop(
            picture, top, left, bottom - top, right - left, [224, 224], InterpolationMode(interpolation)
        )
        expected = theirs.hflip(expected) if flip else expected
        assert np.array_equal(view, np.asarray(expected))


@pytest.mark.parametrize("shape", [(33, 1000), (1000, 33), (1, 7), (100, 100), (3, 4)])
def test_a_picture_too_long_for_any_crop_gets_torchvisions_central_one(shape, monkeypatch):
    monkeypatch.setattr(torch, "empty", lambda *size: torch.full(size, 2.0))  # an area that never fits
    monkeypatch.setattr(torch.Tensor, "uniform_", lambda tensor, *limits: tensor)
    top, left, height, width = RandomResizedCrop.get_params(photograph(*shape), [0.08, 1.0], [3 / 4, 4 / 3])
    assert central_box(*shape) == (left, top, left + width, top + height)


def test_boxes_are_distributed_as_torchvisions():
    torch.manual_seed(0)
    stream, picture = np.random.default_rng(0), photograph(500, 375)
    ours = np.array([random_box(500, 375, 0.08, stream) for _ in range(4000)], float)
    crops = np.array([RandomResizedCrop.get_params(picture, [0.08, 1.0], [3 / 4, 4 / 3]) for _ in range(4000)], float)
    top, left, height, width = crops.T
    assert ours[:, 0].mean() == pytest.approx(left.mean(), abs=6)
    assert ours[:, 1].mean() == pytest.approx(top.mean(), abs=5)
    areas = (ours[:, 2] - ours[:, 0]) * (ours[:, 3] - ours[:, 1])
    assert np.quantile(areas, [0.1, 0.5, 0.9]) == pytest.approx(np.quantile(height * width, [0.1, 0.5, 0.9]), rel=0.08)
    aspects = (ours[:, 2] - ours[:, 0]) / (ours[:, 3] - ours[:, 1])
    assert np.quantile(aspects, [0.1, 0.5, 0.9]) == pytest.approx(
        np.quantile(width / height, [0.1, 0.5, 0.9]), rel=0.04
    )


def test_boxes_lie_in_the_picture():
    stream = np.random.default_rng(1)
    for width, height in SHAPES:
        for _ in range(50):
            left, top, right, bottom = random_box(width, height, 0.08, stream)
            assert 0 <= left < right <= width
            assert 0 <= top < bottom <= height
