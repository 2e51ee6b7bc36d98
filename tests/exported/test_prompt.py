"""What the table calls exportable opens again with the same cosines, in this package and in plain open_clip."""

import json
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import open_clip
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from project import PROJECT
from reprompt.cells.recipes import names_of, recipe_of
from reprompt.clip.backbones import Backbone
from reprompt.clip.openai import load as load_backbone
from reprompt.clip.weights import VOCABULARY, save
from reprompt.exported.card import FORMAT, Card
from reprompt.exported.exportable import exportable, page, settings_of
from reprompt.exported.fingerprint import fingerprint
from reprompt.exported.licences import licence_of
from reprompt.exported.lines import lines_of
from reprompt.exported.prompt import Prompt, load
from reprompt.learners.templates import class_features
from reprompt.planning.parameters import load_parameters

PARAMETERS = load_parameters(PROJECT / "params.yaml", "smoke")
CLASSES = ("a rose", "lily of the valley", "737-800")
TEMPLATES = ("a photo of a {}.", "art of the {}.")
TO = {"atol": 1e-6, "rtol": 0}
LEARNERS = [
    name
    for name in names_of("learner")
    if not exportable(recipe_of(name), settings_of(recipe_of(name), PARAMETERS)).refused
]
ACCURACY = {
    "percent": 50.0,
    "images": 8,
    "low": 20.0,
    "high": 80.0,
    "mean_over_draws": 50.0,
    "draws": 1,
    "half_width": None,
}


def prompt_of(name: str, backbone: Backbone, weights: Path = Path("weights.safetensors")) -> Prompt:
    """A prompt of a learner with random tensors, as it is exported."""
    recipe = recipe_of(name)
    settings = settings_of(recipe, PARAMETERS)
    can, learned = exportable(recipe, settings), {}
    if recipe.by_steps:
        learner = import_module(f"reprompt.learners.{recipe.members['learner']}").Learner(
            backbone, [*CLASSES], settings
        )
        stream = torch.Generator().manual_seed(0)
        start = learner.start("random", stream)
        learned = {key: value + 0.1 * torch.randn(value.shape, generator=stream) for key, value in start.items()}
    pictures = {"side": 40, "resize": "centred", "interpolation": "bicubic", "upright": True}
    pictures |= {"mean": backbone.mean, "std": backbone.std}
    of = {"name": "tiny", "source": "rendered", "model": "tiny", "pretrained": "smoke", "weights": str(weights)}
    of |= {"weights_sha256": backbone.weights_sha256, "fingerprint": fingerprint(backbone.model), "licence": "MIT"}
    card = Card.model_validate(
        {
            **{"format": FORMAT, "task": "flowers", "recipe": recipe.expression, "settings": settings.model_dump()},
            **{"shots": 4, "seed": 1, "template": TEMPLATES[0], "classes": CLASSES, "backbone": of},
            **{"templates": () if recipe.by_steps else TEMPLATES, "pictures": pictures, "opens_in": can.opens_in},
            **{
                "new_classes": can.new_classes,
                "accuracy": {**ACCURACY, "half_width": None},
                "versions": {},
                "lines": (),
            },
        }
    )
    lines = lines_of(card.backbone, card.pictures, can.opens_in, None)
    bare = Prompt(card.model_copy(update={"lines": lines}), learned, None, backbone.model.logit_scale.clone())
    return Prompt(bare.card, learned, bare.classifier(backbone.model) if can.classes else None, bare.logit_scale)


@pytest.fixture(scope="module")
def pixels() -> torch.Tensor:
    return torch.randn(3, 3, 40, 40, generator=torch.Generator().manual_seed(1))


def test_the_page_is_that_of_the_learners_that_there_are() -> None:
    written = (PROJECT / "docs/exporting.md").read_text()
    assert written == page(load_parameters(PROJECT / "params.yaml", "paper"))


@pytest.mark.parametrize("name", LEARNERS)
def test_a_prompt_that_is_opened_again_has_the_logits_of_its_learner(name, tiny, pixels, tmp_path) -> None:
    prompt = prompt_of(name, tiny)
    prompt.save(tmp_path / "prompt")
    opened = load(tmp_path / "prompt")
    logits = opened.logits(tiny.model, pixels)
    features = F.normalize(tiny.model.visual(pixels), dim=-1)
    if recipe_of(name).by_steps:
        module = import_module(f"reprompt.learners.{recipe_of(name).members['learner']}")
        learner = module.Learner(tiny, [*CLASSES], opened.card.learner)
        seen = features if learner.sees == "features" else pixels
        wanted = learner.forward({key: value[None] for key, value in prompt.learned.items()}, seen[None]).logits[0]
    else:
        wanted = tiny.scale * features @ class_features(tiny, [*CLASSES], TEMPLATES).T
    torch.testing.assert_close(logits, wanted)
    if opened.class_features is not None:  # the file, and the tower that goes with it
        cosines = opened.tower(tiny.model)(pixels) @ opened.class_features.T
        torch.testing.assert_close(cosines, wanted / tiny.scale, **TO)


@pytest.mark.parametrize("name", LEARNERS)
def test_class_features_alone_classify_where_the_table_says_open_clip(name, tiny, pixels) -> None:
    prompt = prompt_of(name, tiny)
    frozen = F.normalize(tiny.model.encode_image(pixels), dim=-1)
    if prompt.card.opens_in == "open_clip":
        logits = prompt.logit_scale.exp() * frozen @ prompt.class_features.T
        torch.testing.assert_close(logits, prompt.logits(tiny.model, pixels), atol=1e-4, rtol=0)
    elif prompt.class_features is not None:  # there the tower is another
        assert not torch.allclose(prompt.tower(tiny.model)(pixels), frozen, atol=1e-3)


@pytest.mark.parametrize("name", LEARNERS)
def test_other_classes_are_named_where_the_table_says_so_and_refused_elsewhere(name, tiny, pixels) -> None:
    prompt, others = prompt_of(name, tiny), ["a heron", "an egret", "a stork", "a crane"]
    if prompt.card.new_classes:
        assert prompt.logits(tiny.model, pixels, others).shape == (3, 4)
    else:
        with pytest.raises(ValueError, match=r"for each of its 3 classes and has no features of others: a heron"):
            prompt.logits(tiny.model, pixels, others)


def test_features_that_differ_by_image_are_refused_as_a_classifier(tiny) -> None:
    with pytest.raises(ValueError, match=r"CoCoOp has class features of its own for every image"):
        prompt_of("cocoop", tiny).classifier(tiny.model)


def python_of_readme() -> str:
    """The loop in plain open_clip that README shows."""
    return re.search(r"```python\n(import open_clip, torch\n.*?)```", (PROJECT / "README.md").read_text(), re.DOTALL)[1]


def test_the_lines_of_readme_give_the_same_cosines(tiny, pixels, tmp_path, monkeypatch) -> None:
    prompt = prompt_of("coop", tiny)
    prompt.save(tmp_path / "prompt")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(open_clip, "create_model", lambda *_, **__: tiny.model)
    lines: dict = {}
    exec(python_of_readme(), lines)
    with torch.no_grad():
        features = torch.stack([lines["class_feature"](name) for name in CLASSES])
        others = torch.stack([lines["class_feature"](name) for name in ("a heron", "C++ manual")])
    images = F.normalize(tiny.model.encode_image(pixels), dim=-1)
    torch.testing.assert_close(images @ features.T, images @ prompt.class_features.T, **TO)
    again = prompt.classifier(tiny.model, ["a heron", "C++ manual"])
    torch.testing.assert_close(images @ others.T, images @ again.T, **TO)


def test_learners_that_the_table_gives_the_plain_lines_are_those_of_a_context_before_the_name() -> None:
    settings = {name: settings_of(recipe_of(name), PARAMETERS) for name in LEARNERS}
    of_context = {name for name in LEARNERS if exportable(recipe_of(name), settings[name]).plain_lines == "context"}
    assert "coop" in of_context and not of_context & {"coop_middle", "ivlp", "maple", "upt", "vpt", "cocoop", "cosine"}
    refused = exportable(recipe_of("linear_probe"), settings_of(recipe_of("linear_probe"), PARAMETERS)).refused
    assert "not a prompt" in refused


def test_the_lines_of_a_card_run_where_there_is_only_torch_open_clip_and_safetensors(tiny, tmp_path) -> None:
    vision = {"image_size": 40, "patch_size": 8, "width": 32, "layers": 2, "head_width": 16}
    about = {"vision": vision, "text": {"width": 32, "heads": 2, "layers": 2}, "joint_width": 24}
    about |= {"mean": tiny.mean, "std": tiny.std}
    weights = tmp_path / "weights.safetensors"
    save(weights, tiny.model, torch.arange(VOCABULARY), about, {})
    rounded = load_backbone(weights, "tiny")
    prompt = prompt_of("coop", rounded, weights)
    prompt.save(tmp_path)
    picture = Image.effect_mandelbrot((70, 50), (-2, -1.2, 1, 1.2), 60).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(tmp_path / "new.jpg", exif=exif)
    blocked = ["import sys", 'sys.modules["reprompt"] = None']
    script = "\n".join([*blocked, *load(tmp_path).card.lines])
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = eval(done.stdout)
    (predicted,) = prompt.predict(rounded.model, [tmp_path / "new.jpg"])
    assert said == pytest.approx(predicted.probabilities, abs=1e-4) and set(said) == set(CLASSES)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda folder: (folder / "card.json").unlink(), "not a folder that `reprompt export` wrote"),
        (lambda folder: (folder / "card.json").write_text("{"), "not valid JSON"),
        (lambda folder: (folder / "card.json").write_text(json.dumps({"format": 2})), "card.json: format"),
        (lambda folder: (folder / "prompt.safetensors").unlink(), "prompt.safetensors is missing"),
        (lambda folder: (folder / "prompt.safetensors").write_bytes(b"x" * 40), "cannot be read"),
    ],
)
def test_a_folder_that_is_none_or_damaged_is_an_error_that_names_the_file(damage, words, tiny, tmp_path) -> None:
    prompt_of("coop", tiny).save(tmp_path)
    damage(tmp_path)
    with pytest.raises((ValueError, FileNotFoundError), match=words):
        load(tmp_path)


def test_licences_are_those_of_the_weights() -> None:
    assert licence_of("ViT-B-16-quickgelu", "openai").startswith("MIT")
    assert "research only" in licence_of("ViT-B-16-quickgelu", "dfn2b")
    assert "BY-NC" in licence_of("ViT-B-16-quickgelu", "metaclip_400m")
