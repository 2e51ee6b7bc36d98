"""Weights in OpenAI's format give the bits that open_clip's own loader gives, and a wrong activation is refused."""

import json
import re
import urllib.error
from pathlib import Path

import open_clip
import pytest
import torch
from open_clip.model import CLIP, convert_weights_to_fp16
from open_clip.openai import load_openai_model
from safetensors.torch import save_file

import reprompt
from reprompt.clip import openai
from reprompt.clip.openai import (
    architecture,
    check_activation,
    convert,
    fetch,
    is_published,
    load,
    read_foreign_weights,
)
from reprompt.clip.text import encode_texts, tokenize
from reprompt.clip.vision import encode_prompted_images
from reprompt.clip.weights import freeze
from reprompt.data.preparation import Preparation

TEXT = {"context_length": 77, "vocab_size": 49408, "width": 64, "heads": 1, "layers": 2}
TOWERS = {
    "ViT": {"image_size": 32, "patch_size": 8, "width": 64, "layers": 2},
    "ResNet": {"image_size": 64, "layers": [1, 1, 1, 1], "width": 8, "patch_size": None},
}
CLIPS_MEAN, CLIPS_STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)  # OpenAI's code
TEXTS = ["a photo of a cat.", "a photo of a somewhat longer name.", "a dog"]


@pytest.fixture(params=TOWERS)
def tower(request):
    return request.param


@pytest.fixture
def names(tower, tmp_path, monkeypatch):
    """open_clip knows two architectures more, `tiny` and `tiny-quickgelu`, each with a tag."""
    known = dict(open_clip.factory._MODEL_CONFIGS)
    monkeypatch.setattr(open_clip.factory, "_MODEL_CONFIGS", known)
    for name, more in {"tiny": {}, "tiny-quickgelu": {"quick_gelu": True}}.items():
        known[name] = {"embed_dim": 32, "vision_cfg": TOWERS[tower], "text_cfg": TEXT, **more}
    usual = open_clip.get_pretrained_cfg("ViT-B-32", "laion2b_e16")
    quick = {"openai": usual | {"quick_gelu": True}}
    for name, tags in {"tiny": {"laion2b_e16": usual, **quick}, "tiny-quickgelu": quick}.items():
        monkeypatch.setitem(open_clip.pretrained._PRETRAINED, name, tags)
    return known


@pytest.fixture
def small(tower, names):
    """A random CLIP in the precisions that OpenAI's files have, its batch norms away from their start."""
    torch.manual_seed(1)
    model = CLIP(32, TOWERS[tower], TEXT, quick_gelu=True)
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if "running" in name or name.endswith("bias") or "bn3.weight" in name:
                tensor.copy_(torch.rand_like(tensor) * 0.5 + 0.1)
        model.logit_scale.fill_(4.6)
    model.eval()
    convert_weights_to_fp16(model)
    return model


pytestmark = pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning", "ignore:.torch.jit.*deprecated")


def image_size(model: CLIP) -> int:
    size = model.visual.image_size
    return size if isinstance(size, int) else size[0]


def archive(model: CLIP, path: Path) -> Path:
    """OpenAI's container: a traced module in half precision with three numbers beside the weights."""
    size = image_size(model)
    for name, value in {"input_resolution": size, "context_length": 77, "vocab_size": 49408}.items():
        if hasattr(model, name):
            delattr(model, name)
        model.register_buffer(name, torch.tensor(value))
    mask = model._buffers.pop("attn_mask", model.attn_mask)
    model.attn_mask = mask  # a constant of the archive, as in OpenAI's
    precisions = {name: tensor.dtype for name, tensor in model.state_dict().items()}
    images, texts = torch.rand(1, 3, size, size), tokenize(TEXTS[:1])
    traced = torch.jit.trace(model.float(), (images, texts), check_trace=False)
    for name, tensor in (*traced.named_parameters(), *traced.named_buffers()):
        tensor.data = tensor.data.to(precisions.get(name, tensor.dtype))
    traced.save(path)
    return path


def logits(model: CLIP) -> tuple[torch.Tensor, torch.Tensor]:
    size = image_size(model)
    images = torch.rand(3, 3, size, size, generator=torch.Generator().manual_seed(2))
    freeze(model)  # PyTorch takes other kernels, with other last bits, where weights could have gradients
    with torch.no_grad():
        return model.get_logits(images, tokenize(TEXTS))


def converted(path: Path, out: Path, model: str = "tiny-quickgelu", tag: str = "openai"):
    convert(read_foreign_weights(path), model, tag, out)
    return load(out, "tiny")


def test_a_torchscript_archive_gives_the_bits_of_open_clips_own_loader(small, tmp_path):
    path = archive(small, tmp_path / "small.pt")
    assert any(tensor.dtype == torch.half for tensor in torch.jit.load(path).state_dict().values())
    theirs = load_openai_model(str(path), precision="fp32", device="cpu")
    ours = converted(path, tmp_path / "out.safetensors")
    for one, other in zip(logits(ours.model), logits(theirs), strict=True):
        assert torch.equal(one, other) and one.std() > 0
    assert ours.image_size == image_size(theirs)
    assert (ours.mean, ours.std) == (CLIPS_MEAN, CLIPS_STD)
    assert ours.preparation == Preparation(image_size(theirs), "centred", "bicubic")


@pytest.mark.parametrize("precision", ["as published", "single"])
def test_a_state_dict_gives_the_bits_of_open_clips_own_loader(small, tmp_path, precision):
    state = {k: v.float() + 1e-6 if precision == "single" else v for k, v in small.state_dict().items()}
    torch.save(state, tmp_path / "small.pt")
    theirs = load_openai_model(str(tmp_path / "small.pt"), precision="fp32", device="cpu")
    ours = converted(tmp_path / "small.pt", tmp_path / "out.safetensors")
    assert all(torch.equal(*pair) for pair in zip(logits(ours.model), logits(theirs), strict=True))


@pytest.mark.parametrize("ending", [".safetensors", ".bin"])
def test_open_clips_containers_give_the_bits_of_create_model(small, tmp_path, ending):
    path, state = tmp_path / f"open_clip_model{ending}", {k: v.clone() for k, v in small.float().state_dict().items()}
    save_file(state, path) if ending == ".safetensors" else torch.save({"state_dict": state}, path)
    theirs = open_clip.create_model("tiny-quickgelu", pretrained=str(path), force_quick_gelu=True).eval()
    ours = converted(path, tmp_path / "out.safetensors")
    assert all(torch.equal(*pair) for pair in zip(logits(ours.model), logits(theirs), strict=True))


def test_our_own_towers_compute_what_open_clips_forward_pass_does(small, tower, tmp_path):
    theirs = load_openai_model(str(archive(small, tmp_path / "small.pt")), precision="fp32", device="cpu")
    ours = converted(tmp_path / "small.pt", tmp_path / "out.safetensors")
    with torch.no_grad():
        texts = theirs.encode_text(tokenize(TEXTS), normalize=True)
        assert torch.allclose(encode_texts(ours.model, TEXTS), texts, atol=1e-6)
        if tower == "ViT":
            images, nothing = torch.rand(2, 3, 32, 32), torch.zeros(1, 1, 0, 64)
            features = encode_prompted_images(ours.model, images[None], nothing, before_norm=True)[0]
            assert torch.allclose(features, theirs.encode_image(images, normalize=True), atol=1e-6)


def test_the_same_weights_have_the_same_hash_in_any_container(small, tmp_path):
    state = {k: v.clone() for k, v in small.state_dict().items()}
    torch.save(state, tmp_path / "a.pt")
    save_file({k: v.float() for k, v in state.items()}, tmp_path / "b.safetensors")
    archive(small, tmp_path / "c.pt")
    files = ["a.pt", "b.safetensors", "c.pt"]
    assert len({converted(tmp_path / f, tmp_path / f"{f}.out").weights_sha256 for f in files}) == 1


def test_gelu_and_quickgelu_of_the_same_weights_differ(small, tmp_path):
    save_file({k: v.clone() for k, v in small.state_dict().items()}, tmp_path / "small.safetensors")
    quick = converted(tmp_path / "small.safetensors", tmp_path / "quick.safetensors")
    plain = converted(tmp_path / "small.safetensors", tmp_path / "plain.safetensors", "tiny", "laion2b_e16")
    assert not torch.equal(logits(quick.model)[0], logits(plain.model)[0])
    assert quick.weights_sha256 != plain.weights_sha256


@pytest.mark.parametrize(
    ("model", "tag"), [("ViT-B-16", "openai"), ("ViT-B-32-quickgelu", "laion2b_e16"), ("RN50", "openai")]
)
def test_an_activation_that_the_weights_were_not_trained_with_names_both(model, tag):
    with pytest.raises(ValueError, match=rf"{model} has (Quick)?GELU, but weights '{tag}' have") as error:
        check_activation(model, tag)
    assert re.search(r"use architecture \S+", str(error.value))
    with pytest.raises(ValueError, match=tag):
        fetch(model, tag, "B")


@pytest.mark.parametrize("tower", ["ViT"], indirect=True)
def test_an_archive_of_openais_is_refused_for_gelu_whatever_its_tag(small, tmp_path):
    path = archive(small, tmp_path / "small.pt")
    with pytest.raises(ValueError, match=r"tiny has GELU, but \S*small.pt have QuickGELU: use .* tiny-quickgelu"):
        convert(read_foreign_weights(path), "tiny", "laion2b_e16", tmp_path / "out.safetensors")
    assert not (tmp_path / "out.safetensors").exists()


@pytest.mark.parametrize("model", ["RN50", "RN101", "ViT-B-32", "ViT-B-16", "ViT-L-14"])
def test_every_backbone_of_the_paper_is_known(model):
    check_activation(f"{model}-quickgelu", "openai")
    settings = architecture(f"{model}-quickgelu", "openai")
    assert settings["quick_gelu"]
    assert (tuple(settings["mean"]), tuple(settings["std"])) == (CLIPS_MEAN, CLIPS_STD)
    assert "openaipublic" in open_clip.pretrained.get_pretrained_url(f"{model}-quickgelu", "openai")


@pytest.mark.parametrize("tower", ["ViT"], indirect=True)
def test_weights_of_another_architecture_name_the_first_tensor_that_differs(small, tmp_path):
    torch.save(small.state_dict(), tmp_path / "small.pt")
    with pytest.raises(ValueError, match=r"small.pt: not the weights of ViT-B-16-quickgelu: \S+ is \("):
        convert(read_foreign_weights(tmp_path / "small.pt"), "ViT-B-16-quickgelu", "openai", tmp_path / "out")


@pytest.mark.parametrize("ending", [".pt", ".safetensors"])
def test_a_cut_download_is_refused_in_one_line(tmp_path, ending):
    (tmp_path / f"cut{ending}").write_bytes(b"PK\x03\x04 half of a file")
    with pytest.raises(ValueError, match=rf"cut{ending}: no weights can be read .* again") as error:
        read_foreign_weights(tmp_path / f"cut{ending}")
    assert "\n" not in str(error.value)


def test_a_pickle_that_runs_code_is_not_run(tmp_path):
    class Trap:
        def __reduce__(self):
            return Path.touch, (tmp_path / "sprung",)

    torch.save({"a": Trap()}, tmp_path / "trap.pt")
    with pytest.raises(ValueError, match=r"trap.pt"):
        read_foreign_weights(tmp_path / "trap.pt")
    assert not (tmp_path / "sprung").exists()


def test_without_a_network_the_message_says_where_to_put_the_file(tmp_path, monkeypatch):
    def no_network(address, *_):
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr("urllib.request.urlopen", no_network)
    with pytest.raises(FileNotFoundError) as error:
        fetch("RN50-quickgelu", "openai", "RN50", tmp_path)
    message = str(error.value)
    assert "RN50.pt: cannot be downloaded" in message and "no route to host" in message
    assert str(tmp_path / "RN50.pt") in message
    assert "reprompt weights RN50 --from FILE" in message and "backbones.RN50.file" in message


def test_a_file_in_open_clips_cache_is_used_if_its_checksum_is_the_published_one(tmp_path, monkeypatch):
    monkeypatch.setattr("urllib.request.urlopen", lambda *_: pytest.fail("asked the network"))
    sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"  # of "test"
    settings = {"url": f"https://openaipublic.example/{sha256}/RN50.pt", "quick_gelu": True}
    monkeypatch.setattr(openai, "get_pretrained_cfg", lambda *_: settings)
    (tmp_path / "RN50.pt").write_bytes(b"test")
    assert fetch("RN50-quickgelu", "openai", "RN50", tmp_path) == tmp_path / "RN50.pt"


@pytest.mark.parametrize("tower", ["ViT"], indirect=True)
def test_a_file_that_is_not_openais_published_one_is_known(small, tmp_path):
    torch.save(small.state_dict(), tmp_path / "small.pt")
    assert not is_published(read_foreign_weights(tmp_path / "small.pt"), "ViT-B-16-quickgelu")


def test_an_unknown_architecture_names_the_nearest():
    with pytest.raises(ValueError, match=r"no architecture 'ViT-B-61-quickgelu'; did you mean 'ViT-B-\d+-quickgelu'"):
        architecture("ViT-B-61-quickgelu", "openai")


@pytest.mark.parametrize("tower", ["ViT"], indirect=True)
def test_the_file_says_what_it_is_and_nothing_of_where_it_came_from(small, tmp_path):
    torch.save(small.state_dict(), tmp_path / "small.pt")
    converted(tmp_path / "small.pt", tmp_path / "out.safetensors")
    with openai.safe_open(tmp_path / "out.safetensors", "pt") as file:
        about = json.loads(file.metadata()["about"])
    assert about["model"] == "tiny-quickgelu" and about["architecture"]["quick_gelu"]
    assert str(tmp_path) not in json.dumps(about)
    known = {"vision", "text", "joint_width", "mean", "std", "quick_gelu"}
    assert about["architecture"].keys() == known, "OpenAI's files stay what they are"


def test_weights_are_read_through_one_door():
    package = Path(reprompt.__file__).parent
    past_it = re.compile(r"from reprompt\.clip\.backbones import .*\bload\b|backbones\.load\(")
    doors = {str(f.relative_to(package)) for f in package.rglob("*.py") if past_it.search(f.read_text())}
    assert doors == {"clip/openai.py"}, "these would read QuickGELU weights as GELU"
