"""The cosine classifier: directions on frozen features."""

import torch

from reprompt.learners.templates import class_features


def test_text_features_as_directions_are_zero_shot_clip(kind_of, exact, pixels, names):
    classes = class_features(exact, names, ("a photo of a {}.",))
    output = kind_of("cosine classifier").output({"weight": classes[None]}, pixels)
    assert (output.logits - exact.scale * output.images @ classes.T).abs().max() < 1e-12


def test_the_length_of_a_direction_does_not_matter(kind_of, pixels):
    kind = kind_of("cosine classifier")
    weight = kind.params()["weight"]
    longer = weight * torch.tensor([1, 2, 3, 4]).double()[:, None]
    one, two = (kind.output({"weight": w}, pixels).logits for w in (weight, longer))
    assert (one - two).abs().max() < 1e-12


def test_class_names_play_no_role(kind_of, pixels):
    kind = kind_of("cosine classifier")
    one, two = (kind.output(kind.params(), pixels, names=names).logits for names in (list("abcd"), list("efgh")))
    assert torch.equal(one, two)
