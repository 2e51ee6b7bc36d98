"""IVLP: its special cases, and what it refuses."""

import pytest
import torch

from reprompt.learners import ivlp
from reprompt.learners.templates import class_features


def kind_with(kind_of, **settings):
    return kind_of(
        module=ivlp,
        settings={"context_length": 2, "visual_length": 2, "text_depth": 1, "visual_depth": 0, **settings},
    )


def test_text_at_depth_one_without_visual_prompts_is_coop(kind_of, pixels, assert_equal):
    params = kind_with(kind_of).params()
    coop = kind_of("CoOp").logits_and_gradients(params, pixels)
    assert_equal(kind_with(kind_of).logits_and_gradients(params, pixels), coop)


def test_a_phrase_with_frozen_words_behind_it_is_zero_shot_clip(kind_of, exact, pixels, names):
    kind = kind_with(kind_of, words="of a")
    start = kind.learner().start("a photo", torch.Generator())
    output = kind.output({"context": start["context"][None]}, pixels)
    assert (output.classes[0] - class_features(exact, names, ("a photo of a {}.",))).abs().max() < 1e-12


def test_text_and_visual_prompts_know_nothing_of_each_other(kind_of, pixels):
    kind = kind_of("IVLP 2 + 2, frozen words")
    params = kind.params()
    plain = kind.output(params, pixels)
    other_text = kind.output({**params, "context": -params["context"]}, pixels)
    other_visual = kind.output({**params, "visual": -params["visual"]}, pixels)
    assert torch.equal(plain.images, other_text.images) and not torch.equal(plain.classes, other_text.classes)
    assert torch.equal(plain.classes, other_visual.classes) and not torch.equal(plain.images, other_visual.images)


def test_visual_prompts_alone_are_vpt(kind_of, pixels):
    params = kind_of("IVLP 1 + 3").params()
    images = kind_of("IVLP 1 + 3").output(params, pixels).images
    assert torch.equal(images, kind_of("VPT deep").output({"visual": params["visual"]}, pixels).images)


@pytest.mark.parametrize("position", ["middle", "front"])
def test_deep_text_behind_a_name_is_refused(kind_of, position):
    with pytest.raises(ValueError, match="stands before the name"):
        kind_with(kind_of, text_depth=2, position=position).learner()


def test_text_prompts_at_more_layers_than_the_tower_has_are_refused(kind_of):
    kind = kind_with(kind_of, text_depth=4)
    with pytest.raises(ValueError, match="text_depth 4 exceeds the 3 layers"):
        kind.learner().start("random", torch.Generator())


def test_frozen_words_need_the_name_last(kind_of):
    with pytest.raises(ValueError, match="the name must come last"):
        kind_with(kind_of, words="of a", position="front").learner()
