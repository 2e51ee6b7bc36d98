"""CoCoOp: a context that looks at the image."""

import torch
import torch.nn.functional as F

from reprompt.clip.backbones import Backbone


def test_a_meta_net_of_zeros_is_coop(kind_of, pixels):
    kind = kind_of("CoCoOp")
    params = kind.params()
    silent = {name: tensor if name == "context" else torch.zeros_like(tensor) for name, tensor in params.items()}
    actual = kind.logits_and_gradients(silent, pixels)
    expected = kind_of("CoOp").logits_and_gradients({"context": params["context"]}, pixels)
    for name in ("logits", "context"):
        assert (actual[name] - expected[name]).abs().max() < 1e-10 * expected[name].abs().max()


def test_each_image_is_classified_as_coop_with_its_own_shifted_context(kind_of, exact: Backbone, pixels):
    kind, coop = kind_of("CoCoOp"), kind_of("CoOp")
    params = kind.params(runs=1)
    output = kind.output(params, pixels[:1])
    assert output.classes.shape == (1, 3, 4, 32)
    for b in range(3):
        image = F.normalize(exact.model.visual(pixels[0, b : b + 1]), dim=-1)
        hidden = F.relu(F.linear(image, params["meta_in_weight"][0], params["meta_in_bias"][0]))
        shift = F.linear(hidden, params["meta_out_weight"][0], params["meta_out_bias"][0])
        alone = coop.output({"context": params["context"] + shift}, pixels[:1, b : b + 1])
        assert (output.logits[:, b] - alone.logits[:, 0]).abs().max() < 1e-10


def test_the_logits_of_an_image_do_not_depend_on_its_batch(kind_of, pixels):
    kind = kind_of("CoCoOp")
    params = kind.params()
    alone, together = (kind.output(params, images).logits[:, 0] for images in (pixels[:, :1], pixels))
    assert (alone - together).abs().max() < 1e-10
