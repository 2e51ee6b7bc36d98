"""Cross-entropy: of one class, of several, of a run's own images only."""

from dataclasses import replace

import torch
import torch.nn.functional as F

from reprompt.objectives import cross_entropy


def test_it_is_the_mean_over_each_runs_images(output, batch):
    losses = cross_entropy.objective([cross_entropy.Settings()] * 2)(output, batch)
    for r in range(2):
        assert torch.allclose(losses[r], F.cross_entropy(output.logits[r], batch.labels[r]))


def test_soft_labels_of_one_class_are_hard_labels(output, batch):
    one_hot = replace(batch, labels=F.one_hot(batch.labels, 3).double())
    assert torch.allclose(cross_entropy.loss(output, one_hot), cross_entropy.loss(output, batch))


def test_two_classes_of_an_image_share_it_by_half(output, batch):
    both = replace(batch, labels=torch.tensor([1.0, 0, 1]).double().expand(2, 5, 3))
    one, other = (replace(batch, labels=torch.full((2, 5), k)) for k in (0, 2))
    half = (cross_entropy.loss(output, one) + cross_entropy.loss(output, other)) / 2
    assert torch.allclose(cross_entropy.loss(output, both), half)


def test_images_without_weight_do_not_count(output, padded, cut):
    assert torch.allclose(cross_entropy.loss(output, padded), cross_entropy.loss(*cut))
