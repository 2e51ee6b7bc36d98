"""Starting from a stored prompt: what fits comes back, and what does not is refused with the reason."""

import pytest
import torch

from reprompt.initialisation.stored import start
from reprompt.learners import coop, ivlp

NAMES = ["cat", "dog"]
STREAM = torch.Generator()
PROMPT = {"context": torch.randn(3, 32, generator=torch.Generator().manual_seed(3))}


def learner_of(tiny, length=3, names=NAMES):
    return coop.Learner(tiny, names, coop.Settings(context_length=length))


def test_a_learner_starts_at_the_stored_prompt_without_the_regulator_beside_it(tiny):
    started = start(learner_of(tiny), "random", STREAM, {**PROMPT, "text.gamma_bias": torch.zeros(32)})
    assert started.keys() == {"context"} and torch.equal(started["context"], PROMPT["context"])


def test_it_starts_there_for_other_classes_too(tiny):
    learner = learner_of(tiny, names=["tree", "house", "a very old car"])
    assert start(learner, "random", STREAM, PROMPT)["context"].shape == (3, 32)


def test_another_length_is_refused_with_both_shapes(tiny):
    with pytest.raises(ValueError, match=r"context is \(3, 32\), the learner's is \(4, 32\)"):
        start(learner_of(tiny, length=4), "random", STREAM, PROMPT)


def test_the_prompt_of_another_learner_is_refused_with_what_it_holds(tiny):
    settings = ivlp.Settings(context_length=3, text_depth=1, visual_depth=1, visual_length=2)
    learner = ivlp.Learner(tiny, NAMES, settings)
    with pytest.raises(ValueError, match=r"holds \['context'\], but the learner has \['context', 'visual'\]"):
        start(learner, "random", STREAM, PROMPT)
