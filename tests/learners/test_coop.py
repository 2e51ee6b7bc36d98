"""CoOp: its special case zero-shot CLIP, its contexts per class, and what it refuses."""

import pytest
import torch

from reprompt.initialisation.context import phrase_vectors
from reprompt.learners import coop
from reprompt.learners.templates import class_features

PHRASE = "a photo of a"


def test_a_phrase_as_context_is_zero_shot_clip(kind_of, exact, pixels, names):
    kind = kind_of(module=coop, settings={"context_length": 4})
    start = kind.learner().start(PHRASE, torch.Generator())
    output = kind.output({"context": start["context"][None]}, pixels)
    assert start["context"].dtype == torch.float64
    assert (output.classes[0] - class_features(exact, names, ("a photo of a {}.",))).abs().max() < 1e-12


@pytest.mark.parametrize("position", ["end", "middle", "front"])
def test_the_same_context_for_every_class_is_a_shared_context(kind_of, pixels, position):
    settings = {"context_length": 3, "position": position}
    shared = kind_of(module=coop, settings=settings)
    specific = kind_of(module=coop, settings={**settings, "class_specific": True})
    context = shared.params()["context"]
    copies = {"context": context[:, None].expand(-1, 4, -1, -1)}
    actual, expected = specific.output(copies, pixels).logits, shared.output({"context": context}, pixels).logits
    assert (actual - expected).abs().max() < 1e-12


def test_a_context_per_class_touches_only_its_own_class(kind_of, pixels):
    kind = kind_of("CoOp, class-specific")
    params = kind.params()
    moved = {"context": params["context"].clone()}
    moved["context"][:, 1] *= -1
    change = (kind.output(moved, pixels).logits - kind.output(params, pixels).logits).abs().amax((0, 1))
    assert (change > 1e-6).tolist() == [False, True, False, False]


def test_a_phrase_of_another_length_is_an_error(kind_of):
    with pytest.raises(ValueError, match="4 tokens, but context_length is 3"):
        kind_of("CoOp").learner().start(PHRASE, torch.Generator())


def test_a_phrase_for_a_context_per_class_is_refused(kind_of):
    kind = kind_of(module=coop, settings={"context_length": 4, "class_specific": True})
    with pytest.raises(ValueError, match="a context per class starts at random"):
        kind.learner().start(PHRASE, torch.Generator())


def test_contexts_of_other_classes_are_refused(kind_of, pixels):
    kind = kind_of("CoOp, class-specific")
    with pytest.raises(ValueError, match="4 contexts, one per class, do not fit 2 classes"):
        kind.output(kind.params(), pixels, names=["cat", "dog"])


def test_a_prompt_that_is_too_long_is_refused(kind_of, pixels):
    kind = kind_of(module=coop, settings={"context_length": 75})
    with pytest.raises(ValueError, match="exceed CLIP's 77"):
        kind.output(kind.params(), pixels)


@pytest.mark.parametrize(
    "name", ["CoOp", "CoOp, class-specific, middle", "CoCoOp", "deep text only", "cosine classifier"]
)
def test_learners_without_visual_prompts_work_on_a_resnet(kind_of, resnet, pixels, name):
    kind = kind_of(name, backbone=resnet)
    assert torch.isfinite(kind.logits_and_gradients(kind.params(), pixels)["logits"]).all()


def test_the_phrase_is_the_rows_of_the_token_table(exact):
    table = exact.model.token_embedding.weight
    vectors = phrase_vectors(exact, "a photo of a")
    assert torch.equal(vectors[0], vectors[3]) and vectors.shape == (4, 32)
    assert all((table == vector).all(dim=1).any() for vector in vectors)
