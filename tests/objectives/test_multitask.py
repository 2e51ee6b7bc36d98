"""MVLPT's loss over the union of all tasks' classes."""

import math
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from pydantic import ValidationError

from reprompt.learners.coop import Learner, Settings
from reprompt.learners.output import LearnerOutput
from reprompt.objectives import cross_entropy, multitask


def loss(class_mask):
    return multitask.objective([multitask.Settings(class_mask=class_mask, sampling="image")] * 2)


@pytest.fixture
def first_task(batch):
    """All images belong to a task of the first two of three classes."""
    return replace(batch, labels=batch.labels % 2, allowed=torch.tensor([True, True, False]).expand(2, 5, 3))


def test_without_a_mask_it_is_cross_entropy_over_the_union(output, batch):
    assert torch.equal(loss("none")(output, batch), cross_entropy.loss(output, batch))


@pytest.mark.parametrize("class_mask", ["zero", "exclude"])
def test_a_masked_class_gets_no_gradient(tiny, batch, first_task, class_mask):
    """Each class has a context of its own: those of foreign classes must stay where they are."""
    learner = Learner(tiny, ["cat", "dog", "car"], Settings(context_length=2, class_specific=True))
    context = torch.randn(2, 3, 2, 32, requires_grad=True)
    output = learner.forward({"context": context}, F.normalize(torch.randn(2, 5, 24), dim=-1))
    loss(class_mask)(output, first_task).sum().backward()
    assert (context.grad[:, 2] == 0).all() and (context.grad[:, :2].abs().amax((2, 3)) > 1e-6).all()
    context.grad = None
    output = learner.forward({"context": context}, F.normalize(torch.randn(2, 5, 24), dim=-1))
    loss("none")(output, first_task).sum().backward()
    assert (context.grad[:, 2] != 0).any(), "without a mask they move"


def test_excluding_foreign_classes_is_a_loss_per_task(output, first_task):
    own = replace(output, classes=output.classes[:, :2])
    assert torch.allclose(loss("exclude")(output, first_task), cross_entropy.loss(own, first_task))


def test_images_of_two_tasks_are_compared_with_their_own_classes(output, batch):
    labels = torch.tensor([[0, 1, 2, 2, 0]] * 2)
    task_of_class = torch.tensor([0, 0, 1])
    allowed = task_of_class[labels][..., None] == task_of_class
    losses = loss("exclude")(output, replace(batch, labels=labels, allowed=allowed))
    for r in range(2):
        first = labels[r] < 2
        sums = F.cross_entropy(output.logits[r, first, :2], labels[r, first], reduction="sum")
        assert torch.allclose(losses[r], sums / 5), "a task of one class costs nothing"


def test_zeroed_classes_keep_the_weight_of_a_logit_of_zero(batch):
    """Logits (ln 2, ln 3, x): the label's share is 2 / (2 + 3 + 1), whatever x."""
    images = torch.ones(2, 5, 1).double()
    classes = torch.tensor([math.log(2), math.log(3), 17.0]).double()[:, None].expand(2, -1, -1)
    output = LearnerOutput(images, classes, torch.tensor(1.0).double())
    allowed = torch.tensor([True, True, False]).expand(2, 5, 3)
    one = replace(batch, labels=torch.zeros(2, 5, dtype=torch.long), allowed=allowed)
    assert loss("zero")(output, one).tolist() == pytest.approx([math.log(3)] * 2)
    assert loss("exclude")(output, one).tolist() == pytest.approx([math.log(5 / 2)] * 2)


@pytest.mark.parametrize("class_mask", ["none", "zero", "exclude"])
def test_soft_labels_of_one_class_are_hard_labels(output, first_task, class_mask):
    one_hot = replace(first_task, labels=F.one_hot(first_task.labels, 3).double())
    hard, soft = (loss(class_mask)(output, batch) for batch in (first_task, one_hot))
    assert torch.allclose(soft, hard)
    grads = [torch.autograd.grad(losses.sum(), output.classes, retain_graph=True)[0] for losses in (hard, soft)]
    assert torch.allclose(*grads)


@pytest.mark.parametrize("class_mask", ["none", "zero", "exclude"])
def test_two_classes_of_an_image_share_it_by_half(output, first_task, class_mask):
    both = replace(first_task, labels=torch.tensor([1.0, 1, 0]).double().expand(2, 5, 3))
    one, other = (replace(first_task, labels=torch.full((2, 5), k)) for k in (0, 1))
    half = (loss(class_mask)(output, one) + loss(class_mask)(output, other)) / 2
    assert torch.allclose(loss(class_mask)(output, both), half)


def test_images_without_weight_do_not_count(output, padded, cut):
    allowed = torch.tensor([True, True, True]).expand(2, 5, 3)
    short, own = cut
    for class_mask in ("zero", "exclude"):
        whole = loss(class_mask)(output, replace(padded, allowed=allowed))
        assert torch.allclose(whole, loss(class_mask)(short, replace(own, allowed=allowed[:, :2])))


def test_a_mask_that_is_none_is_an_error():
    with pytest.raises(ValidationError, match="'none', 'zero' or 'exclude'"):
        multitask.Settings(class_mask="soft", sampling="image")
