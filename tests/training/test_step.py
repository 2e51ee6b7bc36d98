"""The one training step: the batch's runs move as their rule and their optimiser say, and no others."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from reprompt.gradients import plain
from reprompt.learners.coop import Learner, Settings
from reprompt.objectives import cross_entropy
from reprompt.objectives.batch import Batch
from reprompt.training.optimisers import SGD, Adam, AdamW
from reprompt.training.step import TrainingMethod, training_step, with_penalty

RATES = torch.tensor([0.1, 0.2])
ACTIVE = torch.tensor([0, 2])


@pytest.fixture(scope="module")
def method(tiny):
    learner = Learner(tiny, ["cat", "dog", "tree"], Settings(context_length=2))
    return TrainingMethod(learner, cross_entropy.loss, plain.gradients)


@pytest.fixture(scope="module")
def images():
    """Four images of each of two runs, as features (2, 4, 24)."""
    return F.normalize(torch.randn(2, 4, 24, generator=torch.Generator().manual_seed(1)), dim=-1)


@pytest.fixture(scope="module")
def batch():
    return Batch(torch.tensor([[0, 1, 2, 1], [2, 0, 1, 1]]), torch.full((2, 4), 0.25), ACTIVE)


def start():
    """The contexts (3, 2, 32) of three runs."""
    return {"context": torch.randn(3, 2, 32, generator=torch.Generator().manual_seed(2))}


def zeros():
    return torch.zeros(3)


def optimisers():
    return [SGD(start(), zeros(), zeros()), Adam(start(), zeros(), zeros() + 1e-8)]


def test_a_step_of_plain_descent_is_the_gradient_times_the_rate(method, images, batch):
    params = start()
    step = method.step_on(params, images, batch)
    losses, gradients = training_step(step, method.rule, SGD(params, zeros(), zeros()), RATES)
    moved = params["context"] - start()["context"]
    assert torch.allclose(moved[ACTIVE], -RATES[:, None, None] * gradients["context"], atol=1e-6)
    assert (moved[1] == 0).all() and losses.shape == (2,) and gradients["context"].abs().max() > 0


@pytest.mark.parametrize("optimiser", optimisers(), ids=["sgd", "adam"])
def test_what_the_rule_says_is_what_is_stepped_by(method, images, batch, optimiser):
    def nothing(step):
        losses, gradients = plain.gradients(step)
        return losses, {name: torch.zeros_like(tensor) for name, tensor in gradients.items()}

    training_step(method.step_on(optimiser.params, images, batch), nothing, optimiser, RATES)
    assert torch.equal(optimiser.params["context"], start()["context"]) and optimiser.steps == 1


@pytest.mark.parametrize("optimiser", optimisers(), ids=["sgd", "adam"])
def test_a_loss_that_is_not_finite_moves_nothing_and_names_its_runs(method, images, batch, optimiser):
    spoilt = images.clone()
    spoilt[1] = torch.nan
    step = method.step_on(optimiser.params, spoilt, batch)
    with pytest.raises(FloatingPointError, match=r"runs \[2\] is not finite at step 0: lower the learning rate"):
        training_step(step, method.rule, optimiser, RATES)
    assert torch.equal(optimiser.params["context"], start()["context"]) and optimiser.steps == 0


def test_a_step_leaves_what_the_rule_saw_as_it_was(method, images, batch):
    """What is measured of a step after it was taken is measured where it was taken."""
    params = start()
    step = method.step_on(params, images, batch)
    training_step(step, method.rule, SGD(params, zeros(), zeros()), RATES)
    assert torch.equal(step.params["context"], start()["context"][ACTIVE])
    alone = replace(batch, labels=batch.labels[1:], weights=batch.weights[1:], runs=ACTIVE[1:])
    losses, _ = plain.gradients(method.step_on(start(), images[1:], alone))
    assert torch.allclose(losses, plain.gradients(step)[0][1:], atol=1e-6)


def test_adamw_is_pytorchs(method, images, batch):
    theirs = [torch.nn.Parameter(start()["context"][run].clone()) for run in (0, 2)]
    reference = [
        torch.optim.AdamW([t], lr=float(r), weight_decay=0.3, eps=1e-4) for t, r in zip(theirs, RATES, strict=True)
    ]
    ours = AdamW(start(), zeros() + 0.3, zeros() + 1e-4)
    for _ in range(3):
        _, gradients = training_step(method.step_on(ours.params, images, batch), method.rule, ours, RATES)
        for place, optimiser in enumerate(reference):
            theirs[place].grad = gradients["context"][place].clone()
            optimiser.step()
    for run, expected in zip((0, 2), theirs, strict=True):
        assert (ours.params["context"][run] - expected).abs().max() < 1e-6
    assert torch.equal(ours.params["context"][1], start()["context"][1])


def test_a_learners_penalty_is_part_of_every_objective(method, images, batch):
    output = method.step_on(start(), images, batch).forward()
    pulled = with_penalty(cross_entropy.loss)(replace(output, penalty=torch.tensor([1.0, 2.0])), batch)
    assert torch.allclose(pulled - cross_entropy.loss(output, batch), torch.tensor([1.0, 2.0]), atol=1e-6)
