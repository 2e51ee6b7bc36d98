"""Distillation: the KL of the paper and the soft cross-entropy of the released code have one gradient."""

import math
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from reprompt.objectives import cross_entropy, lwf


def with_alpha(alpha, temperature=1.0):
    return lwf.Settings(distillation=alpha, temperature=temperature, teacher="template")


def test_the_divergence_is_zero_only_at_the_teacher(output, batch):
    taught = replace(batch, teacher=output.logits.detach())
    assert lwf.divergence(output, taught).abs().max() < 1e-12
    (gradient,) = torch.autograd.grad(lwf.divergence(output, taught).sum(), output.classes)
    assert gradient.abs().max() < 1e-12
    assert (lwf.divergence(output, batch) > 1e-3).all()


@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_the_gradient_is_that_of_the_released_soft_cross_entropy(output, batch, temperature):
    soft = F.softmax(batch.teacher / temperature, -1) * F.log_softmax(output.logits / temperature, -1)
    coded = -(temperature**2) * soft.sum(-1).mean(1)
    ours = lwf.divergence(output, batch, temperature)
    assert torch.allclose(ours + lwf.teacher_entropy(batch, temperature), coded)
    grads = [torch.autograd.grad(loss.sum(), output.classes, retain_graph=True)[0] for loss in (ours, coded)]
    assert (grads[0] - grads[1]).abs().max() < 1e-12


def test_a_case_worked_by_hand(output, batch):
    """Teacher (3/4, 1/4), student (1/2, 1/2)."""
    student = replace(output, classes=output.classes[:, :1].expand(-1, 2, -1))
    taught = replace(batch, teacher=torch.tensor([3.0, 1.0]).double().log().expand(2, 5, 2))
    expected = 0.75 * math.log(1.5) + 0.25 * math.log(0.5)
    assert lwf.divergence(student, taught).tolist() == pytest.approx([expected] * 2)


def test_weight_zero_is_cross_entropy_and_every_run_has_its_own(output, batch):
    settings = [with_alpha(0.0, temperature=2.0), with_alpha(0.5, temperature=2.0)]
    losses, base = lwf.objective(settings)(output, batch), cross_entropy.loss(output, batch)
    assert torch.equal(losses[0], base[0])
    assert torch.allclose(losses[1], base[1] + 0.5 * lwf.divergence(output, batch, 2.0)[1])


def test_a_run_keeps_its_weight_when_the_others_have_left(output, batch):
    loss = lwf.objective([with_alpha(a) for a in (9.0, 0.0, 9.0, 1.0)])
    left = replace(batch, runs=torch.tensor([1, 3]))
    expected = lwf.objective([with_alpha(a) for a in (0.0, 1.0)])
    assert torch.equal(loss(output, left), expected(output, batch))


def test_images_without_weight_do_not_count(output, padded, cut):
    loss = lwf.objective([with_alpha(1.0)] * 2)
    assert torch.allclose(loss(output, padded), loss(*cut))
    assert torch.allclose(lwf.teacher_entropy(padded), lwf.teacher_entropy(cut[1]))
