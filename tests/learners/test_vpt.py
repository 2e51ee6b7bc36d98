"""VPT: its two codings, its fixed texts, and the towers that it needs."""

import pytest
import torch
from pydantic import ValidationError

from reprompt.learners import vpt
from reprompt.learners.templates import class_features


def test_before_and_after_the_norm_differ_by_the_norm(kind_of, exact, pixels):
    params = kind_of("VPT deep").params()
    normed = params["visual"].clone()
    normed[:, 0] = exact.model.visual.ln_pre(normed[:, 0])
    before = kind_of("VPT deep").output(params, pixels).logits
    after = kind_of("VPT deep, after norm").output({"visual": normed}, pixels).logits
    assert (before - after).abs().max() < 1e-10
    assert (before - kind_of("VPT deep, after norm").output(params, pixels).logits).abs().max() > 1e-4


def test_a_projection_that_is_the_identity_is_none(kind_of, pixels):
    params = kind_of("VPT deep").params()
    identity = {"project_weight": torch.eye(32).double().expand(2, -1, -1), "project_bias": torch.zeros(2, 32).double()}
    projected = kind_of(module=vpt, settings={"visual_depth": 3, "visual_length": 2, "project_width": 32})
    actual = projected.output({**params, **identity}, pixels).logits
    assert (actual - kind_of("VPT deep").output(params, pixels).logits).abs().max() < 1e-10


def test_the_text_is_the_template_alone(kind_of, exact, pixels, names):
    settings = {"visual_depth": 1, "visual_length": 2, "template": "a picture of {}."}
    kind = kind_of(module=vpt, settings=settings)
    classes = kind.output(kind.params(), pixels).classes
    assert torch.equal(classes, class_features(exact, names, ("a picture of {}.",)).expand(2, -1, -1))


def test_the_two_starts_are_those_of_the_released_codes(exact):
    stream = torch.Generator().manual_seed(1)
    settings = {"visual_depth": 3, "visual_length": 200}
    normal = vpt.Learner(exact, ["cat"], vpt.Settings(**settings)).start("random", stream)["visual"]
    uniform = vpt.Learner(exact, ["cat"], vpt.Settings(**settings, visual_start="uniform"))
    uniform = uniform.start("random", stream)["visual"]
    assert normal.shape == uniform.shape == (3, 200, 32)
    assert normal.std().item() == pytest.approx(0.02, rel=0.05)
    bound = (6 / (3 * 8 * 8 + 32)) ** 0.5
    assert 0.99 * bound < uniform.abs().max() <= bound


@pytest.mark.parametrize("name", ["VPT shallow", "IVLP 1 + 3", "MaPLe 1", "UPT, tokens"])
def test_visual_prompts_on_a_resnet_are_refused(kind_of, resnet, name):
    with pytest.raises(ValueError, match=r"need an image tower made of tokens \(ViT\)"):
        kind_of(name, backbone=resnet).learner()


def test_prompts_at_more_layers_than_the_tower_has_are_refused(kind_of):
    kind = kind_of(module=vpt, settings={"visual_depth": 4, "visual_length": 2})
    with pytest.raises(ValueError, match="visual_depth 4 exceeds the 3 layers"):
        kind.learner().start("random", torch.Generator())


def test_a_placement_that_is_none_is_an_error():
    with pytest.raises(ValidationError, match="behind"):
        vpt.Settings(visual_depth=1, visual_length=2, placement="behind")
