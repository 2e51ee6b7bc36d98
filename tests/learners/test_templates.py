"""Hand-written templates: zero-shot CLIP and the prompt ensemble."""

import torch
import torch.nn.functional as F

from reprompt.clip.text import tokenize
from reprompt.learners import prompt_ensemble, zero_shot
from reprompt.learners.templates import ENSEMBLE, class_features


def test_one_template_is_open_clips_own_text_feature(exact):
    theirs = exact.model.encode_text(tokenize(["a photo of a red cat."]), normalize=True)
    assert (class_features(exact, ["red_cat"], ("a photo of a {}.",)) - theirs).abs().max() < 1e-12


def test_an_ensemble_is_the_normalised_mean_of_normalised_features(exact, names):
    one_by_one = [zero_shot.classes(exact, "pets", template, names) for template in (*ENSEMBLE, "my {}.")]
    mean = F.normalize(torch.stack(one_by_one).mean(0), dim=-1)
    assert (prompt_ensemble.classes(exact, "pets", "my {}.", names) - mean).abs().max() < 1e-12
    without = F.normalize(torch.stack(one_by_one[:-1]).mean(0), dim=-1)
    assert (prompt_ensemble.classes(exact, "imagenet", "my {}.", names) - without).abs().max() < 1e-12
