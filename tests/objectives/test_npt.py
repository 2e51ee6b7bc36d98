"""NPT: a simplex ETF of class features, with every image on its class."""

import math
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from reprompt.objectives import cross_entropy, npt
from reprompt.objectives.npt import isomorphism, language_collapse


def simplex_etf(classes: int, width: int) -> torch.Tensor:
    """K unit vectors in `width` >= K - 1 dimensions, every two at the inner product -1 / (K - 1)."""
    centred = torch.eye(classes, dtype=torch.float64) - 1 / classes
    in_its_span = torch.linalg.svd(centred).U[:, : classes - 1] * math.sqrt(classes / (classes - 1))
    turn = torch.linalg.qr(torch.randn(width, width, generator=torch.Generator().manual_seed(1)).double()).Q
    return in_its_span @ turn[: classes - 1]


def settings(**changes):
    return [npt.Settings(**{"w_language": 0.0, "w_isomorphism": 0.0, "reduction": "mean", **changes})] * 2


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize(("classes", "width"), [(2, 1), (3, 2), (5, 4), (5, 8)])
def test_language_collapse_is_zero_at_a_simplex_etf_and_positive_next_to_it(output, batch, classes, width, reduction):
    etf = simplex_etf(classes, width)
    assert (etf.norm(dim=1) - 1).abs().max() < 1e-12
    at_it = replace(output, classes=etf.expand(2, -1, -1))
    assert language_collapse(at_it, batch, reduction).max() < 1e-24
    moved = etf.clone()
    moved[0] = moved[1] if width == 1 else F.normalize(moved[0] + 0.1 * torch.arange(width), dim=0)
    assert (language_collapse(replace(output, classes=moved.expand(2, -1, -1)), batch, reduction) > 1e-6).all()


def test_language_collapse_equals_a_double_loop(output, batch):
    for r in range(2):
        g, total = output.classes[r], 0
        for i in range(3):
            for j in range(3):
                total += (g[i] @ g[j] + 1 / 2) ** 2 if i != j else 0
        assert torch.allclose(language_collapse(output, batch, "sum")[r], total)
        assert torch.allclose(language_collapse(output, batch, "mean")[r], total / 6)


def test_isomorphism_is_zero_where_every_image_lies_on_its_class(output, batch):
    own = output.classes.gather(1, batch.labels[..., None].expand(-1, -1, 8))
    there = replace(output, images=own)
    assert isomorphism(there, batch, "mean").max() < 1e-24
    assert (isomorphism(output, batch, "mean") > 1e-3).all()


def test_isomorphism_equals_a_loop_over_images(output, batch):
    for r in range(2):
        squares = [
            (image @ output.classes[r, label] - 1) ** 2
            for image, label in zip(output.images[r], batch.labels[r], strict=True)
        ]
        assert torch.allclose(isomorphism(output, batch, "sum")[r], sum(squares))
        assert torch.allclose(isomorphism(output, batch, "mean")[r], sum(squares) / 5)


def test_class_features_per_image_are_averaged_over_the_images(output, batch, padded):
    """CoCoOp: every image has a set of class features, and L_LC is the mean of the sets'."""
    classes = F.normalize(torch.randn(2, 5, 3, 8, generator=torch.Generator().manual_seed(3)).double(), dim=-1)
    per_image = replace(output, classes=classes)
    of_sets = torch.stack([language_collapse(replace(output, classes=classes[:, b]), batch, "sum") for b in range(5)])
    assert torch.allclose(language_collapse(per_image, batch, "sum"), of_sets.mean(0))
    assert torch.allclose(language_collapse(per_image, padded, "sum"), of_sets[:2].mean(0))
    copies = replace(output, classes=output.classes[:, None].expand(-1, 5, -1, -1))
    for term in (language_collapse, isomorphism):
        assert torch.allclose(term(copies, batch, "mean"), term(output, batch, "mean"))


def test_energies_set_the_targets(output, batch):
    loss = npt.objective(settings(w_language=1.0, w_isomorphism=1.0, text_energy=2.0, image_energy=0.5))
    wanted = cross_entropy.loss(output, batch) + language_collapse(output, batch, "mean", 2.0)
    assert torch.allclose(loss(output, batch), wanted + isomorphism(output, batch, "mean", 1.0))


def test_weights_of_zero_are_the_base_objective(output, batch):
    losses, base = npt.objective(settings())(output, batch), cross_entropy.loss(output, batch)
    assert torch.equal(losses, base)
    gradients = [torch.autograd.grad(loss.sum(), output.classes, retain_graph=True)[0] for loss in (losses, base)]
    assert torch.allclose(*gradients, atol=1e-14)


def test_every_run_has_its_own_weights(output, batch):
    one, other = settings()[:1], settings(w_language=2.0, w_isomorphism=3.0)[:1]
    losses, base = npt.objective(one + other)(output, batch), cross_entropy.loss(output, batch)
    added = 2 * language_collapse(output, batch, "mean") + 3 * isomorphism(output, batch, "mean")
    assert torch.allclose(losses, base + torch.tensor([0.0, 1.0]).double() * added)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_images_without_weight_do_not_count(output, padded, cut, reduction):
    loss = npt.objective(settings(w_language=1.0, w_isomorphism=1.0, reduction=reduction))
    assert torch.allclose(loss(output, padded), loss(*cut))


def test_images_shared_by_all_runs_are_compared_with_each_runs_classes(output, batch):
    shared = replace(output, images=output.images[:1])
    copies = replace(output, images=output.images[:1].expand(2, -1, -1))
    one, two = (isomorphism(features, batch, "mean") for features in (shared, copies))
    assert torch.allclose(one, two)
