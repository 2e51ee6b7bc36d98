"""Hand-written templates: zero-shot CLIP and the prompt ensemble."""

from typing import NamedTuple

import pytest
import torch
import torch.nn.functional as F

from reprompt.clip.text import tokenize
from reprompt.learners import prompt_ensemble, zero_shot
from reprompt.learners.templates import ENSEMBLE, class_features, texts_of


class Task(NamedTuple):
    """What a learner reads of a task's texts."""

    task: str
    template: str
    templates: tuple[str, ...] | None = None


def test_one_template_is_open_clips_own_text_feature(exact):
    theirs = exact.model.encode_text(tokenize(["a photo of a red cat."]), normalize=True)
    assert (class_features(exact, ["red_cat"], ("a photo of a {}.",)) - theirs).abs().max() < 1e-12


def test_an_ensemble_is_the_normalised_mean_of_normalised_features(exact, names):
    one_by_one = [class_features(exact, names, (template,)) for template in (*ENSEMBLE, "my {}.")]
    for task, features in (("pets", one_by_one), ("imagenet", one_by_one[:-1])):
        templates = prompt_ensemble.templates(prompt_ensemble.Settings(), Task(task, "my {}."))
        mean = F.normalize(torch.stack(features).mean(0), dim=-1)
        assert (class_features(exact, names, templates) - mean).abs().max() < 1e-12


def test_zero_shot_has_one_template_or_elevaters():
    task = Task("dtd", "{} texture.", ("a photo of a {} texture.", "a photo of the {} thing."))
    assert zero_shot.templates(zero_shot.Settings(), task) == ("{} texture.",)
    assert zero_shot.templates(zero_shot.Settings(texts="elevater"), task) == task.templates


def test_elevaters_templates_of_a_task_that_it_does_not_have_are_refused():
    with pytest.raises(ValueError, match="sun397: ELEVATER has no templates"):
        zero_shot.templates(zero_shot.Settings(texts="elevater"), Task("sun397", "a photo of a {}."))


def test_every_class_has_a_template_of_its_own_or_all_have_one():
    assert texts_of(["red_cat", "pie"], ["a {}.", "a plate of {}."]) == ["a red cat.", "a plate of pie."]
    assert texts_of(["red_cat", "pie"], ["a {}."]) == ["a red cat.", "a pie."]
    with pytest.raises(ValueError, match="2 templates for 3 classes: it takes one for each, or one"):
        texts_of(["a", "b", "c"], ["{}.", "a {}."])
