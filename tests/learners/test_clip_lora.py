"""CLIP-LoRA: towers whose weights are added up with the updates, against updates as an argument."""

import copy

import pytest
import torch
import torch.nn.functional as F

from reprompt.clip.text import encode_texts
from reprompt.learners import clip_lora
from reprompt.learners.templates import class_features

LORA = {"lora_text_layers": 3, "lora_image_layers": 3}
ROWS = {"q": slice(0, 32), "k": slice(32, 64), "v": slice(64, 96)}


def added_up(model, params, run, matrices, scale):
    """A copy of a CLIP with one run's updates in its weights."""
    model = copy.deepcopy(model)
    for tower, transformer in (("text", model.transformer), ("image", model.visual.transformer)):
        for layer, block in enumerate(transformer.resblocks):
            for place, matrix in enumerate(matrices):
                down, up = (params[f"{tower}_{side}"][run, layer, place] for side in ("down", "up"))
                attention = block.attn
                weight = attention.out_proj.weight if matrix == "o" else attention.in_proj_weight[ROWS[matrix]]
                weight.data += scale * up @ down
    return model


@pytest.mark.parametrize(
    ("matrices", "rank", "rule", "scale"),
    [(("q", "k", "v"), 2, "root", 3 / 2**0.5), (("v", "o"), 4, "root", 1.5), (("o",), 4, "rank", 0.75)],
)
def test_logits_are_those_of_towers_with_the_updates_in_their_weights(
    kind_of, exact, pixels, names, matrices, rank, rule, scale
):
    settings = {**LORA, "lora_matrices": matrices, "lora_rank": rank, "lora_alpha": 3.0, "rank_scale": rule}
    kind = kind_of(module=clip_lora, settings=settings)
    params, output = kind.params(), kind.output(kind.params(), pixels)
    before = {name: tensor.clone() for name, tensor in exact.model.state_dict().items()}
    for run in range(2):
        model = added_up(exact.model, params, run, matrices, scale)
        images = F.normalize(model.visual(pixels[run]), dim=-1)
        texts = encode_texts(model, [f"a photo of a {name.replace('_', ' ')}." for name in names])
        assert (output.logits[run] - exact.scale * images @ texts.T).abs().max() < 1e-9
    assert all(torch.equal(before[name], tensor) for name, tensor in exact.model.state_dict().items())


def test_it_starts_at_zero_shot_clip(kind_of, exact, pixels, names):
    kind = kind_of("CLIP-LoRA")
    start = {name: tensor[None].double() for name, tensor in kind.learner().start("random", torch.Generator()).items()}
    assert all((start[name] == 0).all() == name.endswith("_up") for name in start)
    output = kind.output(start, pixels[:1])
    assert (output.classes[0] - class_features(exact, names, ("a photo of a {}.",))).abs().max() < 1e-12


def test_more_layers_than_the_tower_has_are_refused(kind_of, pixels):
    kind = kind_of(module=clip_lora, settings={**LORA, "lora_text_layers": 4})
    with pytest.raises(ValueError, match="4 layers to update exceed the 3 of the tower"):
        kind.output(kind.params(), pixels)


def test_a_resnet_has_no_blocks_to_update(kind_of, resnet):
    with pytest.raises(ValueError, match="updates of the image tower need an image tower made of tokens"):
        kind_of(module=clip_lora, settings=LORA, backbone=resnet).learner()
