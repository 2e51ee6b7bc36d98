"""Starting from a stored prompt: it comes back, and what does not fit is refused with the reason."""

from dataclasses import replace

import pytest
import torch

from reprompt.initialisation.stored import load_prompt, save_prompt, start
from reprompt.learners import independent_prompts, text_context

NAMES = ["cat", "dog"]
STREAM = torch.Generator()


@pytest.fixture
def prompt(tmp_path, tiny):
    """A stored context of three vectors, and its file."""
    context = {"context": torch.randn(3, 32, generator=torch.Generator().manual_seed(3))}
    save_prompt(tmp_path / "prompt.safetensors", context, tiny, made_by="coop on eleven tasks")
    return context, {"source_prompt": str(tmp_path / "prompt.safetensors")}


def coop(tiny, length=3):
    return text_context.Learner(tiny, NAMES, {"context_length": length})


def test_a_learner_starts_at_the_stored_prompt_in_single_precision(tiny, prompt):
    context, settings = prompt
    started = start(coop(tiny), settings, STREAM)["context"]
    assert started.dtype == torch.float32
    assert torch.equal(started, context["context"].half().float())


def test_it_starts_there_for_other_classes_too(tiny, prompt):
    learner = text_context.Learner(tiny, ["tree", "house", "a very old car"], {"context_length": 3})
    assert start(learner, prompt[1], STREAM)["context"].shape == (3, 32)


def test_another_length_is_refused_with_both_shapes(tiny, prompt):
    with pytest.raises(ValueError, match=r"context is \(3, 32\), the learner's is \(4, 32\)"):
        start(coop(tiny, length=4), prompt[1], STREAM)


def test_the_prompt_of_another_learner_is_refused_with_what_it_holds(tiny, prompt):
    settings = {"context_length": 3, "text_depth": 1, "visual_depth": 1, "visual_length": 2}
    learner = independent_prompts.Learner(tiny, NAMES, settings)
    with pytest.raises(ValueError, match=r"holds \['context'\], but the learner has \['context', 'visual'\]"):
        start(learner, prompt[1], STREAM)


def test_the_prompt_of_another_backbone_is_refused_by_name(tiny, prompt):
    other = replace(tiny, name="other", weights_sha256="something else")
    with pytest.raises(ValueError, match="tuned on the backbone tiny, whose weights are not those of other"):
        start(coop(other), prompt[1], STREAM)


def test_a_missing_prompt_names_the_file(tiny, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.safetensors is missing"):
        load_prompt(tmp_path / "none.safetensors", tiny)
