"""KgCoOp: class features are drawn to the untouched CLIP's, by the code's distance or the paper's."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from reprompt.objectives import cross_entropy, kgcoop
from reprompt.objectives.batch import Reference
from reprompt.objectives.kgcoop import knowledge


def with_guidance(guidance, distance="cosine"):
    return kgcoop.Settings(guidance=guidance, distance=distance)


@pytest.fixture
def held(batch):
    """The batch, held to three class features."""
    classes = F.normalize(torch.randn(3, 8, generator=torch.Generator().manual_seed(2), dtype=torch.float64), dim=-1)
    return replace(batch, reference=Reference(classes, torch.zeros(2, 5, 8, dtype=torch.float64)))


def test_it_is_one_minus_the_mean_cosine_as_the_released_code_has_it(output, held):
    for run in range(2):
        cosines = torch.nn.CosineSimilarity(dim=1)(output.classes[run], held.reference.classes)
        assert torch.isclose(knowledge(output, held, "cosine")[run], 1 - cosines.mean())


def test_the_papers_squared_distance_is_a_loop_over_classes_and_twice_that(output, held):
    squared = knowledge(output, held, "squared")
    for run in range(2):
        distances = [(output.classes[run, k] - held.reference.classes[k]).norm() ** 2 for k in range(3)]
        assert torch.isclose(squared[run], sum(distances) / 3)
    assert torch.allclose(squared, 2 * knowledge(output, held, "cosine"))
    code, paper = (kgcoop.objective([with_guidance(*of)] * 2) for of in ((8.0, "cosine"), (4.0, "squared")))
    assert torch.allclose(code(output, held), paper(output, held))


def test_every_class_counts_whatever_the_batch_shows(output, held):
    one_class = replace(held, labels=torch.zeros_like(held.labels))
    (gradient,) = torch.autograd.grad(knowledge(output, one_class, "cosine").sum(), output.classes)
    assert (gradient.abs().amax(dim=-1) > 1e-3).all()


def test_guidance_zero_is_cross_entropy_and_every_run_has_its_own(output, held):
    losses = kgcoop.objective([with_guidance(0.0), with_guidance(2.5)])(output, held)
    base, term = cross_entropy.loss(output, held), knowledge(output, held, "cosine")
    assert torch.equal(losses[0], base[0]) and torch.isclose(losses[1], base[1] + 2.5 * term[1])


def test_class_features_per_image_are_averaged_over_the_images_that_count(output, held, padded):
    """CoCoOp: every image has a set of class features; padding has none."""
    classes = F.normalize(torch.randn(2, 5, 3, 8, generator=torch.Generator().manual_seed(3)).double(), dim=-1)
    of_sets = torch.stack([knowledge(replace(output, classes=classes[:, b]), held, "cosine") for b in range(5)])
    per_image, held_padded = replace(output, classes=classes), replace(padded, reference=held.reference)
    assert torch.allclose(knowledge(per_image, held, "cosine"), of_sets.mean(0))
    assert torch.allclose(knowledge(per_image, held_padded, "cosine"), of_sets[:2].mean(0))
