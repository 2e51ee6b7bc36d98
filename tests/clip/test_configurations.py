"""Every tag of open_clip's is read with its own preprocessing, or refused with the reason."""

from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
import yaml
from open_clip.model import CLIP, convert_weights_to_fp16
from PIL import Image
from safetensors.torch import save_file
from typer.testing import CliRunner

from project import PROJECT
from reprompt.cells.tuning import ParameterError
from reprompt.cli import app
from reprompt.clip import openai
from reprompt.clip.configurations import architecture
from reprompt.clip.features import encode_images
from reprompt.clip.openai import load
from reprompt.clip.text import encode_texts
from reprompt.data.files.transforms import prepared
from reprompt.data.preparation import Preparation

TEXT = {"context_length": 77, "vocab_size": 49408, "width": 64, "heads": 1, "layers": 2}
VIT = {"image_size": 48, "patch_size": 16, "width": 64, "layers": 2}
RESNET = {"image_size": 64, "layers": [1, 1, 1, 1], "width": 8, "patch_size": None}
INCEPTION, OPENAIS = (0.5,) * 3, (0.48145466, 0.4578275, 0.40821073)
TEXTS = ["a photo of a cat.", "a dog"]
PICTURE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (70, 110, 3), np.uint8))
OTHERS = {"mean": (0.1, 0.2, 0.3), "std": (0.4, 0.5, 0.6), "resize_mode": "longest", "interpolation": "bilinear"}
WORKS = {  # what is expected of a tag of each family: mean, resizing, activation, and how its weights come
    ("ViT-B-16-quickgelu", "openai"): (OPENAIS, "centred", True, ".pt"),
    ("RN50-quickgelu", "openai"): (OPENAIS, "centred", True, ".pt"),
    ("ViT-L-14", "laion2b_s32b_b82k"): (INCEPTION, "centred", False, ".bin"),
    ("ViT-B-16", "datacomp_xl_s13b_b90k"): (OPENAIS, "centred", False, ".safetensors"),
    ("ViT-H-14-quickgelu", "dfn5b"): (OPENAIS, "squashed", True, ".bin"),
    ("ViT-L-14", "dfn2b_s39b"): (OPENAIS, "centred", False, ".bin"),
    ("ViT-B-32-quickgelu", "metaclip_400m"): (OPENAIS, "centred", True, ".pt"),
    ("ViT-B-16", "made_up"): (OTHERS["mean"], "padded", False, ".safetensors"),
}
REFUSED = {
    ("ViT-L-14-CLIPA", "datacomp1b"): "its image tower pools tokens .avg.; its text tower is not causal",
    ("ViT-B-16-SigLIP", "webli"): "its image tower is timm's vit_base_patch16_siglip_224; its text tower is not causal",
    ("xlm-roberta-base-ViT-B-32", "laion5b_s13b_b90k"): "its text tower is Hugging Face's xlm-roberta-base",
    ("ViT-H-14-worldwide-quickgelu", "metaclip2_worldwide"): "its tokenizer is facebook/xlm-v-base",
    ("convnext_base", "laion400m_s13b_b51k"): "its image tower is timm's convnext_base",
    ("coca_ViT-B-32", "laion2b_s13b_b90k"): "its image tower pools tokens by attention; .* it has a text decoder",
}


def run(*words: object):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def parameter_file(tmp_path, monkeypatch):
    """The project's parameters with a backbone `own` more: parameter_file(model, tag)."""
    monkeypatch.chdir(tmp_path)
    raw = yaml.safe_load((PROJECT / "params.yaml").read_text())

    def write(model: str, tag: str) -> Path:
        own = {"source": "open_clip", "model": model, "pretrained": tag}
        raw["scales"]["paper"]["backbones"]["own"] = own
        Path("params.yaml").write_text(yaml.safe_dump(raw))
        return Path("params.yaml")

    return write


@pytest.fixture
def downloaded(tmp_path, monkeypatch):
    """Small towers stand for a model's, random weights for a download: downloaded(model, tag, ending).

    What open_clip says of tags is its own, but for a tag that is unlike all others.
    """
    tags = open_clip.pretrained._PRETRAINED
    made_up = {**open_clip.get_pretrained_cfg("ViT-B-16", "datacomp_xl_s13b_b90k"), **OTHERS}
    monkeypatch.setitem(tags, "ViT-B-16", {**tags["ViT-B-16"], "made_up": made_up})
    known = dict(open_clip.factory._MODEL_CONFIGS)
    monkeypatch.setattr(open_clip.factory, "_MODEL_CONFIGS", known)

    def download(model: str, tag: str, ending: str) -> Path:
        quick = {"quick_gelu": True} if known[model].get("quick_gelu") else {}
        tower = RESNET if isinstance(known[model]["vision_cfg"]["layers"], list) else VIT
        known[model] = {"embed_dim": 32, "vision_cfg": tower, "text_cfg": TEXT, **quick}
        torch.manual_seed(3)
        random = CLIP(32, tower, TEXT, **quick)
        if tag == "openai":
            convert_weights_to_fp16(random)
        state = {name: tensor.clone().contiguous() for name, tensor in random.state_dict().items()}
        path = tmp_path / f"weights{ending}"
        save_file(state, path) if ending == ".safetensors" else torch.save(state, path)
        for module in (openai, open_clip.factory):
            monkeypatch.setattr(module, "download_pretrained", lambda *_, **__: str(path))
        return path

    return download


@pytest.mark.parametrize(("model", "tag"), WORKS)
def test_features_are_those_of_open_clips_own_preprocessing_and_model(model, tag, parameter_file, downloaded):
    mean, resize, quick, ending = WORKS[model, tag]
    downloaded(model, tag, ending)
    done = run("weights", "own", "--params", parameter_file(model, tag), "--scale", "paper", "--out", "own.safetensors")
    assert done.exit_code == 0, done.output + repr(done.exception)
    ours = load(Path("own.safetensors"), "own")
    theirs, _, preprocess = open_clip.create_model_and_transforms(model, pretrained=tag)
    with torch.no_grad():
        wanted = theirs.eval().encode_image(preprocess(PICTURE)[None])
        of_texts = theirs.encode_text(open_clip.get_tokenizer(model)(TEXTS), normalize=True)
        texts = encode_texts(ours.model, TEXTS)
    features = encode_images(ours, prepared(PICTURE, ours.preparation)[None])
    assert torch.allclose(features, wanted, atol=1e-5, rtol=0) and wanted.std() > 1e-2
    assert torch.allclose(texts, of_texts, atol=1e-5, rtol=0)
    assert (ours.mean, ours.resize) == (mean, resize)
    assert architecture(model, tag)["quick_gelu"] is quick
    assert ours.image_size == (64 if model.startswith("RN") else 48)


@pytest.mark.parametrize("tag", ["dfn5b", "openai"])
def test_with_another_tags_preprocessing_features_would_be_others(tag, parameter_file, downloaded):
    model = {"dfn5b": "ViT-H-14-quickgelu", "openai": "ViT-B-16-quickgelu"}[tag]
    downloaded(model, tag, ".bin")
    run("weights", "own", "--params", parameter_file(model, tag), "--scale", "paper", "--out", "own.safetensors")
    ours = load(Path("own.safetensors"), "own")
    centred, squashed = (
        encode_images(ours, prepared(PICTURE, Preparation(48, resize))[None]) for resize in ("centred", "squashed")
    )
    assert (centred - squashed).abs().max() > 1e-2


@pytest.mark.parametrize(("model", "tag"), REFUSED)
def test_towers_that_are_not_clips_are_refused_by_the_plan_and_where_weights_are_made(model, tag, parameter_file):
    params = parameter_file(model, tag)
    for words in (("weights", "own", "--out", "own.safetensors"), ("plan",)):
        done = run(*words, "--params", params, "--scale", "paper")
        assert isinstance(done.exception, ParameterError)
        assert "\n" not in str(done.exception)
        with pytest.raises(ParameterError, match=rf"backbones.own: {model}, {tag}: {REFUSED[model, tag]}"):
            raise done.exception
    with pytest.raises(ValueError, match=rf"^{model}, {tag}: {REFUSED[model, tag]}"):
        architecture(model, tag)


@pytest.mark.parametrize("part", ["vision_cfg", "text_cfg"])
@pytest.mark.parametrize(("setting", "value"), [("ls_init_value", 1e-4), ("qk_norm", True), ("block_type", "custom")])
def test_a_setting_that_the_towers_here_do_not_know_is_refused_by_name(part, setting, value, downloaded):
    downloaded("ViT-B-16", "datacomp_xl_s13b_b90k", ".bin")
    description = open_clip.factory._MODEL_CONFIGS["ViT-B-16"]
    description[part] = {**description[part], setting: value}
    with pytest.raises(ValueError, match=rf"ViT-B-16, datacomp_xl_s13b_b90k: CLIP has no {setting}"):
        architecture("ViT-B-16", "datacomp_xl_s13b_b90k")


def test_a_tag_that_open_clip_does_not_list_has_no_known_preprocessing():
    with pytest.raises(ValueError, match=r"no weights 'mine' for ViT-L-14-336-quickgelu; it has: openai$"):
        architecture("ViT-L-14-336-quickgelu", "mine")


@pytest.mark.parametrize("other", [{"resize_mode": "stretched"}, {"interpolation": "random"}, {"fill_color": 255}])
def test_a_way_to_resize_that_is_not_known_is_refused(other, downloaded, monkeypatch):
    made_up = open_clip.pretrained._PRETRAINED["ViT-B-16"]["made_up"]
    monkeypatch.setitem(open_clip.pretrained._PRETRAINED["ViT-B-16"], "made_up", {**made_up, **other})
    with pytest.raises(ValueError, match="ViT-B-16, made_up: its pictures are resized in a way that is not known"):
        architecture("ViT-B-16", "made_up")
