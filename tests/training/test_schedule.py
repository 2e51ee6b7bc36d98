"""The rate of every step."""

import pytest
import torch

from reprompt.cells.tuning import Tuned
from reprompt.training.schedule import Schedule, schedule_of

SETTINGS = {"rate": 0.0035, "warmup_rate": 1e-5, "epochs": 5, "steps_per_epoch": None, "batch": 32}
SETTINGS |= {"momentum": 0.9, "weight_decay": 5e-4}


def schedule(**changes) -> Schedule:
    return Schedule(**SETTINGS | changes)


def test_the_schedule_is_the_closed_form_of_the_reference():
    """MaPLe issue 17's log at 5 epochs and 0.0035; protocol check 1."""
    rates = [schedule().rate_in(epoch) for epoch in range(1, 6)]
    assert rates == pytest.approx([1e-5, 0.0035, 0.003166, 0.002291, 0.001209], rel=1e-3)


def test_an_epoch_drops_its_last_partial_batch_and_has_at_least_one_step():
    assert schedule().steps_in_epoch(100) == 3
    assert schedule().steps_in_epoch(5) == 1


def test_a_kept_last_batch_is_a_step_of_its_own():
    """Ten classes at five shots, a fifth held out, are 40 images: ELEVATER's loader makes two steps of them."""
    kept = schedule(last_batch="kept")
    assert [kept.steps_in_epoch(images) for images in (5, 32, 33, 40, 64)] == [1, 1, 2, 2, 2]
    assert len(kept.rates(40)) == 2 * len(schedule().rates(40))


def test_steps_per_epoch_can_be_set_and_need_no_whole_passes():
    three = schedule(steps_per_epoch=3, epochs=3)
    assert three.rates(8) == [three.rate_in(epoch) for epoch in (1, 1, 1, 2, 2, 2, 3, 3, 3)]


def test_the_schedule_of_a_run_is_part_of_what_it_is_tuned_by():
    assert schedule_of(Tuned(**SETTINGS, context_length=4, initialisation="random")) == schedule()


def test_by_step_it_is_pytorchs_cosine_annealing_and_with_no_cosine_it_stays():
    by_step = schedule(rate=2e-4, cosine="by_step", last_rate=1e-6, epochs=3, steps_per_epoch=4)
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=2e-4)
    annealing = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=12, eta_min=1e-6)
    expected = []
    for _ in range(12):
        expected.append(annealing.get_last_lr()[0])
        optimiser.step()
        annealing.step()
    assert by_step.rates(10) == pytest.approx(expected)
    assert schedule(cosine="none", epochs=2, steps_per_epoch=2).rates(10) == [0.0035] * 4
