"""Backbones survive the disk, and say what is wrong with a file."""

import pytest
import torch

from reprompt.clip.backbones import load
from reprompt.clip.text import encode_texts, tokenize
from reprompt.clip.weights import save

ARCHITECTURE = {
    "vision": {"image_size": 40, "patch_size": 8, "width": 32, "layers": 2, "head_width": 16},
    "text": {"width": 32, "heads": 2, "layers": 2},
    "joint_width": 24,
    "mean": [0.5] * 3,
    "std": [0.25] * 3,
}


def test_a_backbone_comes_back_to_half_precision(tiny, tmp_path):
    texts = ["a photo of a cat.", "a photo of a dog."]
    path = tmp_path / "tiny.safetensors"
    save(path, tiny.model, torch.unique(tokenize(texts)), ARCHITECTURE, {})
    back = load(path, "tiny")
    images = torch.rand(2, 3, 40, 40)
    assert (back.model.visual(images) - tiny.model.visual(images)).abs().max() < 0.02
    assert (encode_texts(back.model, texts) - encode_texts(tiny.model, texts)).abs().max() < 0.02
    assert not any(p.requires_grad for p in back.model.parameters())


def test_the_same_weights_give_the_same_bytes(tiny, tmp_path):
    for name in ("one", "two"):
        save(tmp_path / name, tiny.model, torch.arange(5), ARCHITECTURE, {"steps": "1"})
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_missing_weights_name_the_remedy(tmp_path):
    with pytest.raises(FileNotFoundError, match="dvc pull"):
        load(tmp_path / "none.safetensors", "ViT-B-16")


def test_the_temperature_is_not_rounded_with_the_towers(tiny):
    assert tiny.to("cpu", torch.bfloat16).scale == tiny.scale
    assert tiny.model.positional_embedding.dtype == torch.float32, "a copy"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_device_that_is_not_there_is_named_with_the_remedy(tiny):
    with pytest.raises(ValueError, match="--device cpu"):
        tiny.to("cuda", torch.float32)
