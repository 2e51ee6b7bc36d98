"""The loop: its schedule, its optimiser, and the independence of runs."""

import math

import pytest
import torch
import torch.nn.functional as F

from reprompt.clip.text import NO_SAVINGS
from reprompt.gradients import plain, prograd
from reprompt.learners.text_context import Learner
from reprompt.objectives import cross_entropy
from reprompt.train import Fleet, Run, Schedule, train

NAMES = ["cat", "a dog of some kind", "tree", "old car"]


def schedule(**changes):
    settings = {"rate": 0.05, "warmup_rate": 1e-5, "epochs": 4, "steps_per_epoch": None, "batch": 4}
    return Schedule(**{**settings, "momentum": 0.9, "weight_decay": 5e-4, **changes})


def run(seed, images=8, **changes):
    stream = torch.Generator().manual_seed(seed)
    return Run(
        torch.randperm(16, generator=stream)[:images],
        torch.arange(images) % len(NAMES),
        {"context": 0.02 * torch.randn(3, 32, generator=stream)},
        schedule(**changes),
        batches=torch.Generator().manual_seed(100 + seed),
        views=torch.Generator().manual_seed(200 + seed),
    )


@pytest.fixture
def features():
    return F.normalize(torch.randn(2, 16, 24, generator=torch.Generator().manual_seed(5)), dim=-1)


def fit(tiny, features, runs, savings=None, rule=plain.gradients, teacher=None):
    learner = Learner(tiny, NAMES, savings) if savings else Learner(tiny, NAMES)
    return train(runs, features, learner.forward, cross_entropy.loss, rule, teacher)["context"], learner


def test_the_schedule_is_the_closed_form_of_the_reference():
    """MaPLe issue 17's log at 5 epochs and 0.0035; protocol check 1."""
    rates = [schedule(rate=0.0035, epochs=5).rate_in(e) for e in range(1, 6)]
    assert rates == pytest.approx([1e-5, 0.0035, 0.003166, 0.002291, 0.001209], rel=1e-3)


def test_an_epoch_drops_its_last_partial_batch_and_has_at_least_one_step():
    assert schedule(batch=32).steps_in_epoch(100) == 3
    assert schedule(batch=32).steps_in_epoch(5) == 1


def test_batches_are_permutations_without_repeats():
    images, _ = run(1, images=8).batch_plan(views=2)
    for first, second in zip(images[::2], images[1::2], strict=True):
        assert len({*first.tolist(), *second.tolist()}) == 8


def test_padding_has_no_weight_and_real_images_sum_to_one():
    fleet = Fleet.of([run(1, images=8), run(2, images=3)], views=2)
    assert torch.allclose(fleet.weights.sum(dim=2)[:4], torch.ones(4, 2))
    assert (fleet.weights[:4, 1, 3:] == 0).all()
    assert (fleet.weights[4:, 1] == 0).all(), "the shorter run has ended"


def test_a_run_alone_equals_the_same_run_in_a_fleet_of_fifteen(tiny, features):
    runs = [run(seed, images=4 + seed % 5) for seed in range(15)]
    together, learner = fit(tiny, features, runs)
    for r in (0, 7, 14):
        alone, _ = fit(tiny, features, [run(r, images=4 + r % 5)])
        images = features[:1]
        logits = [learner.forward({"context": c}, images).logits[0] for c in (together[r : r + 1], alone)]
        assert (logits[0] - logits[1]).abs().max() < 1e-4


def test_fast_and_naive_text_train_to_the_same_prompt(tiny, features):
    fast, _ = fit(tiny, features, [run(1)])
    naive, _ = fit(tiny, features, [run(1)], NO_SAVINGS)
    assert (fast - naive).abs().max() < 1e-5


def test_the_loop_equals_torch_sgd_written_out(tiny, features):
    """The slow, obvious version: one run, torch.optim.SGD, one image batch at a time."""
    one = run(3)
    plan, views = run(3).batch_plan(len(features))
    context = one.start["context"].clone().requires_grad_(True)
    optimiser = torch.optim.SGD([context], lr=1.0, momentum=0.9, weight_decay=5e-4)
    learner = Learner(tiny, NAMES)
    for batch, view, rate in zip(plan, views, one.schedule.rates(8), strict=True):
        optimiser.param_groups[0]["lr"] = rate
        logits = learner.forward({"context": context[None]}, features[view, one.images[batch]][None]).logits[0]
        optimiser.zero_grad()
        F.cross_entropy(logits, one.labels[batch]).backward()
        optimiser.step()
    ours, _ = fit(tiny, features, [run(3)])
    assert (ours[0] - context.detach()).abs().max() < 1e-6


def test_the_same_run_twice_gives_the_same_bits(tiny, features):
    assert torch.equal(fit(tiny, features, [run(1), run(2)])[0], fit(tiny, features, [run(1), run(2)])[0])


def test_strength_zero_is_coop(tiny, features):
    teacher = F.normalize(torch.randn(4, 24, generator=torch.Generator().manual_seed(9)), dim=-1)
    settings = [{"strength": 0.0, "temperature": 1.0}]
    prograd_context, _ = fit(tiny, features, [run(1)], rule=prograd.rule(settings), teacher=teacher)
    coop_context, _ = fit(tiny, features, [run(1)])
    assert (prograd_context - coop_context).abs().max() < 1e-6


def test_each_run_of_a_fleet_has_its_own_strength(tiny, features):
    teacher = F.normalize(torch.randn(4, 24, generator=torch.Generator().manual_seed(9)), dim=-1)
    both = prograd.rule([{"strength": s, "temperature": 1.0} for s in (0.0, 1.0)])
    together, _ = fit(tiny, features, [run(1), run(1)], rule=both, teacher=teacher)
    for r, strength in enumerate((0.0, 1.0)):
        rule = prograd.rule([{"strength": strength, "temperature": 1.0}])
        alone, _ = fit(tiny, features, [run(1)], rule=rule, teacher=teacher)
        assert (together[r] - alone[0]).abs().max() < 1e-5
    assert (together[0] - together[1]).abs().max() > 1e-4


def test_a_loss_that_is_not_finite_stops_with_the_remedy(tiny, features):
    with pytest.raises(FloatingPointError, match="lower the learning rate"):
        fit(tiny, features * math.nan, [run(1)])
