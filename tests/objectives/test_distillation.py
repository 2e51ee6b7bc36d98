"""Distillation: the KL of the paper and the soft cross-entropy of the released code have one gradient."""

import torch
import torch.nn.functional as F

from reprompt.learners.outcome import Outcome
from reprompt.objectives import cross_entropy, distillation


def outcome():
    images, classes = F.normalize(torch.randn(2, 5, 8), dim=-1), F.normalize(torch.randn(2, 3, 8), dim=-1)
    return Outcome(images, classes.requires_grad_(True), torch.tensor(10.0))


def test_kl_is_zero_only_at_the_teacher():
    student = outcome()
    weights = torch.full((2, 5), 0.2)
    assert distillation.loss(student, student.logits.detach(), weights).abs().max() < 1e-6
    assert (distillation.loss(student, torch.zeros(2, 5, 3), weights) > 1e-3).all()


def test_the_gradient_is_that_of_the_soft_cross_entropy():
    student, teacher, weights = outcome(), torch.randn(2, 5, 3), torch.full((2, 5), 0.2)
    for temperature in (1.0, 2.0):
        kl = distillation.loss(student, teacher, weights, temperature).sum()
        soft = F.softmax(teacher / temperature, -1) * F.log_softmax(student.logits / temperature, -1)
        coded = -(temperature**2) * soft.sum(-1).mean(1).sum()
        grads = [torch.autograd.grad(one, student.classes, retain_graph=True)[0] for one in (kl, coded)]
        assert (grads[0] - grads[1]).abs().max() < 1e-6


def test_images_without_weight_do_not_count():
    student, labels = outcome(), torch.randint(3, (2, 5))
    weights = torch.tensor([[0.5, 0.5, 0, 0, 0]] * 2)
    cut = Outcome(student.images[:, :2], student.classes, student.scale)
    whole = cross_entropy.loss(student, labels, weights)
    assert torch.allclose(whole, cross_entropy.loss(cut, labels[:, :2], torch.full((2, 2), 0.5)))
